package main

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestFlagsAreRead(t *testing.T) {
	o, err := parse([]string{"-python", "py", "-foil", "/bin/foil", "-chains", "5", "-jobs", "2, 4", "-rounds", "1", "-scale", "30"})
	if err != nil {
		t.Fatal(err)
	}
	want := options{python: "py", foil: "/bin/foil", chains: 5, jobs: []int{2, 4}, rounds: 1, scale: []int{30}}
	if !reflect.DeepEqual(o, want) {
		t.Errorf("got %+v, want %+v", o, want)
	}
}

func TestScaleCanBeLeftOut(t *testing.T) {
	o, err := parse([]string{"-scale", ""})
	if err != nil || len(o.scale) > 0 {
		t.Errorf("got %v, %v", o.scale, err)
	}
}

// The tools run in folders of their own, where a relative path names nothing.
func TestProgramsAreFoundFromAnyFolder(t *testing.T) {
	o, err := parse([]string{"-foil", "./foil", "-python", ".peer/bin/python"})
	if err != nil || !filepath.IsAbs(o.foil) || !filepath.IsAbs(o.python) {
		t.Errorf("got %q and %q, %v", o.foil, o.python, err)
	}
	o, err = parse(nil)
	if err != nil || o.foil != "foil" || o.python != "python3" {
		t.Errorf("got %q and %q, %v; want what is on the PATH", o.foil, o.python, err)
	}
}

func TestWrongFlagsAreNamed(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"-chains 0", "at least one of each"},
		{"-rounds 0", "at least one of each"},
		{"-jobs 1,0", `"0" is not a positive whole number`},
		{"-scale many", `"many" is not a positive whole number`},
		{"now", `unexpected argument "now"`},
	} {
		if _, err := parse(strings.Fields(test.args)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v; want one with %q", test.args, err, test.want)
		}
	}
}
