package attack

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/compute"

	"foil/internal/artifact"
	"foil/internal/artifact/latents"
	"foil/internal/attributes"
	"foil/models/adversary"
	"foil/models/backend"
	"foil/models/optim"
	"foil/models/random"
	"foil/pipeline"
	"foil/spec"
)

// LatentProbe is attack/latent-probe.
func LatentProbe() pipeline.Kind {
	return pipeline.Define(pipeline.Kind{
		Name:    "attack/latent-probe",
		Version: 6,
		Doc: "Attacks a trained recommender. It trains a new network per attribute on the latent vectors of the training users, " +
			"and scores it on the test users (Escobedo et al. 2024, section 4). " +
			"Baselines, which do not use the latent vectors, are included for comparison.",
		Inputs: []pipeline.Port{
			{Name: "latents", Type: artifact.TypeLatents, Doc: "the latent vectors of the recommender, as encoded or after an erasure"},
			{Name: "data", Type: artifact.TypeSplit, Doc: "the split that the recommender was trained on"},
		},
		Output: artifact.TypeMetrics,
		Files: []pipeline.FileDoc{
			{Name: artifact.MetricsFile, Doc: "scores of the attackers; the group is the attribute. " +
				"Categorical attributes: bacc (balanced accuracy) and bacc_majority (always predicting the most frequent class). " +
				"Numeric attributes: mae (in units of the target), mae_original (in units of the attribute), " +
				"mae_mean and mae_median (always predicting the mean or median of the training users). " +
				"With curves: bacc_curve and mae_curve, the scores on the validation users after each epoch, which is k"},
			{Name: artifact.OutcomesFile, Doc: "for each split, checkpoint and user: the user's attributes, and for each attribute under attack the label and the attacker's score. " +
				"Categorical attributes: label and predicted (numbers of classes, in the order of their names), " +
				"score (with two classes, the probability of the second; with more, that of the user's class), and bacc (1 or 0, right or wrong; with average: batches, the user's part of it). " +
				"Numeric attributes, in units of the target: label, score (the prediction) and error (score - label); and a column for each metric"},
			notesDoc,
		},
		Draws:   true,
		Numeric: true,
		Cost: pipeline.Cost{
			Times: []string{"epochs", "latents/last.safetensors"},
			Like:  []string{"batch", "checkpoints", "attributes[].hidden"},
		},
	}, latentProbeParams, pipeline.Work[LatentProbeParams]{
		CheckFacts: func(_ *LatentProbeParams, inputs []pipeline.Input, report, _ spec.Reporter) {
			checkShared(inputs, report)
		},
		Facts: (*LatentProbeParams).facts,
		Run:   runLatentProbe,
	})
}

// facts lists the metrics. An attribute without class weights and without a range may be of either
// type.
func (p *LatentProbeParams) facts(map[string]*pipeline.Facts) *pipeline.Facts {
	f := &pipeline.Facts{}
	for _, checkpoint := range p.Checkpoints {
		for _, split := range p.Splits {
			for _, a := range p.Attributes {
				add := func(unit string, names ...string) {
					for _, name := range names {
						f.Metrics = append(f.Metrics, pipeline.Metric{Name: name, Group: a.Attribute, Split: split, Checkpoint: checkpoint, Unit: unit})
					}
				}
				if a.Range == nil {
					add(artifact.UnitUser, "bacc")
					add("", "bacc_majority")
				}
				if a.ClassWeights == nil {
					add(artifact.UnitUser, "mae")
					add("", "mae_original", "mae_mean", "mae_median")
				}
			}
		}
		if p.Curves {
			f.Metrics = append(f.Metrics, p.curveFacts(checkpoint)...)
		}
	}
	return f
}

func (p *LatentProbeParams) curveFacts(checkpoint string) (metrics []pipeline.Metric) {
	for epoch := 1; epoch <= p.Epochs; epoch++ {
		for _, a := range p.Attributes {
			m := pipeline.Metric{K: epoch, Group: a.Attribute, Split: artifact.Validation, Checkpoint: checkpoint}
			if a.Range == nil {
				m.Name = curveOf("bacc")
				metrics = append(metrics, m)
			}
			if a.ClassWeights == nil {
				m.Name = curveOf("mae")
				metrics = append(metrics, m)
			}
		}
	}
	return metrics
}

// curveOf is the name of a score after each epoch.
func curveOf(score string) string { return score + "_curve" }

func runLatentProbe(ctx context.Context, cell *pipeline.Cell, p *LatentProbeParams) error {
	split, err := artifact.ReadSplit(cell.Inputs["data"].Path)
	if err == nil {
		err = checkUsers(split)
	}
	if err != nil {
		return err
	}
	b, err := backend.Open(cell.Backend, cell.Cores)
	if err != nil {
		return err
	}
	var metrics []artifact.Metric
	var note string
	outcomes := &artifact.Outcomes{}
	for i, checkpoint := range p.Checkpoints {
		a := attack{params: p, cell: cell, backend: b, users: &split.Users, checkpoint: checkpoint, done: i * p.Epochs, outcomes: outcomes}
		var found []artifact.Metric
		a.latents, err = latents.Open(cell.Inputs["latents"], cell.Inputs["data"], checkpoint)
		if err == nil {
			note = matchNote(a.latents.Matched)
			a.victims, err = victimsOf(p, &split.Users, a.latents)
		}
		if err == nil {
			found, err = a.run(ctx)
		}
		if err != nil {
			return fmt.Errorf("attack on the %s checkpoint: %w", checkpoint, err)
		}
		metrics = append(metrics, found...)
	}
	if err := artifact.WriteNotes(cell.Create, note); err != nil {
		return err
	}
	return artifact.WriteEvaluation(cell.Create, metrics, outcomes)
}

// A victim is an attribute under attack.
type victim struct {
	*attributes.Target
	config adversary.Config
	train  adversary.Targets
}

// victimsOf returns the attributes of the users who have latent vectors.
func victimsOf(p *LatentProbeParams, users *artifact.Users, l *latents.Latents) ([]victim, error) {
	var victims []victim
	for _, a := range p.Attributes {
		target, err := a.Param.Resolve(users)
		if err != nil {
			return nil, err
		}
		for _, part := range p.parts() {
			if !target.Known(l.Of(part).User) {
				return nil, fmt.Errorf("the attribute %s is missing for all %s users; remove it from attributes", a.Attribute, part)
			}
		}
		victims = append(victims, victim{Target: target, config: target.Group(1, a.Hidden, a.Dropout), train: target.Of(l.Train.User)})
	}
	return victims, nil
}

// parts are the parts of the split whose users the attackers see.
func (p *LatentProbeParams) parts() []string {
	parts := append([]string{artifact.Train}, p.Splits...)
	if p.Curves && !slices.Contains(parts, artifact.Validation) {
		parts = append(parts, artifact.Validation)
	}
	return parts
}

// An attack is the attack on one checkpoint.
type attack struct {
	params     *LatentProbeParams
	cell       *pipeline.Cell
	backend    compute.Backend
	users      *artifact.Users
	victims    []victim
	checkpoint string
	done       int // epochs of earlier checkpoints, for progress reports
	latents    *latents.Latents
	outcomes   *artifact.Outcomes // those of earlier checkpoints; run adds to them
}

// run trains the attackers and scores them. The attacks on both checkpoints use the same random
// numbers.
func (a *attack) run(ctx context.Context) ([]artifact.Metric, error) {
	p := a.params
	var configs []adversary.Config
	var targets []adversary.Targets
	var dropout []rand.Source
	for _, v := range a.victims {
		configs = append(configs, v.config)
		targets = append(targets, v.train)
		dropout = append(dropout, random.Source(a.cell.Seed, "attack/dropout/"+v.Name))
	}
	probe, err := adversary.NewProbe(a.backend, configs, a.latents.Width, p.Rate, optim.DefaultAdam(p.WeightDecay), a.cell.Seed)
	if err != nil {
		return nil, err
	}
	order := random.New(a.cell.Seed, "attack/order")
	users := make([]int32, len(a.latents.Train.User))
	for i := range users {
		users[i] = int32(i)
	}
	var curves []artifact.Metric
	for epoch := 1; epoch <= p.Epochs; epoch++ {
		order.Shuffle(len(users), func(i, j int) { users[i], users[j] = users[j], users[i] })
		sums := make([]float64, len(a.victims))
		for start := 0; start < len(users); start += p.Batch {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			batch := users[start:min(start+p.Batch, len(users))]
			losses, err := probe.Step(a.latents.Train.Z, batch, targets, dropout)
			if err != nil {
				return nil, fmt.Errorf("epoch %d: %w", epoch, err)
			}
			for i, loss := range losses {
				if math.IsNaN(loss) || math.IsInf(loss, 0) {
					return nil, fmt.Errorf("epoch %d: the loss of the attacker of %s is %g; lower the rate", epoch, a.victims[i].Name, loss)
				}
				sums[i] += loss * float64(len(batch)) / float64(len(users))
			}
		}
		if p.Curves {
			points, err := a.curves(probe, epoch)
			if err != nil {
				return nil, fmt.Errorf("validation users, epoch %d: %w", epoch, err)
			}
			curves = append(curves, points...)
		}
		a.report(epoch, sums)
	}
	var metrics []artifact.Metric
	for _, part := range p.Splits {
		found, err := a.score(probe, part)
		if err != nil {
			return nil, fmt.Errorf("%s users: %w", part, err)
		}
		metrics = append(metrics, found...)
	}
	return append(metrics, curves...), nil
}

// curves scores the attackers on the validation users after an epoch.
func (a *attack) curves(probe *adversary.Probe, epoch int) (points []artifact.Metric, err error) {
	l := a.latents.Of(artifact.Validation)
	outputs, err := probe.Predict(l.Z)
	if err != nil {
		return nil, err
	}
	for i, v := range a.victims {
		found, _ := v.score(outputs[i], v.Of(l.User), a.params)
		m := found[0] // the others are baselines, and the same in other units
		m.Name, m.K, m.Group, m.Split, m.Checkpoint = curveOf(m.Name), epoch, v.Name, artifact.Validation, a.checkpoint
		points = append(points, m)
	}
	return points, nil
}

// score scores the attackers on the users of a part of the split.
func (a *attack) score(probe *adversary.Probe, part string) (metrics []artifact.Metric, err error) {
	l := a.latents.Of(part)
	outputs, err := probe.Predict(l.Z)
	if err != nil {
		return nil, err
	}
	outcomes := &artifact.Outcomes{
		Unit:  artifact.UnitUser,
		Parts: []artifact.OutcomePart{{Split: part, Checkpoint: a.checkpoint, Rows: len(l.User)}},
		Units: l.User,
	}
	for i, v := range a.victims {
		found, series := v.score(outputs[i], v.Of(l.User), a.params)
		for _, m := range found {
			m.Group, m.Split, m.Checkpoint = v.Name, part, a.checkpoint
			a.cell.Logf("%s checkpoint, %s users, %s: %s %.4f", a.checkpoint, part, v.Name, m.Name, m.Value)
			metrics = append(metrics, m)
		}
		outcomes.Series = append(outcomes.Series, series...)
	}
	outcomes.AddAttributes(a.users)
	return metrics, a.outcomes.Append(outcomes)
}

func (a *attack) report(epoch int, losses []float64) {
	total := 0.0
	for _, l := range losses {
		total += l
	}
	a.cell.Logf("%s checkpoint, epoch %d: attackers' losses %.4f", a.checkpoint, epoch, losses)
	a.cell.Progress(pipeline.Progress{
		Done: int64(a.done + epoch), Total: int64(len(a.params.Checkpoints) * a.params.Epochs), Unit: "epochs",
		Message: a.checkpoint + " checkpoint", Loss: total,
	})
}
