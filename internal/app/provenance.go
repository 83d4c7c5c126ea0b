package app

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"strings"

	"foil/internal/digest"
	"foil/internal/numeric"
	"foil/internal/publish"
	"foil/internal/report/render"
	"foil/internal/store"
	"foil/pipeline/run"
)

// A Provenance describes how a published report was made, and lists its files. It holds data that
// differs between runs; reports hold none.
type Provenance struct {
	Experiment string   `json:"experiment"`
	Cites      string   `json:"cites,omitempty"`
	Mode       string   `json:"mode,omitempty"`
	Command    []string `json:"command"`
	Seed       int64    `json:"seed"`
	Vars       string   `json:"vars,omitempty"` // with the changes of --set
	Changes    []string `json:"set,omitempty"`  // --set
	Only       []string `json:"only,omitempty"` // --only
	Backend    string   `json:"backend"`

	Sources map[string]digest.Digest `json:"sources,omitempty"` // external data, by name

	Cells        int     `json:"cells"`
	WallSeconds  float64 `json:"cells_wall_seconds"` // sum over all cells that did work, whenever they were made
	Foil         string  `json:"foil"`
	Go           string  `json:"go"`
	Platform     string  `json:"platform"`
	Processor    string  `json:"processor,omitempty"`
	Cores        int     `json:"cores"`
	GoExperiment string  `json:"goexperiment,omitempty"`

	// Numeric is what computed the numbers of the report, and Mixed says in words where that
	// differs. The fields above describe the machine that published it.
	Numeric []numeric.Group `json:"numeric,omitempty"`
	Mixed   string          `json:"mixed,omitempty"`

	publish.Manifest
}

func (v *View) provenance(result *run.Result, by *Publisher) Provenance {
	s := v.Plan.Graph.Spec
	p := Provenance{
		Experiment: s.Name, Cites: s.Cites, Mode: s.Mode, Command: by.Command,
		Seed: s.Seed, Vars: s.Vars.String(), Changes: by.Sets, Only: by.Only, Backend: v.Plan.Options.Numeric.Backend,
		Sources: map[string]digest.Digest{}, Cells: len(result.Outcomes),
		Foil: Version(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Processor: processor(), Cores: runtime.NumCPU(), GoExperiment: GoExperiment(),
	}
	for _, c := range v.Plan.Cells {
		for _, s := range c.Sources {
			p.Sources[s.Name] = s.Digest
		}
	}
	for _, o := range paid(result) {
		p.WallSeconds += o.Record.WallSeconds
	}
	return p
}

// paid are the outcomes with a record. Of the cells that share a result, it has the first one, so
// that the sum of all costs is what was paid.
func paid(result *run.Result) (first []*run.Outcome) {
	known := map[digest.Key]bool{}
	for _, o := range result.Outcomes {
		if o.Record != nil && !known[o.Key] {
			known[o.Key] = true
			first = append(first, o)
		}
	}
	return first
}

// with returns the provenance of one report, whose cells were computed in these ways.
func (p Provenance) with(m publish.Manifest, computed []numeric.Group) Provenance {
	p.Manifest, p.Numeric, p.Mixed = m, computed, numeric.Mixed(computed)
	return p
}

// processor is the name of the processor, if the system provides it.
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

// costsText is the content of costs.csv: the costs of the cells of a run when they were made, one
// figure per line: wall time, processor time, peak memory, and the timings that a cell measures
// itself, such as the seconds of an epoch.
func costsText(result *run.Result) ([]byte, error) {
	var text bytes.Buffer
	lines := [][]string{{"cell", "figure", "unit", "value"}}
	for _, o := range paid(result) {
		lines = append(lines, costLines(o.Node.ID, o.Record)...)
	}
	err := render.WriteCSV(&text, lines)
	return text.Bytes(), err
}

func costLines(cell string, r *store.Record) (lines [][]string) {
	add := func(figure, unit string, v float64) {
		lines = append(lines, []string{cell, figure, unit, strconv.FormatFloat(v, 'g', 6, 64)})
	}
	add("wall", "s", r.WallSeconds)
	if r.CPUSeconds > 0 {
		add("cpu", "s", r.CPUSeconds)
	}
	if r.PeakMemory > 0 {
		add("peak memory", "MB", float64(r.PeakMemory)/1e6)
	}
	for _, t := range r.Timings {
		add(t.Name, "s", t.Seconds)
	}
	return lines
}
