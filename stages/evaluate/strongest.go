package evaluate

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"foil/internal/artifact"
	"foil/internal/artifact/attacks"
	"foil/pipeline"
)

// Strongest is evaluate/strongest.
func Strongest() pipeline.Kind {
	return pipeline.Define(pipeline.Kind{
		Name:    "evaluate/strongest",
		Version: 5,
		Doc: "Combines attacks on one classifier: an image counts as correct if the prediction is right without an attack and under every attack. " +
			"A defence is judged by the strongest attack on it (Carlini et al. 2019, section 5). " +
			"The attacks must have the same classifier, images and epsilon. Only images that all attacks were run on count.",
		Inputs: []pipeline.Port{{Name: "*", Type: artifact.TypeMetrics, Doc: "the results of an attack on images"}},
		Output: artifact.TypeMetrics,
		Files: attacks.Docs("accuracy, accuracy_clean, success, and images (their number). " +
			"With an attack as the group, shares of the images: falls (the attack succeeds), breaks (only this attack succeeds) " +
			"and wins (some attack succeeds, and this one does the most harm). " +
			"With two attacks as the group: falls_but_stands, the number of images on which the first succeeds and the second fails, for McNemar's test"),
		Light: true,
	}, pipeline.NoParams, pipeline.Work[pipeline.None]{Facts: strongestFacts, Run: runStrongest})
}

// strongestFacts lists the metrics, if the checkpoints of the attacks are known.
func strongestFacts(_ *pipeline.None, needs map[string]*pipeline.Facts) *pipeline.Facts {
	names := slices.Sorted(maps.Keys(needs))
	f := &pipeline.Facts{}
	for i, checkpoint := range checkpointsOf(needs, names) {
		if i == 0 {
			f.Metrics = []pipeline.Metric{}
		}
		add := func(metric, group, unit string) {
			f.Metrics = append(f.Metrics, pipeline.Metric{Name: metric, Group: group, Split: artifact.Test, Checkpoint: checkpoint, Unit: unit})
		}
		for _, metric := range []string{"accuracy", "accuracy_clean", "success"} {
			add(metric, "", artifact.UnitImage)
		}
		add("images", "", "")
		for _, a := range names {
			for _, metric := range []string{"falls", "breaks", "wins"} {
				add(metric, a, artifact.UnitImage)
			}
			for _, b := range names {
				if a != b {
					add("falls_but_stands", pairName(a, b), "")
				}
			}
		}
	}
	return f
}

// checkpointsOf are the checkpoints at which all attacks were run; nil if one of them is not known.
func checkpointsOf(needs map[string]*pipeline.Facts, names []string) []string {
	var common []string
	for i, name := range names {
		var own []string
		if f := needs[name]; f != nil {
			for _, m := range f.Metrics {
				if m.Name == "accuracy" && !slices.Contains(own, m.Checkpoint) {
					own = append(own, m.Checkpoint)
				}
			}
		}
		if i == 0 {
			common = own
		}
		common = slices.DeleteFunc(slices.Clone(common), func(c string) bool { return !slices.Contains(own, c) })
	}
	return common
}

// pairName is the group of two attacks.
func pairName(a, b string) string { return a + ", " + b }

// A tried is an image at a checkpoint.
type tried struct {
	checkpoint string
	image      int32
}

// A panel holds the outcomes of all attacks, for the images that all attacks were run on.
type panel struct {
	attack   attacks.Attack
	names    []string                    // of the attacks
	order    []tried                     // as in the first attack
	outcomes map[tried][]attacks.Outcome // by attack
}

func runStrongest(_ context.Context, cell *pipeline.Cell, _ *pipeline.None) error {
	p, err := newPanel(cell)
	if err != nil {
		return err
	}
	result := attacks.Result{Attack: p.attack}
	var checkpoints []string
	for _, at := range p.order {
		if !slices.Contains(checkpoints, at.checkpoint) {
			checkpoints = append(checkpoints, at.checkpoint)
		}
	}
	for _, checkpoint := range checkpoints {
		part := p.at(checkpoint)
		result.Metrics = append(result.Metrics, part.metrics(checkpoint)...)
		if err := part.addTo(&result); err != nil {
			return err
		}
	}
	return attacks.Write(cell.Create, result)
}

// newPanel reads the attacks and checks that they can be combined.
func newPanel(cell *pipeline.Cell) (*panel, error) {
	p := &panel{names: slices.Sorted(maps.Keys(cell.Inputs)), outcomes: map[tried][]attacks.Outcome{}}
	tries := trials{attacks: p.names, images: map[string][]int{}}
	for i, name := range p.names {
		attack, outcomes, err := attacks.Read(cell.Inputs[name])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if i == 0 {
			p.attack = attack
		} else if err := p.attack.Beside(attack); err != nil {
			return nil, fmt.Errorf("%s and %s cannot be combined: %w", p.names[0], name, err)
		}
		tries.add(i, outcomes)
		if err := p.add(i, outcomes); err != nil {
			return nil, err
		}
	}
	p.order = slices.DeleteFunc(p.order, func(at tried) bool { return len(p.outcomes[at]) < len(p.names) })
	if len(p.order) == 0 {
		return nil, errors.New("no image was attacked by all attacks at the same checkpoint; run them on the same images and checkpoints")
	}
	for _, left := range tries.leftOut(p) {
		cell.Note("%s", left)
	}
	return p, nil
}

// add adds the outcomes of the next attack.
func (p *panel) add(attack int, outcomes []attacks.Outcome) error {
	for _, o := range outcomes {
		at := tried{o.Checkpoint, o.Image}
		if attack == 0 {
			p.order = append(p.order, at)
		}
		before := p.outcomes[at]
		if len(before) < attack {
			continue // an earlier attack was not run on it
		}
		if attack > 0 && (before[0].Label != o.Label || before[0].Clean != o.Clean) {
			return fmt.Errorf("image %d has label %d and clean prediction %d in %s, but %d and %d in %s; did the attacks run on different backends?",
				o.Image, before[0].Label, before[0].Clean, p.names[0], o.Label, o.Clean, p.names[attack])
		}
		p.outcomes[at] = append(before, o)
	}
	return nil
}

// at returns the part of the panel for one checkpoint.
func (p *panel) at(checkpoint string) *panel {
	part := *p
	part.order = slices.DeleteFunc(slices.Clone(p.order), func(at tried) bool { return at.checkpoint != checkpoint })
	return &part
}

// worst returns the index of the attack that did the most harm to an image, and the first one of
// equals.
func worst(outcomes []attacks.Outcome) (attack int) {
	for i, o := range outcomes {
		if o.Worse(outcomes[attack]) {
			attack = i
		}
	}
	return attack
}

// addTo adds the worst outcome of each image of one checkpoint, and the values of each image that
// the metrics are means of.
func (p *panel) addTo(r *attacks.Result) error {
	accuracy, clean, success := artifact.OutcomeSeries{Name: "accuracy"}, artifact.OutcomeSeries{Name: "accuracy_clean"}, artifact.OutcomeSeries{Name: "success"}
	falls, breaks, wins := make([]artifact.OutcomeSeries, len(p.names)), make([]artifact.OutcomeSeries, len(p.names)), make([]artifact.OutcomeSeries, len(p.names))
	for i, name := range p.names {
		falls[i] = artifact.OutcomeSeries{Name: "falls", Group: name}
		breaks[i] = artifact.OutcomeSeries{Name: "breaks", Group: name}
		wins[i] = artifact.OutcomeSeries{Name: "wins", Group: name}
	}
	add := func(s *artifact.OutcomeSeries, holds bool) { s.Values = append(s.Values, attacks.Indicator(holds)) }
	var worstOf []attacks.Outcome
	for _, at := range p.order {
		outcomes := p.outcomes[at]
		most := worst(outcomes)
		w := outcomes[most]
		worstOf = append(worstOf, w)
		broke := broken(outcomes)
		add(&accuracy, w.Stood())
		add(&clean, w.WasRight())
		success.Values = append(success.Values, w.Success())
		for i := range p.names {
			fell := slices.Contains(broke, i)
			add(&falls[i], fell)
			add(&breaks[i], fell && len(broke) == 1)
			add(&wins[i], fell && i == most)
		}
	}
	return r.Add(worstOf, slices.Concat([]artifact.OutcomeSeries{accuracy, clean, success}, falls, breaks, wins)...)
}

// broken lists the attacks that succeeded on an image.
func broken(outcomes []attacks.Outcome) (attack []int) {
	for i, o := range outcomes {
		if o.WasRight() && !o.Right() {
			attack = append(attack, i)
		}
	}
	return attack
}

// metrics returns the metrics of a panel for one checkpoint.
func (p *panel) metrics(checkpoint string) []artifact.Metric {
	n := float64(len(p.order))
	var clean, stood float64
	falls, breaks, wins := make([]float64, len(p.names)), make([]float64, len(p.names)), make([]float64, len(p.names))
	for _, at := range p.order {
		outcomes := p.outcomes[at]
		if !outcomes[0].WasRight() {
			continue // misclassified without an attack
		}
		clean++
		broke := broken(outcomes)
		for _, i := range broke {
			falls[i]++
		}
		if len(broke) == 0 {
			stood++
			continue
		}
		wins[worst(outcomes)]++
		if len(broke) == 1 {
			breaks[broke[0]]++
		}
	}
	metrics := []artifact.Metric{
		{Name: "accuracy", Value: stood / n},
		{Name: "accuracy_clean", Value: clean / n},
	}
	if clean > 0 { // a share of nothing is missing
		metrics = append(metrics, artifact.Metric{Name: "success", Value: (clean - stood) / clean})
	}
	metrics = append(metrics, artifact.Metric{Name: "images", Value: n})
	for i, name := range p.names {
		metrics = append(metrics,
			artifact.Metric{Name: "falls", Value: falls[i] / n, Group: name},
			artifact.Metric{Name: "breaks", Value: breaks[i] / n, Group: name},
			artifact.Metric{Name: "wins", Value: wins[i] / n, Group: name})
	}
	metrics = append(metrics, p.pairs()...)
	for i := range metrics {
		metrics[i].Split, metrics[i].Checkpoint = artifact.Test, checkpoint
	}
	return metrics
}

// pairs counts, for every ordered pair of attacks, the images on which only the first succeeds.
func (p *panel) pairs() (metrics []artifact.Metric) {
	for i, a := range p.names {
		for j, b := range p.names {
			if i == j {
				continue
			}
			n := 0
			for _, at := range p.order {
				// An image that withstands an attack was classified correctly without it.
				if o := p.outcomes[at]; !o[i].Stood() && o[j].Stood() {
					n++
				}
			}
			metrics = append(metrics, artifact.Metric{Name: "falls_but_stands", Value: float64(n), Group: pairName(a, b)})
		}
	}
	return metrics
}
