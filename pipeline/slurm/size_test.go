package slurm_test

import (
	"fmt"
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
	const gib = 1 << 30
	for name, test := range map[string]struct {
		src            string
		past           slurm.Past
		set            spec.Slurm
		most, maxArray int
		want           string // workers x cores, memory in MiB, GPUs, time
	}{
		"nothing known":      {plain, nil, spec.Slurm{}, 0, 1001, "16x2 0M 0 0s"},
		"few workers":        {plain, nil, spec.Slurm{}, 3, 1001, "3x2 0M 0 0s"},
		"small arrays":       {plain, nil, spec.Slurm{}, 20, 10, "10x2 0M 0 0s"},
		"no arrays":          {plain, nil, spec.Slurm{}, 20, 0, "1x2 0M 0 0s"},
		"the site's time":    {plain, nil, spec.Slurm{Time: time.Hour}, 2, 10, "2x2 0M 0 1h0m0s"},
		"past cells":         {plain, past{"a": {time.Hour, gib}, "b": {time.Minute, 2 * gib}}, spec.Slurm{}, 4, 1001, "4x2 5836M 0 4h3m0s"},
		"half of it":         {plain, past{"a": {time.Hour, gib}}, spec.Slurm{}, 4, 1001, "4x2 0M 0 0s"},
		"short cells":        {plain, past{"a": {time.Second, gib}, "b": {time.Second, gib}}, spec.Slurm{}, 4, 1001, "4x2 3174M 0 31m0s"},
		"GPUs":               {mixed, nil, spec.Slurm{}, 8, 1001, "4x1 4608M 1 0s, 4x4 1536M 0 0s"},
		"one worker for all": {mixed, nil, spec.Slurm{}, 1, 1001, "1x4 16896M 1 0s"},
		"two workers":        {mixed, nil, spec.Slurm{}, 2, 1001, "1x1 4608M 1 0s, 1x4 1536M 0 0s"},
	} {
		t.Run(name, func(t *testing.T) {
			p := pipelinetest.New(t).Plan(test.src)
			got := ""
			workers := 0
			for _, a := range slurm.Size(p, test.past, test.set, test.most, test.maxArray) {
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
	if got := slurm.Size(b.Plan(pipelinetest.One), nil, spec.Slurm{}, 0, 10); len(got) > 0 {
		t.Errorf("%+v", got)
	}
}
