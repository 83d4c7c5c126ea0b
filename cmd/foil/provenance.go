package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"foil/internal/digest"
	"foil/pipeline"
)

// provenanceFile lies beside a published report and says what it was made of,
// which the report cannot: reports hold nothing in which two identical runs differ.
const provenanceFile = "provenance.json"

// A provenance says how a report came about.
type provenance struct {
	Experiment string   `json:"experiment"`
	Cites      string   `json:"cites,omitempty"`
	Command    []string `json:"command"`
	Seed       int64    `json:"seed"`
	Vars       string   `json:"vars,omitempty"` // as they were in this run
	Changes    []string `json:"set,omitempty"`  // --set
	Backend    string   `json:"backend"`

	Sources map[string]digest.Digest `json:"sources,omitempty"` // data from outside, by name

	Report string      `json:"report,omitempty"` // the cell that made it
	Key    *digest.Key `json:"key,omitempty"`    // its key

	Cells        int     `json:"cells"`
	WallSeconds  float64 `json:"cells_wall_seconds"` // of all cells together, whenever they were made
	Foil         string  `json:"foil"`
	Go           string  `json:"go"`
	Platform     string  `json:"platform"`
	Processor    string  `json:"processor,omitempty"`
	Cores        int     `json:"cores"`
	GoExperiment string  `json:"goexperiment,omitempty"`
}

func newProvenance(g *pipeline.Graph, plan *pipeline.Plan, result *pipeline.Result, sets []string, backend string) provenance {
	p := provenance{
		Experiment: g.Spec.Name, Cites: g.Spec.Cites, Command: append([]string{"foil"}, os.Args[1:]...),
		Seed: g.Spec.Seed, Vars: g.Spec.Vars.String(), Changes: sets, Backend: backend,
		Sources: map[string]digest.Digest{}, Cells: len(result.Outcomes),
		Foil: version(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Processor: processor(), Cores: runtime.NumCPU(), GoExperiment: goExperiment(),
	}
	for _, c := range plan.Cells {
		for _, s := range c.Sources() {
			p.Sources[s.Name] = s.Digest
		}
	}
	for _, o := range result.Outcomes {
		if o.Record != nil {
			p.WallSeconds += o.Record.WallSeconds
		}
	}
	return p
}

// An origin is what is written beside a published report.
type origin struct {
	provenance
	cellCosts
}

func (o origin) write(dir string) error {
	return errors.Join(o.provenance.write(dir), o.cellCosts.write(dir))
}

func (p provenance) write(dir string) error {
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	_, err = writeIfChanged(filepath.Join(dir, provenanceFile), append(text, '\n'))
	return err
}

// processor is the name of the processor, where the system tells it.
func processor() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(info)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
