. ./util.sh
echo $x >out/table.txt
