package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"foil/internal/artifact"
	"foil/internal/checkpoint"
	"foil/models/adversary"
	"foil/models/backend"
	"foil/models/multvae"
	"foil/models/optim"
	"foil/models/random"
	"foil/pipeline"
	"foil/stages/modelfile"
	"foil/stages/train/resume"
)

// AdvXMultVAE is train/advx-multvae.
func AdvXMultVAE() pipeline.Kind {
	return pipeline.Kind{
		Name:    "train/advx-multvae",
		Version: 3,
		Doc: "Trains a MultVAE recommender that unlearns any number of user attributes through adversaries behind " +
			"gradient reversal. Without adversaries it is MultVAE (Liang et al. 2018), with one AdvMultVAE (Ganhör et al. " +
			"2022), with several AdvXMultVAE (Escobedo et al. 2024).",
		Inputs:  []pipeline.Port{{Name: "data", Type: artifact.TypeSplit, Doc: "training and validation users"}},
		Output:  artifact.TypeModel,
		Files:   modelfile.Docs,
		Params:  defaults,
		Draws:   true,
		Numeric: true,
		Run:     runAdvXMultVAE,
	}
}

func runAdvXMultVAE(ctx context.Context, cell *pipeline.Cell) error {
	t, first, err := begin(cell)
	if err != nil {
		return err
	}
	start := time.Now()
	pace := checkpoint.NewPace(start, cell.CheckpointEvery)
	for epoch := first; epoch <= t.params.Epochs; epoch++ {
		if err := t.epoch(ctx, epoch); err != nil {
			return fmt.Errorf("epoch %d: %w", epoch, err)
		}
		if epoch < t.params.Epochs {
			pace.Run(func() { t.save(epoch) })
		}
	}
	if here := t.params.Epochs - first + 1; here > 0 {
		cell.Time("epoch", time.Since(start)/time.Duration(here)) // with its validation
	}
	return t.write(cell)
}

// A training is the state between epochs.
type training struct {
	params  *AdvXMultVAEParams
	cell    *pipeline.Cell
	model   *multvae.Model
	users   []int32 // positions in rows
	rows    multvae.Rows
	targets []adversary.Targets // one of each adversary group, by position in rows
	valid   *validation
	streams *random.Streams
	order   *rand.Rand
	noise   multvae.Noise
	judge   judge
	best    []adversary.Weight
	curves  []artifact.Point
	keeper  resume.Keeper
}

func newTraining(cell *pipeline.Cell) (*training, error) {
	p := cell.Params.(*AdvXMultVAEParams)
	split, err := artifact.ReadSplit(cell.Inputs["data"].Path)
	if err != nil {
		return nil, err
	}
	rows := artifact.NewRows(split.Train)
	if rows.Len() == 0 {
		return nil, errors.New("the split has no training users")
	}
	t := &training{
		params:  p,
		cell:    cell,
		rows:    modelfile.Rows(rows),
		streams: random.NewStreams(cell.Seed),
		keeper:  resume.Keeper{Cell: cell, Layout: stateLayout},
		judge:   newJudge(p),
	}
	t.order = rand.New(t.streams.Source("order"))
	if t.valid, err = newValidation(split, p); err != nil {
		return nil, err
	}
	config := multvae.Config{
		Items:        split.Items.Len(),
		Latent:       p.Latent,
		InputDropout: p.InputDropout,
		Beta:         p.Beta,
		Adam:         optim.DefaultAdam(p.WeightDecay),
	}
	for _, a := range p.Adversaries {
		target, err := a.Param.Resolve(&split.Users)
		if err != nil {
			return nil, err
		}
		if !target.Known(rows.User) {
			return nil, fmt.Errorf("no training user has attribute %s", a.Attribute)
		}
		group := target.Group(a.Heads, a.Hidden, a.Dropout)
		group.Reversal = a.Lambda
		config.Groups = append(config.Groups, group)
		t.targets = append(t.targets, target.Of(rows.User))
	}
	for i := range rows.Len() {
		t.users = append(t.users, int32(i))
	}
	b, err := backend.Open(cell.Backend, cell.Cores)
	if err != nil {
		return nil, err
	}
	if t.model, err = multvae.New(b, config, cell.Seed); err != nil {
		return nil, err
	}
	t.noise = multvae.NewNoise(t.streams, config.Groups)
	return t, nil
}

// epoch passes once over the training users in a new order, validates, and
// keeps the weights if no epoch was better.
func (t *training) epoch(ctx context.Context, epoch int) error {
	t.order.Shuffle(len(t.users), func(i, j int) { t.users[i], t.users[j] = t.users[j], t.users[i] })
	rate := t.judge.plateau.Rate
	sum := multvae.Losses{Groups: make([]float64, len(t.targets))}
	for start := 0; start < len(t.users); start += t.params.Batch {
		if err := ctx.Err(); err != nil {
			return err
		}
		batch := t.users[start:min(start+t.params.Batch, len(t.users))]
		losses, err := t.model.Step(t.rows, batch, t.targets, t.noise, rate, t.params.Rate)
		if err != nil {
			return err
		}
		if total := losses.Total(); math.IsNaN(total) || math.IsInf(total, 0) {
			return fmt.Errorf("step %d: the loss is %g: lower the rate or the lambdas", start/t.params.Batch+1, total)
		}
		add(&sum, losses, float64(len(batch))/float64(len(t.users)))
	}
	loss, score, err := t.valid.run(ctx, t.model)
	if err != nil {
		return fmt.Errorf("validation: %w", err)
	}
	best, err := t.judge.epoch(epoch, loss, score)
	if err != nil {
		return err
	}
	if best {
		if t.best, err = t.model.Weights(); err != nil {
			return err
		}
	}
	t.record(epoch, rate, sum, loss, score)
	return nil
}

func add(sum *multvae.Losses, l multvae.Losses, share float64) {
	sum.NLL += share * l.NLL
	sum.KL += share * l.KL
	for i, g := range l.Groups {
		sum.Groups[i] += share * g
	}
}

// record adds the epoch to the curves and tells how it went.
func (t *training) record(epoch int, rate float64, sum multvae.Losses, loss, score float64) {
	point := func(name string, v float64) {
		t.curves = append(t.curves, artifact.Point{Epoch: epoch, Name: name, Value: v})
	}
	point("rate", rate)
	point("train/nll", sum.NLL)
	point("train/kl", sum.KL)
	for i, a := range t.params.Adversaries {
		point("train/adversary/"+a.Attribute, sum.Groups[i])
	}
	point("validation/loss", loss)
	name := t.params.Select.String()
	point("validation/"+name, score)
	t.cell.Logf("epoch %d: train nll %.4f, kl %.4f, adversaries %.4f; validation loss %.4f, %s %.4f; rate %g",
		epoch, sum.NLL, sum.KL, sum.Groups, loss, name, score, rate)
	t.cell.Progress(pipeline.Progress{
		Done: int64(epoch), Total: int64(t.params.Epochs), Unit: "epochs",
		Message: fmt.Sprintf("validation %s %.4f", name, score), Loss: sum.Total(),
	})
}

func (t *training) write(cell *pipeline.Cell) error {
	last, err := t.model.Weights()
	if err != nil {
		return err
	}
	return modelfile.Write(cell.Create, modelfile.Model{
		Config: modelfile.Config{
			Architecture: modelfile.MultVAE,
			Items:        t.valid.items,
			Latent:       t.params.Latent,
			BestEpoch:    t.judge.bestEpoch,
			LastEpoch:    t.params.Epochs,
			BestScore:    t.judge.bestScore,
			SelectedBy:   "validation " + t.params.Select.String(),
			Data:         cell.Inputs["data"].Digest(),
		},
		Best: t.best, Last: last, Curves: t.curves,
	})
}
