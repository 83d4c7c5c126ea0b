package app

import (
	"slices"

	"foil/internal/store/disk"
	"foil/pipeline/plan"
)

// A Status is the progress of an experiment.
type Status struct {
	Stages     []StageStatus
	Unfinished []Unfinished // cells that are running, interrupted or failed

	// Conflicts are cells for which a remote has other output. Remotes are not asked again.
	Conflicts []disk.Conflict
}

// A StageStatus counts the cells of a stage.
type StageStatus struct {
	Stage                                       string
	Hits, Running, Interrupted, Failed, Missing int
}

// An Unfinished cell was begun but not finished, on this or another machine.
type Unfinished struct {
	Cell  *plan.Cell
	State *disk.WorkState
}

// Status counts the cells of each stage.
func (v *View) Status() (*Status, error) {
	begun, err := v.Begun()
	if err != nil {
		return nil, err
	}
	s := &Status{}
	of := map[string]int{}
	for _, c := range v.Plan.Cells {
		name := c.Node.Stage.Name
		i, ok := of[name]
		if !ok {
			i = len(s.Stages)
			of[name] = i
			s.Stages = append(s.Stages, StageStatus{Stage: name})
		}
		if c.State == plan.Hit {
			if theirs := v.Cache.ConflictOf(c.Record); theirs != nil && !slices.ContainsFunc(s.Conflicts, func(k disk.Conflict) bool { return k.Ours.Key == c.Key }) {
				s.Conflicts = append(s.Conflicts, disk.Conflict{Ours: c.Record, Theirs: theirs})
			}
		}
		state := begun[c]
		s.Stages[i].count(c, state)
		if state != nil {
			s.Unfinished = append(s.Unfinished, Unfinished{c, state})
		}
	}
	return s, nil
}

func (s *StageStatus) count(c *plan.Cell, state *disk.WorkState) {
	switch {
	case c.State == plan.Hit:
		s.Hits++
	case state == nil:
		s.Missing++
	case state.Running:
		s.Running++
	case state.Failure != "":
		s.Failed++
	default:
		s.Interrupted++
	}
}

// All is the sum over the stages.
func (s *Status) All() (all StageStatus) {
	for _, o := range s.Stages {
		all.Hits += o.Hits
		all.Running += o.Running
		all.Interrupted += o.Interrupted
		all.Failed += o.Failed
		all.Missing += o.Missing
	}
	return all
}

// Begun returns the cells that were begun but not finished, on this machine or on another one that
// shares the cache.
func (v *View) Begun() (map[*plan.Cell]*disk.WorkState, error) {
	if v.Plan.Misses == 0 {
		return nil, nil
	}
	keys, err := v.Cache.Begun() // usually few keys, even with thousands of cells
	if err != nil {
		return nil, err
	}
	begun := map[*plan.Cell]*disk.WorkState{}
	for _, c := range v.Plan.Cells {
		if c.State != plan.Miss || c.SameAs != nil || !keys[c.Key] {
			continue
		}
		state, err := v.Cache.WorkState(c.Key)
		if err != nil {
			return nil, err
		}
		if state != nil {
			begun[c] = state
		}
	}
	return begun, nil
}
