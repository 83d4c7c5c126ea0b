package main

import (
	"maps"
	"strings"
	"testing"
	"time"
)

// made is what a tool has after a first run of one chain.
func made() map[string]Output {
	outputs := map[string]Output{}
	for name, content := range expected(1) {
		outputs[name] = Output{content, time.Unix(1, 0)}
	}
	return outputs
}

func TestFirstRunHasToMakeAllFilesAndNoOthers(t *testing.T) {
	for _, test := range []struct {
		what   string
		change func(map[string]Output)
		want   string
	}{
		{"all", func(map[string]Output) {}, ""},
		{"one is missing", func(m map[string]Output) { delete(m, "make-0.txt") }, "make-0.txt was not made"},
		{"one differs", func(m map[string]Output) { m["combine-0.txt"] = Output{Content: "CHAIN 0\n"} }, `combine-0.txt holds "CHAIN 0\n"; it should be "chain 0\nCHAIN 0\n"`},
		{"one too many", func(m map[string]Output) { m["make-1.txt"] = m["make-0.txt"] }, "make-1.txt was made, but it is not the file of a stage"},
	} {
		outputs := made()
		test.change(outputs)
		if err := checkFirstRun(1, outputs); !says(err, test.want) {
			t.Errorf("%s: error %v; want %q", test.what, err, test.want)
		}
	}
}

func TestNoOpMakesNothingAgain(t *testing.T) {
	before := made()
	if err := checkNoOp(before, maps.Clone(before)); err != nil {
		t.Error(err)
	}
	again := maps.Clone(before)
	again["transform-0.txt"] = Output{before["transform-0.txt"].Content, time.Unix(2, 0)}
	if err := checkNoOp(before, again); !says(err, "transform-0.txt was made again") {
		t.Errorf("error %v", err)
	}
	delete(again, "make-0.txt")
	if err := checkNoOp(before, again); !says(err, "3 files became 2") {
		t.Errorf("error %v", err)
	}
}

// says reports whether an error is the one that is wanted; none is wanted if it is empty.
func says(err error, want string) bool {
	if want == "" {
		return err == nil
	}
	return err != nil && strings.Contains(err.Error(), want)
}
