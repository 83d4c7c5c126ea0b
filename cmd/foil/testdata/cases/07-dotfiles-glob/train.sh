echo 1 >out/o
