package training

import (
	"context"
	"math"
	"strings"
	"testing"

	"foil/internal/artifact/checkpoints"
	"foil/internal/numeric"
	"foil/internal/safetensors"
	"foil/models/optim"
	"foil/models/random"
	"foil/pipeline"
)

// A scripted training has the losses and scores of a list. Its only weight is the epoch.
type scripted struct {
	epochs  [][2]float64 // loss, score
	epoch   int
	plateau optim.Plateau
}

func (s *scripted) Epoch(_ context.Context, epoch int) (Epoch, error) {
	s.epoch = epoch
	e := s.epochs[epoch-1]
	s.plateau.Step(e[0])
	return Epoch{Score: e[1], Points: []Point{{Name: "validation/loss", Value: e[0]}}}, nil
}

func (s *scripted) Weights() (checkpoints.Weights, error) {
	return checkpoints.Weights{checkpoints.Model: {{Name: "epoch", Shape: []int{1}, F32: []float32{float32(s.epoch)}}}}, nil
}

func (s *scripted) State() (State, error) {
	weights, err := s.Weights()
	return State{Value: s.plateau, Arrays: weights[checkpoints.Model]}, err
}

func (s *scripted) Restore(state Restored) error {
	w, err := state.Arrays.Float32("epoch", []int{1})
	if err != nil {
		return err
	}
	s.epoch = int(w[0])
	return state.Value(&s.plateau)
}

func script(p Plateau, rate float64, epochs [][2]float64) (*scripted, New) {
	s := &scripted{epochs: epochs, plateau: p.From(rate)}
	return s, func(*pipeline.Cell, *random.Streams) (Trainer, Plan, error) {
		return s, Plan{Epochs: len(epochs), Layout: 1, SelectedBy: "score"}, nil
	}
}

// TestTrainingFollowsTheProtocol scripts validations: the best epoch is the highest score, a
// later tie wins, and the loss alone drives the rate.
func TestTrainingFollowsTheProtocol(t *testing.T) {
	steps := []struct {
		loss, score float64
		best        bool
		rate        float64
	}{
		{10, 0.3, true, 1},
		{9, 0.2, false, 1},
		{9, 0.3, true, 1},     // a tie, and the first epoch without a better loss
		{9.5, 0.5, true, 0.1}, // the second: patience is over
		{8, 0.4, false, 0.1},
		{8, 0.4, false, 0.1},
		{8, 0.4, false, 0.05}, // not below the floor
	}
	var epochs [][2]float64
	for _, s := range steps {
		epochs = append(epochs, [2]float64{s.loss, s.score})
	}
	s, newTrainer := script(Plateau{Factor: 0.1, Patience: 1, MinRate: 0.05}, 1, epochs)
	r, err := newRun(&pipeline.Cell{}, newTrainer)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range steps {
		if _, err := r.epoch(t.Context(), i+1); err != nil {
			t.Fatal(err)
		}
		if best := r.BestEpoch == i+1; best != want.best || math.Abs(s.plateau.Rate-want.rate) > 1e-12 {
			t.Errorf("epoch %d: best %v, rate %g; want %v, %g", i+1, best, s.plateau.Rate, want.best, want.rate)
		}
	}
	if r.BestEpoch != 4 || r.BestScore != 0.5 || r.best[checkpoints.Model][0].F32[0] != 4 {
		t.Errorf("the best epoch is %d with %g and weights %v, want 4 with 0.5", r.BestEpoch, r.BestScore, r.best)
	}
}

func TestScoreThatIsNotANumberIsRefused(t *testing.T) {
	_, newTrainer := script(Plateau{}, 1, [][2]float64{{1, math.NaN()}})
	err := Run(t.Context(), &pipeline.Cell{OutDir: t.TempDir()}, newTrainer)
	if err == nil || !strings.Contains(err.Error(), "epoch 1: the score is NaN") {
		t.Errorf("error %v, want one that names the epoch and the score", err)
	}
}

// TestWhatIsWrittenIsRead checks the artifact of a training that was interrupted and resumed.
func TestWhatIsWrittenIsRead(t *testing.T) {
	epochs := [][2]float64{{3, 0.1}, {2, 0.4}, {1, 0.2}, {1, 0.3}}
	cell := &pipeline.Cell{OutDir: t.TempDir(), WorkDir: t.TempDir()}
	_, newTrainer := script(Plateau{}, 1, epochs)
	r, err := newRun(cell, newTrainer)
	if err != nil {
		t.Fatal(err)
	}
	for epoch := 1; epoch <= 3; epoch++ {
		if _, err := r.epoch(t.Context(), epoch); err != nil {
			t.Fatal(err)
		}
	}
	r.save()
	fresh, newTrainer := script(Plateau{}, 1, epochs)
	if err := Run(t.Context(), cell, newTrainer); err != nil {
		t.Fatal(err)
	}
	if fresh.epoch != 4 {
		t.Errorf("the training ended after epoch %d", fresh.epoch)
	}
	a, err := pipeline.DirArtifact(cell.OutDir)
	if err != nil {
		t.Fatal(err)
	}
	s, err := checkpoints.Read(a)
	if err != nil {
		t.Fatal(err)
	}
	if s.BestEpoch != 2 || s.LastEpoch != 4 || s.BestScore != 0.4 || s.SelectedBy != "score" {
		t.Errorf("training.json has %+v", s.Training)
	}
	curves, err := s.Curves()
	if err != nil || len(curves) != 4 || curves[3].Epoch != 4 || curves[3].Value != 1 {
		t.Errorf("curves %v, %v", curves, err)
	}
	for checkpoint, want := range map[string]float32{checkpoints.Best: 2, checkpoints.Last: 4} {
		file, err := s.Weights(checkpoint, checkpoints.Model)
		if err != nil || file["epoch"].F32[0] != want {
			t.Errorf("the %s checkpoint is of epoch %v, want %g (%v)", checkpoint, file["epoch"].F32, want, err)
		}
	}
}

func TestOrderIsRestored(t *testing.T) {
	o := NewOrder(5, random.NewStreams(1))
	o.Shuffle()
	file := safetensors.File{orderTensor: o.Tensor()}
	other := NewOrder(5, random.NewStreams(2))
	if err := other.Restore(file); err != nil || other.Rows[0] != o.Rows[0] || other.Rows[4] != o.Rows[4] {
		t.Errorf("order %v, want %v (%v)", other.Rows, o.Rows, err)
	}
	if err := NewOrder(4, random.NewStreams(1)).Restore(file); err == nil {
		t.Error("an order of five rows is taken for one of four")
	}
}

// A checkpoint of another processor, build or backend is not used: the rest of the training would
// round in another way, and no machine could give its result again.
func TestCheckpointOfAnotherProcessorStartsAnew(t *testing.T) {
	epochs := [][2]float64{{3, 0.1}, {2, 0.4}, {1, 0.2}}
	for name, c := range map[string]struct {
		change func(*numeric.Signature)
		want   string // of the note; "": the training goes on
	}{
		"the same": {func(*numeric.Signature) {}, ""},
		"SIMD":     {func(s *numeric.Signature) { s.Products = "AVX-1024" }, "it was written with AVX-1024 in matrix products, and this process computes with "},
		"build":    {func(s *numeric.Signature) { s.Level = "GOAMD64=v9" }, "it was written with GOAMD64=v9, and this process computes with "},
		"library": {func(s *numeric.Signature) { s.Engine = &numeric.Engine{Build: "onnxruntime v9", Threads: 2} },
			"it was written with onnxruntime v9, 2 threads, and this process computes with "},
	} {
		var notes []string
		cell := &pipeline.Cell{Backend: "go", OutDir: t.TempDir(), WorkDir: t.TempDir(), OnNote: func(text string) { notes = append(notes, text) }}
		_, newTrainer := script(Plateau{}, 1, epochs)
		r, err := newRun(cell, newTrainer)
		if err != nil {
			t.Fatal(err)
		}
		for epoch := 1; epoch <= 2; epoch++ {
			if _, err := r.epoch(t.Context(), epoch); err != nil {
				t.Fatal(err)
			}
		}
		c.change(&r.numeric)
		r.save()
		_, newTrainer = script(Plateau{}, 1, epochs)
		r, err = begin(cell, newTrainer)
		if err != nil {
			t.Fatal(err)
		}
		note := strings.Join(notes, "\n")
		if want := map[bool]int{true: 2, false: 0}[c.want == ""]; r.Epoch != want || !strings.Contains(note, c.want) || (c.want == "") != (note == "") {
			t.Errorf("%s: it goes on after epoch %d, want %d; note %q, want %q", name, r.Epoch, want, note, c.want)
		}
		if c.want != "" && !strings.Contains(note, "the training starts anew") {
			t.Errorf("%s: note %q does not say what happens", name, note)
		}
	}
	_, newTrainer := script(Plateau{}, 1, epochs)
	r, err := newRun(&pipeline.Cell{}, newTrainer)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.restore(saved{Layout: 1}, nil); err == nil || !strings.Contains(err.Error(), "a processor that is not known") {
		t.Errorf("a checkpoint of an older foil: %v", err)
	}
}
