//go:build !linux

package main

func peakMain() { panic("the memory of processes is measured on Linux") }
