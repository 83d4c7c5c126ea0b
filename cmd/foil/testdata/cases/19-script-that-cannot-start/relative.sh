#!bin/gone
echo 1 >out/o
