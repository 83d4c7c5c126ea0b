package advxmultvae

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"foil/internal/checkpoint"
	"foil/internal/kindtest"
	"foil/internal/safetensors"
	"foil/pipeline"
)

// interrupted trains for some epochs, begins the next epoch and stops. It returns the folder
// with the checkpoint.
func interrupted(t *testing.T, data pipeline.Artifact, epochs int) string {
	t.Helper()
	return kindtest.Interrupted(t, Kind(), tinyParams(), *cellOf(data, ""), epochs)
}

func cellOf(data pipeline.Artifact, work string) *pipeline.Cell {
	return &pipeline.Cell{
		Seed: 7, Backend: "go", WorkDir: work,
		Inputs: map[string]pipeline.Artifact{"data": data},
	}
}

func TestInterruptedTrainingEndsInTheSameBytes(t *testing.T) {
	data := kindtest.Split(t)
	want := mustTrain(t, data, tinyParams(), 7, 1).Digest()
	for _, epochs := range []int{1, 4, 9} {
		cell := cellOf(data, interrupted(t, data, epochs))
		var log strings.Builder
		cell.OnLog = &log
		got := kindtest.MustRun(t, Kind(), tinyParams(), cell).Digest()
		if got != want {
			t.Errorf("interrupted after epoch %d, the training ends in other bytes", epochs)
		}
		if begun := strings.Count(log.String(), "\nepoch "); begun != tinyParams().Epochs-epochs {
			t.Errorf("%d epochs were trained after a checkpoint of epoch %d:\n%s", begun, epochs, log.String())
		}
	}
}

func TestDamagedCheckpointStartsAnew(t *testing.T) {
	data := kindtest.Split(t)
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
	if kindtest.MustRun(t, Kind(), tinyParams(), cell).Digest() != mustTrain(t, data, tinyParams(), 7, 1).Digest() {
		t.Error("after a damaged checkpoint the training ends in other bytes")
	}
	if len(notes) != 1 || !strings.Contains(notes[0], "starts anew") {
		t.Errorf("notes %q, want one that says that the training starts anew", notes)
	}
}

// TestCheckpointThatDoesNotFitStartsAnew takes away, one by one, what a training
// cannot go on without.
func TestCheckpointThatDoesNotFitStartsAnew(t *testing.T) {
	data := kindtest.Split(t)
	work := interrupted(t, data, 4)
	path := filepath.Join(work, "training")
	const layout = 2 // of package training
	var state map[string]any
	file, err := checkpoint.Load(path, layout, &state)
	if err != nil {
		t.Fatal(err)
	}
	want := mustTrain(t, data, tinyParams(), 7, 1).Digest()
	for _, lost := range []string{"order", "best//encoder.layers.linear_0.bias", "first.decoder.layers.linear_0.weight", "stream order", "layout"} {
		var tensors []safetensors.Tensor
		for name, tensor := range file {
			if name != lost && tensor.U8 == nil {
				tensors = append(tensors, tensor)
			}
		}
		less := maps.Clone(state)
		streams := maps.Clone(state["Streams"].(map[string]any))
		delete(streams, strings.TrimPrefix(lost, "stream "))
		less["Streams"] = streams
		if lost == "layout" {
			less["Layout"] = stateLayout + 1
		}
		if err := checkpoint.Save(path, layout, less, tensors); err != nil {
			t.Fatal(err)
		}
		cell := cellOf(data, work)
		var notes []string
		cell.OnNote = func(text string) { notes = append(notes, text) }
		if kindtest.MustRun(t, Kind(), tinyParams(), cell).Digest() != want {
			t.Errorf("without %q the training ends in other bytes", lost)
		}
		if len(notes) != 1 || !strings.Contains(notes[0], "starts anew") {
			t.Errorf("without %q: notes %q, want one that says that the training starts anew", lost, notes)
		}
	}
}

func TestTrainingGoesOnWithoutRoomForCheckpoints(t *testing.T) {
	data := kindtest.Split(t)
	work := t.TempDir()
	if err := os.MkdirAll(filepath.Join(work, "training.new", "in the way"), 0o777); err != nil { // where it is written
		t.Fatal(err)
	}
	cell := cellOf(data, work)
	var notes []string
	cell.OnNote = func(text string) { notes = append(notes, text) }
	cell.CheckpointEvery = 1
	if got := kindtest.MustRun(t, Kind(), tinyParams(), cell).Digest(); got != mustTrain(t, data, tinyParams(), 7, 1).Digest() {
		t.Error("without room for checkpoints the training ends in other bytes")
	}
	if len(notes) != 1 || !strings.Contains(notes[0], "interruption") {
		t.Errorf("notes %q, want one about the checkpoint that could not be written", notes)
	}
}
