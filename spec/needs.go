package spec

import "strings"

// needs reads `needs` or `gather`: input: stage.
func (p *problems) needs(m Value) []Need {
	var needs []Need
	for _, f := range m.Map {
		n := Need{Name: f.Name, Pos: f.NamePos, StagePos: f.Value.Pos}
		checkName(p, "input", f.Name, f.NamePos)
		switch f.Value.Type {
		case String:
			n.Stage = f.Value.Str
			needs = append(needs, n)
		case invalid:
		default:
			p.at(n.StagePos, "input %q must name a stage, not be %s", f.Name, describe(f.Value))
		}
	}
	return needs
}

// inputs are the needs and the gathers of a stage.
func (s *Stage) inputs() []Need {
	return append(append([]Need(nil), s.Needs...), s.Gather...)
}

// checkNeeds reports inputs that are given twice, inputs that name no stage, and stages that depend
// on themselves.
func (p *problems) checkNeeds(stages []*Stage) {
	byName := map[string]*Stage{}
	var names []string
	for _, s := range stages {
		byName[s.Name] = s
		names = append(names, s.Name)
	}
	for _, s := range stages {
		before := len(p.list)
		first := map[string]Pos{}
		for _, n := range s.inputs() {
			if pos, ok := first[n.Name]; ok {
				p.at(n.Pos, "input %q is both needed and gathered; first at %v", n.Name, pos)
			}
			first[n.Name] = n.Pos
			switch {
			case n.Stage == s.Name:
				p.at(n.StagePos, "stage %q depends on itself", s.Name)
			case byName[n.Stage] == nil:
				p.at(n.StagePos, "no stage %q%s", n.Stage, Suggestion(n.Stage, names))
			}
		}
		s.Broken = s.Broken || len(p.list) > before
	}
	c := &cycles{problems: p, stages: byName, state: map[*Stage]visit{}}
	for _, s := range stages {
		c.visit(s)
	}
}

// cycles walks the dependencies depth-first. A dependency on a stage of the current path closes a
// cycle.
type cycles struct {
	*problems
	stages map[string]*Stage
	state  map[*Stage]visit
	way    []*Stage
}

type visit int

const (
	unseen visit = iota
	onTheWay
	done
)

func (c *cycles) visit(s *Stage) {
	if c.state[s] != unseen {
		return
	}
	c.state[s] = onTheWay
	c.way = append(c.way, s)
	for _, n := range s.inputs() {
		next := c.stages[n.Stage]
		if next == nil || next == s {
			continue // reported by checkNeeds
		}
		if c.state[next] == onTheWay {
			c.at(n.StagePos, "stages depend on each other in a cycle: %s", c.cycle(next))
		}
		c.visit(next)
	}
	c.way = c.way[:len(c.way)-1]
	c.state[s] = done
}

// cycle writes the path from a stage back to itself, and marks all stages on it.
func (c *cycles) cycle(s *Stage) string {
	var b strings.Builder
	started := false
	for _, w := range c.way {
		if started = started || w == s; started {
			b.WriteString(w.Name + " -> ")
			w.Broken = true
		}
	}
	return b.String() + s.Name
}
