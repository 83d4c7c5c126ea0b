package main

import (
	"strings"
	"testing"
)

// rounds are costs of so many seconds.
func rounds(seconds ...float64) []Cost {
	costs := make([]Cost, len(seconds))
	for i, s := range seconds {
		costs[i] = Cost{Seconds: s, CPU: s / 2, Memory: int64(40+i) << 20}
	}
	return costs
}

func TestTablesAreMarkdown(t *testing.T) {
	unknown := []Cost{{Seconds: 2.25, CPU: 2}}
	var b strings.Builder
	err := writeComparison(&b, "foil 1, DVC 3; linux/amd64, 2 cores", 100, []Measured{
		{Contender{Tool{Name: "foil"}, 2}, rounds(3, 2.4, 2.5), rounds(0.1, 0.12, 0.11)},
		{Contender{Tool{Name: "DVC"}, 1}, []Cost{{Seconds: 63, CPU: 60}}, unknown},
	})
	if err != nil {
		t.Fatal(err)
	}
	err = writeScaling(&b, []Scaled{{Cells: 1002, First: Cost{Seconds: 10.02}, NoOp: rounds(0.2, 0.3), Plan: rounds(0.1)}})
	if err != nil {
		t.Fatal(err)
	}
	const want = `foil 1, DVC 3; linux/amd64, 2 cores
300 stages (100 chains of 3), medians of 3 rounds

| tool | at once | first run s | per stage ms | CPU s | no-op s | CPU s |  peak MiB |
| ---: | ------: | ----------: | -----------: | ----: | ------: | ----: | --------: |
| foil |       2 |        2.50 |          8.3 |  1.25 |    0.11 |  0.06 |        42 |
|  DVC |       1 |       63.00 |        210.0 | 60.00 |    2.25 |  2.00 | not known |

| foil's cells | first run s | per cell ms | no-op s | peak MiB | plan s | peak MiB |
| -----------: | ----------: | ----------: | ------: | -------: | -----: | -------: |
|         1002 |       10.02 |        10.0 |    0.25 |       41 |   0.10 |       40 |
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestTablesWarnOfABusyMachine(t *testing.T) {
	calm := rounds(1, 1)
	for _, test := range []struct {
		rounds []Cost
		warned bool
	}{{rounds(5, 6), false}, {rounds(5, 9), true}} {
		for what, write := range map[string]func(*strings.Builder) error{
			"first runs": func(b *strings.Builder) error {
				return writeComparison(b, "", 1, []Measured{{First: test.rounds, NoOp: calm}})
			},
			"no-ops": func(b *strings.Builder) error {
				return writeComparison(b, "", 1, []Measured{{First: calm, NoOp: test.rounds}})
			},
			"foil's no-ops": func(b *strings.Builder) error {
				return writeScaling(b, []Scaled{{Cells: 3, NoOp: test.rounds, Plan: calm}})
			},
			"foil's plans": func(b *strings.Builder) error {
				return writeScaling(b, []Scaled{{Cells: 3, NoOp: calm, Plan: test.rounds}})
			},
		} {
			var b strings.Builder
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(b.String(), "machine was busy") != test.warned {
				t.Errorf("%s %+v; want a warning: %t\n%s", what, test.rounds, test.warned, b.String())
			}
		}
	}
}
