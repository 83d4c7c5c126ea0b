package spec

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestResourcesAreRead(t *testing.T) {
	s, err := Parse("x.yaml", []byte(`name: x
vars: {most: 3GB}
stages:
  a: {uses: k, cores: 4, memory: "${vars.most}", gpus: 1, timeout: 1h30m, retries: 2}
  b: {uses: k, cores: null}
`), Options{})
	if err != nil {
		t.Fatal(err)
	}
	a := s.Stages[0].Resources
	if a.Cores.Value != 4 || a.Memory.Value != 3e9 || a.GPUs.Value != 1 || a.Timeout != 90*time.Minute || a.Retries != 2 {
		t.Errorf("%+v", a)
	}
	if a.Cores.Pos.String() != "x.yaml:4:23" {
		t.Errorf("cores at %s", a.Cores.Pos)
	}
	if b := s.Stages[1].Resources; b != (Resources{}) {
		t.Errorf("%+v", b)
	}
}

func TestResourcesCanBeSet(t *testing.T) {
	s, err := Parse("x.yaml", []byte("name: x\nstages: {a: {uses: k}}\n"), Options{Sets: []string{"stages.a.timeout=30s"}})
	if err != nil || s.Stages[0].Resources.Timeout != 30*time.Second {
		t.Errorf("%v, %+v", err, s)
	}
}

func TestBadResourcesSayWhatIsNeeded(t *testing.T) {
	for field, want := range map[string]string{
		"cores: 0":               "cores must be a number from 1 to",
		"cores: two":             `cores must be a whole number, not the text "two"`,
		"cores: 9999999999":      "cores must be a number from 1 to",
		"gpus: -1":               "gpus must be a number from 0 to",
		"retries: 1.5":           "retries must be a whole number",
		"memory: 2":              "memory cannot be the number 2: the unit is missing; write a number with a unit, such as 500MB",
		"memory: 2g":             `memory cannot be the text "2g": the unit g lacks its B`,
		"memory: 0GB":            `memory cannot be the text "0GB": it must be at least one byte`,
		"memory: [1GB]":          "memory cannot be the list [1GB]: write a number with a unit",
		"memory: 99999999999TB":  "no machine has so many bytes",
		"timeout: 90":            "such as 90m",
		"timeout: 0s":            "such as 90m",
		"timeout: -1h":           "such as 90m",
		"timeout: [1h]":          "such as 90m",
		`cores: "${matrix.i}"`:   "an axis is allowed only in with",
		"core: 1":                `no field "core"; did you mean "cores"?`,
		`memory: "${vars.gone}"`: "gone",
	} {
		_, err := Parse("x.yaml", []byte("name: x\nstages:\n  a: {uses: k, "+field+"}\n"), Options{})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "x.yaml:3:") {
			t.Errorf("%s: got %v, want %q", field, err, want)
		}
	}
}

var goodSizes = regexp.MustCompile(goodSize)

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"2GB": 2e9, "1.5 GiB": 3 << 29, "10kB": 1e4, "1TiB": 1 << 40, "1KB": 1000, "1kB": 1000, "1kb": 1000, "3kib": 3072,
		"2 gb": 2e9, "0.5MB": 5e5, "12B": 12, "1.9B": 1,
	} {
		if got, err := ParseSize(text); err != nil || got != want || !goodSizes.MatchString(text) {
			t.Errorf("%s: %d, %v; want %d, and that the schema allows it", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"":          "write a number with a unit, such as 500MB or 1.5GiB",
		"2":         "the unit is missing; write a number",
		"16G":       "the unit G lacks its B; write a number",
		"16Gi":      "the unit Gi lacks its B; write a number",
		"2GBs":      "there is no unit GBs; write a number",
		"4 Mbit":    "there is no unit Mbit; write a number",
		"GB":        "write a number with a unit",
		"-1GB":      "write a number with a unit",
		"1e3MB":     "write a number with a unit",
		" 2GB":      "write a number with a unit",
		"1,5GB":     "write a number with a unit",
		"0MB":       "it must be at least one byte",
		"0.9B":      "it must be at least one byte",
		"9e9":       "write a number with a unit",
		"9999999TB": "no machine has so many bytes",
	} {
		if got, err := ParseSize(text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %d, %v; want %s", text, got, err, want)
		}
	}
}

func TestFormatSize(t *testing.T) {
	for bytes, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1 kB", 27_640_000: "27.6 MB", 999_600_000: "1 GB", 5e15: "5000.0 TB"} {
		if got := FormatSize(bytes); got != want {
			t.Errorf("%d: %s, want %s", bytes, got, want)
		}
	}
}
