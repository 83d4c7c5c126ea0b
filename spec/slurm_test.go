package spec

import (
	"errors"
	"reflect"
	"testing"
	"time"
)

func TestSlurmOfASpecGoesBeforeThatOfTheSite(t *testing.T) {
	site, err := ParseSite("site.yaml", []byte("slurm: {partition: all, account: lab, time: 8h, extra: [--exclude=n1]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Parse("x.yaml", []byte(`name: x
vars: {where: gpu}
slurm: {partition: "${vars.where}", qos: long, constraint: "a100&ib", time: null, extra: ["--exclude=n2", --nodelist=n3]}
stages: {a: {uses: k}}
`), Options{Sets: []string{"slurm.qos=short"}})
	if err != nil {
		t.Fatal(err)
	}
	want := Slurm{Partition: "gpu", Account: "lab", QOS: "short", Constraint: "a100&ib", Time: 8 * time.Hour, Extra: []string{"--exclude=n1", "--exclude=n2", "--nodelist=n3"}}
	if got := s.Slurm.Over(site); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := s.Slurm.Over(site).ForGPUs(); !reflect.DeepEqual(got, want) {
		t.Errorf("without settings for GPUs: %+v", got)
	}
	for _, empty := range []string{"slurm:\n", "\ufeffslurm: {}\n"} {
		if got, err := ParseSite("site.yaml", []byte(empty)); err != nil || !reflect.DeepEqual(got, Slurm{}) {
			t.Errorf("%q: %+v, %v", empty, got, err)
		}
	}
}

func TestSettingsOfWorkersWithGPUs(t *testing.T) {
	site, err := ParseSite("site.yaml", []byte("slurm: {partition: batch, account: lab, extra: [--x=1], gpu: {partition: gpu, constraint: a100, extra: [--y=1]}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Parse("x.yaml", []byte("name: x\nvars: {kind: h100}\nslurm: {qos: long, gpu: {constraint: \"${vars.kind}\", extra: [--y=2]}}\nstages: {a: {uses: k}}\n"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	set := s.Slurm.Over(site)
	want := Slurm{Partition: "gpu", Account: "lab", QOS: "long", Constraint: "h100", Extra: []string{"--x=1", "--y=1", "--y=2"}}
	if got := set.ForGPUs(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if set.Partition != "batch" || set.Constraint != "" || !reflect.DeepEqual(set.Extra, []string{"--x=1"}) {
		t.Errorf("the others: %+v", set)
	}
	if got := (Slurm{}).Over(site).ForGPUs(); got.Constraint != "a100" {
		t.Errorf("of the site: %+v", got)
	}
}

func TestBadSlurmIsReported(t *testing.T) {
	for text, want := range map[string]string{
		"slurm: {partiton: x}":             `s:1:9: slurm has no field "partiton"; did you mean "partition"?`,
		"slurm: [x]":                       "s:1:8: slurm must be a map, not the list [x]",
		"slurm: {account: 7}":              "s:1:18: account must be text, not the number 7; put it in quotes",
		"slurm: {qos: ''}":                 `s:1:14: qos must be a text on one line, without spaces around it, not the text ""`,
		"slurm: {time: 90}":                "s:1:15: time must be a time with units, such as 90m, 30s or 1h30m, not the number 90",
		"slurm: {extra: --exclusive}":      `s:1:16: extra must be a list of options of sbatch, such as [--exclude=node7], not the text "--exclusive"`,
		"slurm: {extra: [exclusive]}":      `s:1:17: "exclusive" is not an option of sbatch; write --NAME or --NAME=VALUE`,
		"slurm: {extra: [--array=1-3]}":    "s:1:17: foil sets the option --array itself; --jobs sets the number of workers",
		"slurm: {extra: [--partition=x]}":  "s:1:17: foil sets the option --partition itself; write partition beside extra",
		"slurm: {extra: [--x, '-J=name']}": `s:1:22: "-J=name" is not an option of sbatch; write --NAME or --NAME=VALUE`,
		"slurm: {extra: [-x]}":             `s:1:17: "-x" is not an option of sbatch; write --NAME or --NAME=VALUE`,
		"slurm: {extra: [--job-na=x]}":     "s:1:17: foil sets the option --job-na itself",
		"slurm: {extra: [--arr=1-9000]}":   "s:1:17: foil sets the option --arr itself",
		"slurm: {extra: [--clusters=b]}":   "s:1:17: foil sets the option --clusters itself; the variable SLURM_CLUSTERS names the cluster for all commands of Slurm",
		"slurm: {gpu: {time: 1h}}":         `s:1:15: gpu has no field "time"; there are partition, constraint and extra`,
		"slurm: {gpu: [x]}":                "s:1:14: gpu must be a map, not the list [x]",
		"site: x":                          `s:1:1: the file of a site has no field "site"; there is only slurm`,
		"- x":                              "s:1:1: the file of a site is a map with slurm, not the list [x]",
	} {
		_, err := ParseSite("s", []byte(text))
		var all Errors
		if !errors.As(err, &all) || len(all) != 1 || all[0].Error() != want {
			t.Errorf("%s:\n%v, want\n%s", text, err, want)
		}
	}
}

func FuzzSite(f *testing.F) {
	f.Add("slurm: {partition: gpu, extra: [--a=b], time: 1h}")
	f.Add("slurm: [")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSite("site.yaml", []byte(text))
		if err == nil {
			for _, o := range s.Extra {
				if !optionPattern.MatchString(o) {
					t.Errorf("option %q", o)
				}
			}
		}
	})
}
