package slurm_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"foil/pipeline/pipelinetest"
	"foil/pipeline/plan"
	"foil/pipeline/slurm"
	"foil/spec"
)

// past is what is known of a stage.
type past map[string]known

type known struct {
	wall   time.Duration
	memory int64
}

func (p past) Cost(c *plan.Cell) plan.Cost {
	k, ok := p[c.Node.Stage.Name]
	return plan.Cost{Known: ok, Wall: k.wall}
}

func (p past) Memory(c *plan.Cell) int64 { return p[c.Node.Stage.Name].memory }

func TestSize(t *testing.T) {
	const plain = `name: x
stages:
  a: {uses: test/text, matrix: {i: [1, 2, 3, 4, 5, 6, 7, 8]}, with: {n: "${matrix.i}"}, cores: 2}
  b: {uses: test/text, needs: {a: a}}
`
	const mixed = `name: x
stages:
  a: {uses: test/text, matrix: {i: [1, 2, 3, 4, 5, 6]}, with: {n: "${matrix.i}"}, gpus: 1, memory: 4GiB}
  b: {uses: test/text, needs: {a: a}, cores: 4, memory: 1GiB}
`
	const wide = `name: x
stages:
  a: {uses: test/text, matrix: {i: [1, 2, 3, 4]}, with: {n: "${matrix.i}"}, memory: 1GiB}
  b: {uses: test/text, needs: {a: a}, cores: 16, memory: 64GiB}
`
	const gib = 1 << 30
	for name, test := range map[string]struct {
		src            string
		past           slurm.Past
		set            spec.Slurm
		most, maxArray int
		maxTime        time.Duration
		want           string // workers x cores, memory in MiB, GPUs, time
	}{
		"nothing known":      {plain, nil, spec.Slurm{}, 0, 1001, 0, "12x2 0M 0 0s"},
		"few workers":        {plain, nil, spec.Slurm{}, 3, 1001, 0, "3x2 0M 0 0s"},
		"small arrays":       {plain, nil, spec.Slurm{}, 20, 10, 0, "10x2 0M 0 0s"},
		"no arrays":          {plain, nil, spec.Slurm{}, 20, 0, 0, "1x2 0M 0 0s"},
		"the site's time":    {plain, nil, spec.Slurm{Time: time.Hour}, 2, 10, time.Minute, "2x2 0M 0 1h0m0s"},
		"past cells":         {plain, past{"a": {time.Hour, gib}, "b": {time.Minute, 2 * gib}}, spec.Slurm{}, 4, 1001, 0, "4x2 5836M 0 6h3m0s"},
		"half of it":         {plain, past{"a": {time.Hour, gib}}, spec.Slurm{}, 4, 1001, 0, "4x2 0M 0 0s"},
		"short cells":        {plain, past{"a": {time.Second, gib}, "b": {time.Second, gib}}, spec.Slurm{}, 4, 1001, 0, "4x2 3174M 0 31m0s"},
		"one worker, days":   {plain, past{"a": {5 * time.Hour, gib}, "b": {time.Minute, gib}}, spec.Slurm{}, 1, 1001, 0, "1x2 3174M 0 12h1m0s"},
		"a longer cell":      {plain, past{"a": {9 * time.Hour, gib}, "b": {time.Minute, gib}}, spec.Slurm{}, 1, 1001, 0, "1x2 3174M 0 18h1m0s"},
		"short partition":    {plain, past{"a": {5 * time.Hour, gib}, "b": {time.Minute, gib}}, spec.Slurm{}, 1, 1001, 4 * time.Hour, "1x2 3174M 0 4h0m0s"},
		"a wide cell":        {wide, nil, spec.Slurm{}, 0, 1001, 0, "5x16 66048M 0 0s"},
		"GPUs":               {mixed, nil, spec.Slurm{}, 8, 1001, 0, "4x4 4608M 1 0s, 4x4 1536M 0 0s"},
		"one worker for all": {mixed, nil, spec.Slurm{}, 1, 1001, 0, "1x4 4608M 1 0s"},
		"two workers":        {mixed, nil, spec.Slurm{}, 2, 1001, 0, "1x4 4608M 1 0s, 1x4 1536M 0 0s"},
	} {
		t.Run(name, func(t *testing.T) {
			p := pipelinetest.New(t).Plan(test.src)
			got := ""
			workers := 0
			for _, a := range slurm.Size(p, test.past, test.set, test.most, test.maxArray, func(spec.Slurm) time.Duration { return test.maxTime }) {
				if got != "" {
					got += ", "
				}
				got += fmt.Sprintf("%dx%d %dM %d %s", a.Workers, a.Cores, a.Memory>>20, a.GPUs, a.Time)
				workers += a.Workers
			}
			if got != test.want || test.most > 0 && workers > test.most {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestNothingToRunNeedsNoWorkers(t *testing.T) {
	b := pipelinetest.New(t)
	b.WantRan(pipelinetest.One, "a")
	if got := slurm.Size(b.Plan(pipelinetest.One), nil, spec.Slurm{}, 0, 10, func(spec.Slurm) time.Duration { return 0 }); len(got) > 0 {
		t.Errorf("%+v", got)
	}
}

// Each partition has a time limit of its own.
func TestSettingsOfEachArray(t *testing.T) {
	const src = `name: x
stages:
  a: {uses: test/text, gpus: 1}
  b: {uses: test/text, with: {n: 1}}
`
	known := past{"a": {time.Hour, 1}, "b": {time.Hour, 1}}
	set := spec.Slurm{Partition: "cpu", Account: "lab", GPU: &spec.Slurm{Partition: "gpu"}}
	limit := func(s spec.Slurm) time.Duration {
		return map[string]time.Duration{"cpu": 20 * time.Minute, "gpu": 10 * time.Minute}[s.Partition]
	}
	var got []string
	for _, a := range slurm.Size(pipelinetest.New(t).Plan(src), known, set, 4, 10, limit) {
		got = append(got, fmt.Sprint(a.GPUs, " ", a.Slurm.Partition, " ", a.Slurm.Account, " ", a.Time, " ", a.Slurm.GPU != nil))
	}
	if want := []string{"1 gpu lab 10m0s false", "0 cpu lab 20m0s false"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
