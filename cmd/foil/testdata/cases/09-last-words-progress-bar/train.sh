exec >&2
echo 'RuntimeError: CUDA out of memory (batch 512)'
i=0
while [ $i -lt 200 ]; do
  printf '\r\033[2K\033[31mclosing workers %3d/200 \033]0;train\007' $i
  i=$((i + 1))
done
exit 1
