set -e
case $1 in
record) set -- .foil/actions/*/*.json; rm "$1"; mkdir "$1" ;;
folder) set -- .foil/actions/*; rm -r "$1"; echo >"$1" ;;
object) set -- .foil/objects/*/*; rm -f "$1"; mkdir "$1" ;;
esac
