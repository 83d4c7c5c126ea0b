package main

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"foil/internal/testenv"
)

// peersSeed is a line of seeds.py.
type peersSeed struct {
	Seed, Epochs   int
	Clean, Learned float64
	PGD            map[string]float64
	Loss           map[string]float64
	Flat           map[string][]int `json:"flat_gradients"`
	Curve          []struct {
		Rate      float64
		Training  map[string]float64
		Selection map[string]struct{ Accuracy, Loss float64 }
	}
}

// peersPython returns the interpreter that has PyTorch. Without one, the test is skipped.
func peersPython(t *testing.T) string {
	t.Helper()
	python := os.Getenv("PEER_PYTHON")
	if python == "" {
		python, _ = filepath.Abs("../../../.peer/bin/python")
	}
	if _, err := exec.LookPath(python); err != nil {
		t.Skipf("no Python with PyTorch (%v): make bench-l2l installs one, or PEER_PYTHON names one", err)
	}
	return python
}

// TestSeedsOfPyTorch trains on one image of each class for as many epochs as the rate needs to fall
// twice.
func TestSeedsOfPyTorch(t *testing.T) {
	python := peersPython(t)
	file := filepath.Join(t.TempDir(), "seeds.jsonl")
	data := testenv.CIFAR10(t)
	run := func(last string) (told string, lines []string) {
		c := exec.Command(python, "seeds.py", file, "--seeds", "3", last, "--epochs", "13", "--per-class", "1", "1")
		c.Env = append(os.Environ(), "FOIL_DATA="+data)
		text, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(text), strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")
	}

	_, first := run("3")
	if len(first) != 1 {
		t.Fatalf("%d lines, want 1: %q", len(first), first)
	}
	var s peersSeed
	if err := json.Unmarshal([]byte(first[0]), &s); err != nil {
		t.Fatal(err)
	}
	if s.Seed != 3 || s.Epochs != 13 || len(s.Curve) != 13 || len(s.PGD) != 3 {
		t.Fatalf("%+v, want seed 3 after 13 epochs under PGD-10, 20 and 100", s)
	}
	for epoch, want := range map[int]float64{1: 0.05, 8: 0.05, 9: 0.005, 12: 0.005, 13: 0.0005} {
		if rate := s.Curve[epoch-1].Rate; math.Abs(rate-want) > 1e-9 {
			t.Errorf("the rate in epoch %d is %g, want %g", epoch, rate, want)
		}
	}
	for name, loss := range s.Loss {
		if !(loss > 0) || loss != s.Curve[12].Selection[name].Loss {
			t.Errorf("loss %s is %g, want that of the last epoch, %+v", name, loss, s.Curve[12].Selection)
		}
	}
	if want := (s.Loss["learned"] - s.Loss["clean"]) / (s.Loss["pgd"] - s.Loss["clean"]); math.Abs(s.Learned-want) > 1e-9 {
		t.Errorf("learned is %g, want %g", s.Learned, want)
	}
	for _, turn := range []string{"classifier", "attacker"} {
		if len(s.Flat[turn]) != 13 {
			t.Errorf("zero gradients of the %s: %v, want 13 numbers", turn, s.Flat[turn])
		}
	}

	told, both := run("4")
	if len(both) != 2 || both[0] != first[0] || !strings.Contains(told, "seed 3 is there") || !strings.Contains(both[1], `"seed": 4,`) {
		t.Errorf("seed 4 was to be added:\n%s\n%s", strings.Join(both, "\n"), told)
	}
}

// TestPeersZeroGradient makes a step from a classifier whose last layer is all zero. So the gradient
// in the images is zero, until the layer is trained.
func TestPeersZeroGradient(t *testing.T) {
	const script = `
import torch, step
torch.manual_seed(1)
f, g = step.ResNet9(16, 10), step.Slim(6, 32)
torch.nn.init.zeros_(f.fc.weight)
game = step.GradGame(f, g)
flat = game.step(torch.rand(4, 3, 32, 32), torch.arange(4))[1]
finite = all(v.isfinite().all() for n in (f, g) for v in n.state_dict().values())
print("zero", flat, "finite", finite)
`
	text, err := exec.Command(peersPython(t), "-B", "-c", script).CombinedOutput()
	if want := "zero {'classifier': True, 'attacker': False} finite True"; err != nil || !strings.Contains(string(text), want) {
		t.Errorf("error %v; want %s:\n%s", err, want, text)
	}
}
