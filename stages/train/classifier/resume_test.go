package classifier

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"foil/internal/kindtest"
	"foil/pipeline"
)

// interrupted trains for some epochs, begins the next epoch and stops. It returns the cell with
// the checkpoint.
func interrupted(t *testing.T, data pipeline.Artifact, p *Params, epochs int) *pipeline.Cell {
	t.Helper()
	cell := pipeline.Cell{
		Seed: 7, Backend: "go", Cores: 1, Inputs: map[string]pipeline.Artifact{"data": data},
	}
	cell.WorkDir = kindtest.Interrupted(t, Kind(), p, cell, epochs)
	return &cell
}

// epochLine is what the log says of an epoch: at its end how long it took, which is no
// part of the bytes.
var epochLine = regexp.MustCompile(`(?m)^epoch \d+: loss .*, rate [0-9.e-]+, \d+\.\d s$`)

func TestInterruptedTrainingEndsInTheSameBytes(t *testing.T) {
	data := textures(t)
	for _, method := range methods {
		p := tinyParams(method)
		if method == "trades" { // one of them with a network that drops features
			p.Network.Name, p.Network.Width = "small-cnn", 2
		}
		want := train(t, data, p, 7, 1).Digest()
		for _, epochs := range []int{1, 2} {
			cell := interrupted(t, data, p, epochs)
			var log strings.Builder
			cell.OnLog = &log
			if got := kindtest.MustRun(t, Kind(), p, cell).Digest(); got != want {
				t.Errorf("%s: interrupted after epoch %d, the training ends in other bytes", method, epochs)
			}
			if begun := len(epochLine.FindAllString(log.String(), -1)); begun != p.Epochs-epochs {
				t.Errorf("%s: %d epochs were trained after a checkpoint of epoch %d", method, begun, epochs)
			}
		}
	}
}

func TestADamagedCheckpointStartsTheTrainingAnew(t *testing.T) {
	data := textures(t)
	p := tinyParams("plain")
	want := train(t, data, p, 7, 1).Digest()
	cell := interrupted(t, data, p, 1)
	path := filepath.Join(cell.WorkDir, "training")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	if err := os.WriteFile(path, text, 0o666); err != nil {
		t.Fatal(err)
	}
	var notes []string
	cell.OnNote = func(text string) { notes = append(notes, text) }
	if got := kindtest.MustRun(t, Kind(), p, cell).Digest(); got != want {
		t.Error("the training ends in other bytes")
	}
	if len(notes) != 1 || !strings.Contains(notes[0], "starts anew") {
		t.Errorf("notes %q, want one that the training starts anew", notes)
	}
}
