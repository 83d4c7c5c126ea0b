//go:build !linux

package main

import "github.com/rogpeppe/go-internal/testscript"

func hasSlurm() bool { return false }

func slurmCommand(ts *testscript.TestScript, _ bool, _ []string) { ts.Fatalf("there is no Slurm here") }
