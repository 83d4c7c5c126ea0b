package train

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"foil/internal/checkpoint"
	"foil/internal/safetensors"
	"foil/pipeline"
	"foil/stages/stagetest"
)

// interrupted trains for some epochs, saves, begins the next epoch and stops. It
// returns the folder with the checkpoint.
func interrupted(t *testing.T, data pipeline.Artifact, epochs int) string {
	t.Helper()
	cell := cellOf(data, t.TempDir())
	tr, err := newTraining(cell)
	if err != nil {
		t.Fatal(err)
	}
	for epoch := 1; epoch <= epochs; epoch++ {
		if err := tr.epoch(context.Background(), epoch); err != nil {
			t.Fatal(err)
		}
	}
	tr.save(epochs)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := tr.epoch(ctx, epochs+1); err == nil {
		t.Fatal("an interrupted epoch ended well")
	}
	return cell.WorkDir
}

func cellOf(data pipeline.Artifact, work string) *pipeline.Cell {
	return &pipeline.Cell{
		Params: tinyParams(), Seed: 7, Backend: "go", WorkDir: work,
		Inputs: map[string]pipeline.Artifact{"data": data},
	}
}

func TestInterruptedTrainingEndsInTheSameBytes(t *testing.T) {
	data := stagetest.Split(t)
	want := mustTrain(t, data, tinyParams(), 7, 1).Digest()
	for _, epochs := range []int{1, 4, 9} {
		cell := cellOf(data, interrupted(t, data, epochs))
		var log strings.Builder
		cell.OnLog = &log
		got := stagetest.MustRun(t, AdvXMultVAE(), cell).Digest()
		if got != want {
			t.Errorf("interrupted after epoch %d, the training ends in other bytes", epochs)
		}
		if begun := strings.Count(log.String(), "\nepoch "); begun != tinyParams().Epochs-epochs {
			t.Errorf("%d epochs were trained after a checkpoint of epoch %d:\n%s", begun, epochs, log.String())
		}
	}
}

func TestDamagedCheckpointStartsAnew(t *testing.T) {
	data := stagetest.Split(t)
	work := interrupted(t, data, 4)
	path := filepath.Join(work, "training")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)/2] ^= 1
	if err := os.WriteFile(path, raw, 0o666); err != nil {
		t.Fatal(err)
	}
	cell := cellOf(data, work)
	var notes []string
	cell.OnNote = func(text string) { notes = append(notes, text) }
	if stagetest.MustRun(t, AdvXMultVAE(), cell).Digest() != mustTrain(t, data, tinyParams(), 7, 1).Digest() {
		t.Error("after a damaged checkpoint the training ends in other bytes")
	}
	if len(notes) != 1 || !strings.Contains(notes[0], "starts anew") {
		t.Errorf("notes %q, want one that says that the training starts anew", notes)
	}
}

// TestCheckpointThatDoesNotFitStartsAnew takes away, one by one, what a training
// cannot go on without.
func TestCheckpointThatDoesNotFitStartsAnew(t *testing.T) {
	data := stagetest.Split(t)
	work := interrupted(t, data, 4)
	path := filepath.Join(work, "training")
	var p progress
	file, err := checkpoint.Load(path, stateLayout, &p)
	if err != nil {
		t.Fatal(err)
	}
	want := mustTrain(t, data, tinyParams(), 7, 1).Digest()
	for _, lost := range []string{"order", "best.encoder.layers.linear_0.bias", "first.decoder.layers.linear_0.weight", "stream order"} {
		var tensors []safetensors.Tensor
		for name, tensor := range file {
			if name != lost && tensor.U8 == nil {
				tensors = append(tensors, tensor)
			}
		}
		q := p
		q.Streams = maps.Clone(p.Streams)
		delete(q.Streams, strings.TrimPrefix(lost, "stream "))
		if err := checkpoint.Save(path, stateLayout, q, tensors); err != nil {
			t.Fatal(err)
		}
		cell := cellOf(data, work)
		var notes []string
		cell.OnNote = func(text string) { notes = append(notes, text) }
		if stagetest.MustRun(t, AdvXMultVAE(), cell).Digest() != want {
			t.Errorf("without %q the training ends in other bytes", lost)
		}
		if len(notes) != 1 || !strings.Contains(notes[0], "starts anew") {
			t.Errorf("without %q: notes %q, want one that says that the training starts anew", lost, notes)
		}
	}
}

func TestTrainingGoesOnWithoutRoomForCheckpoints(t *testing.T) {
	data := stagetest.Split(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	cell := cellOf(data, filepath.Join(file, "no folder"))
	var notes []string
	cell.OnNote = func(text string) { notes = append(notes, text) }
	tr, err := newTraining(cell)
	if err != nil {
		t.Fatal(err)
	}
	if err := tr.epoch(context.Background(), 1); err != nil {
		t.Fatal(err)
	}
	tr.save(1)
	if len(notes) != 1 || !strings.Contains(notes[0], "interruption") {
		t.Errorf("notes %q, want one about the checkpoint that could not be written", notes)
	}
}
