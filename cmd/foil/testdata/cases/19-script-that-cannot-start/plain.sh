#!/bin/sh
echo 1 >out/o
