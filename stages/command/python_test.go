//go:build unix

package command

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/internal/kindtest"
	"foil/pipeline"
	"foil/spec"
)

// packageFolder is the folder of the Python package.
func packageFolder(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../../python/src")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPythonPackage(t *testing.T) {
	cmd := exec.Command(python(t, "pyarrow"), "-m", "unittest", "discover", "../../python/tests")
	cmd.Env = append(os.Environ(), "PYTHONPATH="+packageFolder(t), "PYTHONDONTWRITEBYTECODE=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// Each function of the package writes an output that is taken.
func TestPythonPackageInCells(t *testing.T) {
	path := python(t, "pyarrow numpy")
	data := kindtest.Split(t)
	for _, c := range []struct {
		of, outputs, script string
	}{
		{artifact.TypeLatents, "latents.arrow", `
z = np.arange(120.0).reshape(60, 2)
foil.write_latents(z)`},
		{artifact.TypeLatents, "latents.arrow", `
users = foil.inputs["data"].table("users").num_rows
foil.write_latents([[float(u), 1.0] for u in reversed(range(users))], users=list(reversed(range(users))))`},
		{artifact.TypeLatents, "latents.arrow", `
foil.write_latents(np.ones((120, 3), "float16"), users=np.tile(np.arange(60), 2), checkpoint=["best"] * 60 + ["last"] * 60)`},
		{artifact.TypeScores, "scores.npy", `
foil.write_scores(np.asfortranarray(np.random.default_rng(0).normal(size=(60, 20))))`},
		{artifact.TypeScores, "scores.npy", `
foil.write_scores([[float(i) for i in range(20)] for _ in range(60)])`},
		{artifact.TypeScores, "scores.arrow", `
user, item = np.divmod(np.arange(1200), 20)
foil.write_lists(user, item, -item.astype(float))`},
		{artifact.TypeRecommender, "last.safetensors model.json", `
weights = {"down": np.ones((3, 20)), "bias": np.zeros(3), "up": np.ones((20, 3), "float32"), "unused": np.zeros(1)}
foil.write_model(weights, input="mean", encoder=[{"weight": "down", "bias": "bias", "activation": "relu"}], decoder=[{"weight": "up"}])`},
		{artifact.TypeImages, "images.npz classes.arrow", `
images = np.zeros((2, 3, 8, 8), np.uint8)
foil.write_images(images, [0, 1], images[:1], np.array([1]), classes=["cat", "dog"])`},
		{artifact.TypeMetrics, "metrics.json", `
foil.write_metrics([{"name": "ndcg", "k": foil.params["k"], "value": np.float32(0.5)}])`},
		{artifact.TypeMetrics, "outcomes.arrow", `
foil.write_outcomes({"user": np.arange(3), "ndcg@10": [0.5, 1, 0.25]})`},
	} {
		p := &Params{Run: []spec.Text{spec.Text(path), "program.py"}, Type: c.of, Outputs: strings.Fields(c.outputs),
			Env: map[string]spec.Text{"PYTHONPATH": spec.Text(packageFolder(t)), "PYTHONDONTWRITEBYTECODE": "1"}, Params: map[string]spec.Value{"k": {Type: spec.Int, Int: 10}}}
		done := int64(0)
		cell := newCell(t)
		cell.WorkDir = t.TempDir()
		cell.OnProgress = func(p pipeline.Progress) { done = p.Done }
		cell.Inputs = map[string]pipeline.Artifact{"data": data}
		text := "import foil\nimport numpy as np\n" + c.script + "\nfoil.progress(7, loss=0.5)\n(foil.checkpoint_dir / 'x').touch()\n"
		cell.Sources = []pipeline.Source{{Name: "program.py", Content: []byte(text)}}
		if _, err := kindtest.Run(t, Command(), p, cell); err != nil {
			t.Errorf("%s: %v", c.script, err)
			continue
		}
		if _, err := os.Stat(filepath.Join(cell.WorkDir, "x")); err != nil || done != 7 {
			t.Errorf("%s: progress %d, checkpoint %v", c.script, done, err)
		}
	}
}
