package run_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"foil/pipeline"
	"foil/pipeline/pipelinetest"
	"foil/spec"
)

func TestAskingForMoreThanThereIsFailsBeforeAnythingRuns(t *testing.T) {
	b := pipelinetest.New(t)
	b.Limits = pipeline.Limits{Cores: 2, Memory: 4e9}
	const src = `name: x
stages:
  a: {uses: test/text}
  b: {uses: test/text, needs: {a: a}, matrix: {i: [1, 2]}, cores: 8}
  c: {uses: test/text, needs: {a: a}, memory: 5GB, gpus: 1}
  d: {uses: test/text, needs: {a: a}, cores: 2, memory: 4GB}
`
	r, err := b.Run(src)
	var errs spec.Errors
	if r != nil || !errors.As(err, &errs) || len(b.Took()) > 0 {
		t.Fatalf("%v, %v", r, err)
	}
	want := []string{
		`test.yaml:4:67: a cell of stage "b" needs 8 cores, but this run may use only 2; lower cores in the spec or change --cores`,
		`test.yaml:5:47: a cell of stage "c" needs 5 GB of memory, but this run may use only 4 GB; lower memory in the spec or change --memory`,
		`test.yaml:5:58: a cell of stage "c" needs 1 GPU, but this run may use only 0; lower gpus in the spec or change --gpus`,
	}
	var got []string
	for _, e := range errs {
		got = append(got, e.Error())
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestHitsAskForNothing(t *testing.T) {
	b := pipelinetest.New(t)
	const src = "name: x\nstages:\n  a: {uses: test/text, cores: 8}\n"
	b.WantRan(src, "a")
	b.Limits.Cores = 1
	b.WantRan(src)
}

func TestResourcesAreNotInTheKey(t *testing.T) {
	b := pipelinetest.New(t)
	b.WantRan("name: x\nstages:\n  a: {uses: test/text}\n", "a")
	b.Limits.GPUs = 1
	b.WantRan("name: x\nstages:\n  a: {uses: test/text, cores: 2, memory: 1GB, gpus: 1, timeout: 1h, retries: 3}\n")
}

// A meter measures the resources of parallel cells.
type meter struct {
	mu       sync.Mutex
	now, top pipeline.Limits
	gpus     map[int]string
	problems []string
}

func (m *meter) begin(c *pipeline.Cell, memory int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Plus(pipeline.Limits{Cores: c.Cores, Memory: memory, GPUs: len(c.GPUs)})
	m.top = pipeline.Limits{
		Cores: max(m.top.Cores, m.now.Cores), Memory: max(m.top.Memory, m.now.Memory), GPUs: max(m.top.GPUs, m.now.GPUs),
	}
	for _, g := range c.GPUs {
		if other := m.gpus[g]; other != "" {
			m.problems = append(m.problems, fmt.Sprintf("%s and %s have GPU %d", other, c.ID, g))
		}
		m.gpus[g] = c.ID
	}
}

func (m *meter) end(c *pipeline.Cell, memory int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Minus(pipeline.Limits{Cores: c.Cores, Memory: memory, GPUs: len(c.GPUs)})
	for _, g := range c.GPUs {
		m.gpus[g] = ""
	}
}

// For any spec, parallel cells never use more than the limits, and all cells run.
func TestNeverMoreAtOnceThanTheLimits(t *testing.T) {
	for seed := range 4 {
		b := pipelinetest.New(t)
		r := rand.New(rand.NewPCG(uint64(seed), 1))
		b.Running.Workers = 0
		b.Limits = pipeline.Limits{Cores: 1 + r.IntN(4), Memory: 4e9, GPUs: 1 + r.IntN(3)}
		src := "name: x\nstages:\n"
		memory := map[string]int64{}
		for i := range 6 {
			name := fmt.Sprint("s", i)
			gb := r.IntN(5)
			memory[name] = int64(gb) * 1e9
			src += fmt.Sprintf("  %s: {uses: test/text, matrix: {i: [0, 1]}, with: {n: %d, value: \"${matrix.i}\"}, cores: %d, gpus: %d",
				name, i, 1+r.IntN(b.Limits.Cores), r.IntN(b.Limits.GPUs+1))
			if gb > 0 {
				src += fmt.Sprintf(", memory: %dGB", gb)
			}
			src += "}\n"
		}
		m := &meter{gpus: map[int]string{}}
		var mu sync.Mutex
		delays := rand.New(rand.NewPCG(uint64(seed), 2))
		b.During = func(_ context.Context, c *pipeline.Cell) error {
			mu.Lock()
			d := time.Duration(delays.IntN(300)) * time.Microsecond
			mu.Unlock()
			stage, _, _ := strings.Cut(c.ID, "[")
			m.begin(c, memory[stage])
			defer m.end(c, memory[stage])
			time.Sleep(d)
			return nil
		}
		if _, r := b.MustRun(src); r.Made != 12 {
			t.Errorf("seed %d: %+v", seed, r)
		}
		if !b.Limits.Holds(m.top) || len(m.problems) > 0 {
			t.Errorf("seed %d: %+v of %+v, %s", seed, m.top, b.Limits, m.problems)
		}
	}
}
