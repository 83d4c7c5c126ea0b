trap : TERM INT
echo $$ >>"$STARTED"
i=0
while [ $i -lt 600 ]; do
  sleep 0.1
  i=$((i + 1))
done
