package main

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"foil/internal/store/disk"
	"foil/pipeline"
	"foil/pipeline/pipelinetest"
	"foil/pipeline/plan"
	"foil/pipeline/run"
)

// small is a model in which nothing but cells takes time.
func small(workers, first, cells int) *Model {
	return &Model{
		Name: "small", Block: 1, First: first, Cells: cells, Cell: time.Minute, Workers: workers, PerNode: 1,
		Apart: 1700 * time.Microsecond, Expiry: disk.DefaultExpiry,
	}
}

type alike time.Duration

func (a alike) Cost(*plan.Cell) plan.Cost { return plan.Cost{Known: true, Wall: time.Duration(a)} }

// really runs a model with workers of package run on a cache in a folder, in the time of synctest.
func really(t *testing.T, m *Model) (done []making, hits int) {
	each := (m.Cells - m.First) / m.First
	b := pipelinetest.New(t)
	src := fmt.Sprintf(`name: x
stages:
  first: {uses: test/text, matrix: {i: %s}, with: {n: "${matrix.i}"}}
  rest:  {uses: test/text, needs: {a: first}, matrix: {k: %s}, with: {n: "${matrix.k}", text: rest}}
`, list(m.First), list(each))
	number := map[string]int{}
	var mu sync.Mutex
	b.During = func(ctx context.Context, c *pipeline.Cell) error {
		mu.Lock()
		n := number[c.ID]
		mu.Unlock()
		time.Sleep(m.duration(n))
		return nil
	}
	begin := time.Now()
	var all sync.WaitGroup
	for id := range m.Workers {
		p := b.Plan(src)
		mu.Lock()
		for i, c := range p.Cells {
			number[c.Node.ID] = i
		}
		mu.Unlock()
		o := b.Options()
		o.Workers = 1
		o.Worker = &run.Worker{Name: workerName(id), Failures: b.Store.(*disk.Cache), Costs: alike(m.Cell)}
		o.OnEvent = func(e run.Event) {
			if e, ok := e.(run.CellDone); ok {
				mu.Lock()
				defer mu.Unlock()
				done = append(done, making{id, number[e.Node.ID]})
			}
		}
		all.Go(func() {
			time.Sleep(time.Until(begin.Add(m.Apart * time.Duration(id))))
			r, err := run.Run(t.Context(), p, o)
			if err != nil || r.Hits+r.Made != m.Cells {
				t.Errorf("worker %d: %v, %+v", id, err, r)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			hits += r.Hits
		})
	}
	all.Wait()
	if ran := len(b.Runs()); ran != len(done) {
		t.Errorf("%d attempts for %d cells", ran, len(done))
	}
	return done, hits
}

func list(n int) string {
	numbers := make([]int, n)
	for i := range numbers {
		numbers[i] = i
	}
	return fmt.Sprint("[", joined(numbers), "]")
}

func joined(numbers []int) (text string) {
	for i, n := range numbers {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprint(n)
	}
	return text
}

// The simulation does what workers do: the same worker makes the same cells in the same order.
func TestSimulationIsLikeARealRun(t *testing.T) {
	for _, c := range []struct{ workers, first, cells int }{{3, 6, 60}, {1, 2, 12}, {4, 3, 24}} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			m := small(c.workers, c.first, c.cells)
			want, err := simulate(m, true)
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				done, hits := really(t, m)
				if !slices.Equal(done, want.made) {
					t.Errorf("made\n%v, simulated\n%v", done, want.made)
				}
				if want.Claims != len(done) || int(want.Hits) != hits {
					t.Errorf("simulated: %d claims and %d hits, really %d and %d", want.Claims, want.Hits, len(done), hits)
				}
			})
		})
	}
}

// Cells of a lost node are made again by others, when its leases have expired.
func TestLostNodes(t *testing.T) {
	for _, c := range []struct{ workers, perNode, losses int }{{8, 1, 1}, {8, 2, 3}, {12, 4, 2}} {
		m := small(c.workers, 10, 400)
		m.PerNode, m.Losses, m.Replace = c.perNode, c.losses, 10*time.Minute
		r, err := simulate(m, true)
		if err != nil {
			t.Fatal(err)
		}
		if r.Made != m.Cells || r.Claims != m.Cells+r.Wasted || r.Wasted < c.losses || r.Wasted > c.losses*c.perNode {
			t.Errorf("%+v: %d made, %d claims, %d wasted", c, r.Made, r.Claims, r.Wasted)
		}
		seen := map[int]bool{}
		for _, d := range r.made {
			if seen[d.cell] {
				t.Errorf("%+v: cell %d was made twice", c, d.cell)
			}
			seen[d.cell] = true
		}
	}
}

// A lease counts as expired a minute after another worker first saw its last content.
func TestLostCellIsMadeAfterItsLeaseHasExpired(t *testing.T) {
	m := small(2, 1, 1) // the second worker waits for the cell
	m.Losses, m.Replace = 1, time.Hour
	r, err := simulate(m, true)
	if err != nil {
		t.Fatal(err)
	}
	lost := m.duration(0) / 2 / 2 // the first worker is lost then
	if r.LastCell < lost-disk.DefaultHeartbeat+m.Expiry+m.duration(0) || r.LastCell > lost+m.Expiry+m.duration(0)+10*time.Second {
		t.Errorf("made after %s", r.LastCell)
	}
}

// A remote that is slow delays each claim, and one that is slower is not asked.
func TestSlowRemotes(t *testing.T) {
	last := func(latency time.Duration) *Result {
		m := small(4, 10, 400)
		m.Remote = Remote{Server{latency, 0}, 1e6}
		r, err := simulate(m, false)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	none, slow, slower := last(0), last(400*time.Millisecond), last(3*time.Second)
	claims := 400 / 4 * 400 * time.Millisecond
	if d := slow.LastCell - none.LastCell; d < claims/2 || d > 2*claims {
		t.Errorf("a slow remote costs %s", d)
	}
	if d := slower.LastCell - none.LastCell; d > time.Minute {
		t.Errorf("a slower remote costs %s", d)
	}
	if none.Requests != 0 || slower.Requests >= slow.Requests {
		t.Errorf("%d, %d and %d requests", none.Requests, slow.Requests, slower.Requests)
	}
}

// A server that many use makes them wait.
func TestBusyFileServer(t *testing.T) {
	m := small(16, 10, 200)
	m.Cell = 2 * time.Second
	fast, err := simulate(m, false)
	if err != nil {
		t.Fatal(err)
	}
	m.Files = Server{time.Millisecond, 500}
	slow, err := simulate(m, false)
	if err != nil {
		t.Fatal(err)
	}
	if least := time.Duration(slow.Ops/550) * time.Second; slow.LastEnd < least || fast.LastEnd >= slow.LastEnd {
		t.Errorf("%d operations in %s; without a server %s", slow.Ops, slow.LastEnd, fast.LastEnd)
	}
}

func TestModelsThatCannotBeSimulated(t *testing.T) {
	for name, change := range map[string]func(m *Model){
		"no first cells": func(m *Model) { m.First = 0 },
		"empty blocks":   func(m *Model) { m.Block = 0 },
		"too few cells":  func(m *Model) { m.Cells = m.First - 1 },
		"half a node":    func(m *Model) { m.PerNode = 2 },
		"no workers":     func(m *Model) { m.Workers = 0 },
		"none replaced":  func(m *Model) { m.Losses = 1 },
		"levels are one": func(m *Model) { m.Cell = time.Microsecond },
	} {
		m := small(3, 6, 60)
		change(m)
		if _, err := simulate(m, false); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestEventsComeInOrder(t *testing.T) {
	var q queue
	want := []event{}
	for i := range 200 {
		q.add(event{at: time.Duration(i * 37 % 50), which: int32(i)})
	}
	for len(q.list) > 0 {
		want = append(want, q.next())
	}
	sorted := slices.Clone(want)
	slices.SortStableFunc(sorted, func(a, b event) int {
		if a.before(b) {
			return -1
		}
		return 1
	})
	if !reflect.DeepEqual(want, sorted) {
		t.Error("not in order")
	}
}

// The rows of docs/scale.md, with fewer workers and cells.
func TestStandardModels(t *testing.T) {
	models := standard(40, 20_000)
	var table, progress strings.Builder
	if err := simulateAll(t.Context(), models, &table, &progress); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(table.String()), "\n")
	if len(lines) != 2+len(models) {
		t.Errorf("%d lines for %d models", len(lines), len(models))
	}
	for _, line := range lines {
		if strings.Count(line, "|") != strings.Count(lines[0], "|") {
			t.Errorf("columns: %s", line)
		}
	}
	if n := strings.Count(progress.String(), "\n"); n != len(models) {
		t.Errorf("%d lines of progress", n)
	}
	m := standard(12, 20_000) // half a node
	if err := simulateAll(t.Context(), m, &table, &progress); err == nil {
		t.Error("12 workers are not a number of nodes of 8")
	}
}
