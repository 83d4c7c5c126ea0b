mkdir out/model
for i in 0 1 2; do echo $i >out/model/shard-0000$i-of-00003.bin; done
