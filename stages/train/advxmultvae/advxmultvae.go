// Package advxmultvae holds the kind train/advx-multvae.
package advxmultvae

import (
	"context"
	"errors"
	"fmt"
	"math"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/internal/scores"
	"foil/internal/training"
	"foil/models/adversary"
	"foil/models/backend"
	"foil/models/kernels"
	"foil/models/multvae"
	"foil/models/optim"
	"foil/models/random"
	"foil/pipeline"
	"foil/spec"
)

const name = "train/advx-multvae"

// Kind is train/advx-multvae.
func Kind() pipeline.Kind {
	return pipeline.Define(pipeline.Kind{
		Name:    name,
		Version: 4,
		Doc: "Trains a MultVAE recommender. Adversaries behind gradient reversal make it unlearn any number of user attributes. " +
			"Without adversaries it is MultVAE (Liang et al. 2018), with adversaries for one attribute AdvMultVAE (Ganhör et al. 2022), " +
			"and for several attributes AdvXMultVAE (Escobedo et al. 2024).",
		Inputs:  []pipeline.Port{{Name: "data", Type: artifact.TypeSplit, Doc: "split with the training and validation users"}},
		Output:  artifact.TypeRecommender,
		Files:   checkpoints.Docs(),
		Draws:   true,
		Numeric: true,
		Cost: pipeline.Cost{
			Times: []string{"epochs", "data/users.arrow", "data/items.arrow"},
			Like:  []string{"batch", "latent", "adversaries[].heads", "adversaries[].hidden"},
		},
		Open: open,
	}, params, pipeline.Work[Params]{
		CheckFacts: func(p *Params, inputs []pipeline.Input, report, _ spec.Reporter) { p.Select.CheckFacts(inputs, report) },
		Facts: func(p *Params, _ map[string]*pipeline.Facts) *pipeline.Facts {
			curves := []string{"rate", "train/nll", "train/kl", "validation/loss", p.Select.Curve()}
			for _, a := range p.Adversaries {
				curves = append(curves, "train/adversary/"+a.Attribute)
			}
			return &pipeline.Facts{Curves: curves}
		},
		Run: run,
	})
}

func run(ctx context.Context, cell *pipeline.Cell, p *Params) error {
	return training.Run(ctx, cell, func(cell *pipeline.Cell, streams *random.Streams) (training.Trainer, training.Plan, error) {
		return newTrainer(cell, p, streams)
	})
}

// config is the part of a model that is needed to load its weights.
type config struct {
	Items  int `json:"items"`
	Latent int `json:"latent"`
}

// open returns a *multvae.Model without adversaries, which is an artifact.LatentRecommender.
func open(_ context.Context, cell *pipeline.Cell, a pipeline.Artifact, checkpoint string) (any, error) {
	saved, err := checkpoints.Read(a)
	if err != nil {
		return nil, err
	}
	var c config
	if err := saved.Config(&c); err != nil {
		return nil, err
	}
	weights, err := saved.Weights(checkpoint, checkpoints.Model)
	if err != nil {
		return nil, err
	}
	b, err := backend.Open(cell.Backend, cell.Cores)
	if err != nil {
		return nil, err
	}
	return multvae.Load(b, multvae.Config{Items: c.Items, Latent: c.Latent}, weights.Float32)
}

// A trainer is the state of a training between epochs.
type trainer struct {
	params  *Params
	cell    *pipeline.Cell
	model   *multvae.Model
	order   *training.Order // of rows
	rows    multvae.Rows
	targets []adversary.Targets // one of each adversary group, by position in rows
	valid   *training.Validation
	seen    multvae.Rows // the input items of the validation users
	noise   multvae.Noise
	plateau optim.Plateau
}

func newTrainer(cell *pipeline.Cell, p *Params, streams *random.Streams) (training.Trainer, training.Plan, error) {
	plan := training.Plan{Epochs: p.Epochs, Layout: stateLayout, SelectedBy: p.Select.By()}
	split, err := artifact.ReadSplit(cell.Inputs["data"].Path)
	if err != nil {
		return nil, plan, err
	}
	rows := artifact.NewRows(split.Train)
	if rows.Len() == 0 {
		return nil, plan, errors.New("the split has no training users")
	}
	t := &trainer{
		params:  p,
		cell:    cell,
		rows:    rowsOf(rows),
		seen:    rowsOf(artifact.NewRows(split.ValidationInput)),
		order:   training.NewOrder(rows.Len(), streams),
		plateau: p.Plateau.From(p.Rate),
	}
	if t.valid, err = training.NewValidation(split, p.Select, scores.Seen(p.Seen)); err != nil {
		return nil, plan, err
	}
	if shared, test := split.SharedUsers(); shared > 0 && len(p.Adversaries) > 0 {
		cell.Note("%d of %d test users of the split are training users, too: the adversaries have learned their attributes", shared, test)
	}
	model := multvae.Config{
		Items:        split.Items.Len(),
		Latent:       p.Latent,
		InputDropout: p.InputDropout,
		Beta:         p.Beta,
		Adam:         optim.DefaultAdam(p.WeightDecay),
	}
	for _, a := range p.Adversaries {
		target, err := a.Param.Resolve(&split.Users)
		if err != nil {
			return nil, plan, err
		}
		if !target.Known(rows.User) {
			return nil, plan, fmt.Errorf("the attribute %s is missing for all training users; remove its adversaries", a.Attribute)
		}
		group := target.Group(a.Heads, a.Hidden, a.Dropout)
		group.Reversal = a.Lambda
		model.Groups = append(model.Groups, group)
		t.targets = append(t.targets, target.Of(rows.User))
	}
	b, err := backend.Open(cell.Backend, cell.Cores)
	if err != nil {
		return nil, plan, err
	}
	if t.model, err = multvae.New(b, model, cell.Seed); err != nil {
		return nil, plan, err
	}
	t.noise = multvae.NewNoise(streams, model.Groups)
	plan.Config = config{Items: model.Items, Latent: model.Latent}
	return t, plan, nil
}

// rowsOf converts interactions for the model, without a copy. A row is a user with interactions.
func rowsOf(r artifact.Rows) multvae.Rows { return multvae.Rows{Offset: r.Offset, Item: r.Item} }

// Epoch trains on all training users in a new order, then validates.
func (t *trainer) Epoch(ctx context.Context, epoch int) (training.Epoch, error) {
	t.order.Shuffle()
	rate := t.plateau.Rate
	sum := multvae.Losses{Groups: make([]float64, len(t.targets))}
	for step, batch := range t.order.Batches(t.params.Batch) {
		if err := ctx.Err(); err != nil {
			return training.Epoch{}, err
		}
		losses, err := t.model.Step(t.rows, batch, t.targets, t.noise, rate, t.params.Rate)
		if err != nil {
			return training.Epoch{}, err
		}
		if total := losses.Total(); math.IsNaN(total) || math.IsInf(total, 0) {
			return training.Epoch{}, fmt.Errorf("step %d: the loss is %g; lower the rate or the lambdas", step, total)
		}
		add(&sum, losses, t.order.Share(batch))
	}
	loss, score, err := t.validate(ctx)
	if err != nil {
		return training.Epoch{}, err
	}
	t.plateau.Step(loss)
	return t.report(epoch, rate, sum, loss, score), nil
}

func add(sum *multvae.Losses, l multvae.Losses, share float64) {
	sum.NLL += share * l.NLL
	sum.KL += share * l.KL
	for i, g := range l.Groups {
		sum.Groups[i] += share * g
	}
}

// validate returns the validation loss, on which the plateau schedule depends, and the score that
// selects the best epoch. The loss is the softmax cross-entropy of the targets, with seen items
// masked, plus beta times the KL divergence. If one of them is not finite, the model has diverged.
func (t *trainer) validate(ctx context.Context) (loss, score float64, err error) {
	z, kl := t.model.Encode(t.seen)
	err = t.model.Decode(ctx, z, func(u int, logits []float32) error {
		score += t.valid.Score(u, logits)
		loss += kernels.SoftmaxLoss(logits, t.valid.Target(u))
		return nil
	})
	if err != nil {
		return 0, 0, fmt.Errorf("validation: %w", err)
	}
	n := float64(t.seen.Len())
	loss, score = loss/n+t.params.Beta*kl, score/n
	return loss, score, finite(loss, score)
}

// finite returns an error if a validation result is not finite.
func finite(loss, score float64) error {
	if math.IsNaN(loss) || math.IsInf(loss, 0) || math.IsNaN(score) {
		return fmt.Errorf("the validation loss is %g and the score %g; lower the rate or the lambdas", loss, score)
	}
	return nil
}

// report logs the results of an epoch, and returns them.
func (t *trainer) report(epoch int, rate float64, sum multvae.Losses, loss, score float64) training.Epoch {
	points := []training.Point{{Name: "rate", Value: rate}, {Name: "train/nll", Value: sum.NLL}, {Name: "train/kl", Value: sum.KL}}
	for i, a := range t.params.Adversaries {
		points = append(points, training.Point{Name: "train/adversary/" + a.Attribute, Value: sum.Groups[i]})
	}
	points = append(points,
		training.Point{Name: "validation/loss", Value: loss},
		training.Point{Name: t.params.Select.Curve(), Value: score})
	t.cell.Logf("epoch %d: train nll %.4f, kl %.4f, adversaries %.4f; validation loss %.4f, %s %.4f; rate %.4g",
		epoch, sum.NLL, sum.KL, sum.Groups, loss, t.params.Select, score, rate)
	return training.Epoch{
		Score: score, Points: points, Loss: sum.Total(),
		Message: fmt.Sprintf("validation %s %.4f", t.params.Select, score),
	}
}

// Weights returns the weights of the model and of the adversaries.
func (t *trainer) Weights() (checkpoints.Weights, error) {
	weights, err := t.model.Weights()
	return checkpoints.Weights{checkpoints.Model: tensors(weights)}, err
}
