package main

import (
	"regexp"
	"strings"
	"testing"
)

// TestAllMethodsAreTimed runs a tiny classifier on the embedded backend, which is then compared with
// itself.
func TestAllMethodsAreTimed(t *testing.T) {
	o := options{backend: "go", depth: 10, widen: 1, batch: 2, check: 2, steps: 1, methods: []string{"plain", "pgd", "l2l-grad"}}
	var out strings.Builder
	if err := o.measure(&out); err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile(`(?m)^\| (\S+) \| go \| [\d.]+ \| [\d.]+ \| ([\d.]+) \| ([\d.]+) \| 0 \|$`).FindAllStringSubmatch(out.String(), -1)
	if len(rows) != 3 {
		t.Fatalf("%d rows, want 3:\n%s", len(rows), out.String())
	}
	for _, r := range rows {
		if r[2] != r[3] || r[2] == "0.00000" {
			t.Errorf("%s: losses %s and %s", r[1], r[2], r[3])
		}
	}
}
