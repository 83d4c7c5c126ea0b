exec >&2
echo 'ValueError: loss is nan'
printf ' 98%%\b\b\b\b 99%%\b\b\b\b100%%'
exit 2
