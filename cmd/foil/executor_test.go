package main

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"foil/pipeline/slurm"
)

// A worker starts on another machine, and has the same experiment, cache, data and keys.
func TestCommandOfAWorker(t *testing.T) {
	t.Setenv("FOIL_CACHE", "")
	abs := func(name string) string {
		path, err := filepath.Abs(name)
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, test := range []struct {
		name   string
		env    string // FOIL_DATA
		flags  runFlags
		a      slurm.Array
		want   []string
		absent string
	}{
		{"from the environment", "sets", runFlags{threads: 1}, slurm.Array{Cores: 2},
			[]string{"--cache=" + abs(".foil"), "--data=" + abs("sets"), "--cores=2", "--group=g", "--requeue", "--set=vars.a=1", "--only=m[i=2]", "--checkpoint-every=1s"}, "--offline"},
		{"from flags", "sets", runFlags{cacheFlags: cacheFlags{cache: "c", data: "d", backend: "go"}, offline: true}, slurm.Array{Cores: 1, Memory: 5, GPUs: 2},
			[]string{"--cache=" + abs("c"), "--data=" + abs("d"), "--backend=go", "--offline", "--memory=5B", "--gpus=2"}, "--data=" + abs("sets")},
		{"no data", "", runFlags{}, slurm.Array{Cores: 1}, []string{"--cores=1", "--idle=10m0s"}, "--memory=0B"},
		{"no time", "", runFlags{}, slurm.Array{Cores: 1}, nil, "--until=0s"},
		{"time", "", runFlags{}, slurm.Array{Cores: 1, Time: time.Hour}, []string{"--until=1h0m0s"}, ""},
	} {
		t.Setenv("FOIL_DATA", test.env)
		e := experimentFlags{sets: []string{"vars.a=1"}, only: []string{"m[i=2]"}}
		command, err := workerCommand("-x.yaml", &e, &test.flags, &stopFlags{checkpoint: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		got := command(&test.a, "g")
		for _, want := range test.want {
			if !slices.Contains(got, want) {
				t.Errorf("%s: %s is missing in %q", test.name, want, got)
			}
		}
		if slices.Contains(got, test.absent) || !slices.Equal(got[len(got)-2:], []string{"--", "-x.yaml"}) || got[1] != "work" {
			t.Errorf("%s: %q", test.name, got)
		}
	}
}

func TestElementsOfArraysAreNamed(t *testing.T) {
	for _, test := range []struct {
		env        map[string]string
		job, array string
	}{
		{nil, "", ""},
		{map[string]string{"SLURM_JOB_ID": "7"}, "7", ""},
		{map[string]string{"SLURM_JOB_ID": "8", "SLURM_ARRAY_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": "0"}, "7_0", "7"},
		{map[string]string{"SLURM_JOB_ID": "7", "SLURM_ARRAY_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": "1"}, "7_1", "7"},
	} {
		if job, array := slurmJob(func(name string) string { return test.env[name] }); job != test.job || array != test.array {
			t.Errorf("%v: %q, %q", test.env, job, array)
		}
	}
}
