echo 2 >out/o
