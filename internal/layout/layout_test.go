package pipeline

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Imports point one way: cmd -> stages, pipeline, results; stages -> pipeline,
// spec, models, results, internal; pipeline -> spec, internal/store/disk; models ->
// GoMLX alone.
func TestImportsPointOneWay(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command")
	}
	const (
		gomlx = "github.com/gomlx/"
		arrow = "github.com/apache/arrow"
	)
	for _, layer := range []struct {
		folder    string
		forbidden []string
	}{
		{"spec", []string{"foil/", gomlx, arrow}},
		{"internal/store", []string{"foil/cmd", "foil/spec", "foil/pipeline", "foil/stages", "foil/models", "foil/internal/artifact", gomlx, arrow}},
		{"pipeline", []string{"foil/stages", "foil/models", "foil/internal/report", "foil/cmd", "foil/internal/artifact", "foil/internal/dataset", gomlx, arrow}},
		{"models", []string{"foil/spec", "foil/pipeline", "foil/stages", "foil/internal/report", "foil/cmd", "foil/internal/store/disk", arrow}},
		{"internal/report", []string{"foil/stages", "foil/models", "foil/pipeline", "foil/cmd", gomlx}},
		{"internal/artifact", []string{"foil/stages", "foil/models", "foil/internal/training", "foil/cmd", gomlx}},
		{"internal/training", []string{"foil/stages", "foil/cmd"}},
		{"stages", []string{"foil/cmd"}},
	} {
		if _, err := os.Stat(filepath.Join("..", layer.folder)); err != nil {
			continue // not written yet
		}
		out, err := exec.Command("go", "list", "-e", "-deps", "../"+layer.folder+"/...").Output()
		if err != nil {
			t.Errorf("%s: %v", layer.folder, err)
		}
		for _, dep := range strings.Fields(string(out)) {
			if dep == "foil/"+layer.folder || strings.HasPrefix(dep, "foil/"+layer.folder+"/") {
				continue
			}
			for _, f := range layer.forbidden {
				if strings.HasPrefix(dep, f) {
					t.Errorf("%s must not import %s", layer.folder, dep)
				}
			}
		}
	}
}
