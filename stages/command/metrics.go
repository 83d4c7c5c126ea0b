package command

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"foil/internal/artifact"
	"foil/pipeline"
)

// checkMetrics checks an output of type metrics. Outcomes are optional.
func checkMetrics(path artifact.PathFunc) error {
	p, err := path(artifact.MetricsFile)
	if err == nil {
		_, err = artifact.ReadMetrics(p)
	}
	if err != nil {
		return err
	}
	if p, err = path(artifact.OutcomesFile); err == nil && exists(p) {
		_, err = artifact.ReadOutcomes(p)
	}
	return err
}

// textTables are files in which a program may write tables. foil adds each table, unless the program has
// written it, too.
var textTables = []struct {
	file, table string
	parse       func([]byte) (write func(io.Writer) error, err error)
}{
	{artifact.MetricsCSVFile, artifact.MetricsFile, parser(artifact.ParseMetricsCSV, artifact.WriteMetrics)},
	{artifact.MetricsJSONFile, artifact.MetricsFile, parser(artifact.ParseMetricsJSON, artifact.WriteMetrics)},
	{artifact.OutcomesCSVFile, artifact.OutcomesFile, parser(artifact.ParseOutcomesCSV, artifact.WriteOutcomes)},
}

func parser[T any](parse func([]byte) (T, error), write func(io.Writer, T) error) func([]byte) (func(io.Writer) error, error) {
	return func(raw []byte) (func(io.Writer) error, error) {
		v, err := parse(raw)
		return func(w io.Writer) error { return write(w, v) }, err
	}
}

// convertTexts adds the tables of texts.
func convertTexts(dir string) (converted bool, err error) {
	create := func(name string) (*os.File, error) { return os.Create(filepath.Join(dir, name)) }
	for _, text := range textTables {
		if exists(filepath.Join(dir, text.table)) {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(dir, text.file))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return false, err
		}
		write, err := text.parse(raw)
		if err != nil {
			return false, fmt.Errorf("%s/%s: %w", outDir, text.file, err)
		}
		if err := artifact.WriteFile(create, text.table, write); err != nil {
			return false, fmt.Errorf("%s/%s: %w", outDir, text.file, err)
		}
		converted = true
	}
	return converted, nil
}

// addMetrics adds the means of outcomes that stand alone.
func addMetrics(dir string) error {
	outcomes, metrics := filepath.Join(dir, artifact.OutcomesFile), filepath.Join(dir, artifact.MetricsFile)
	if exists(metrics) || !exists(outcomes) {
		return nil
	}
	if _, err := artifact.Convert(artifact.OutcomesFile, outcomes); err != nil {
		return of(artifact.OutcomesFile, err)
	}
	o, err := artifact.ReadOutcomes(outcomes)
	if err != nil {
		return err
	}
	create := func(string) (*os.File, error) { return os.Create(metrics) }
	return artifact.WriteFile(create, artifact.MetricsFile, func(w io.Writer) error { return artifact.WriteMetrics(w, o.Metrics()) })
}

// exists reports whether there is something under a name, if only a link.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// rounding is the difference between a metric and the mean of its outcomes that a program may cause
// by writing the metric with few digits.
const rounding = 1e-4

// compareOutcomes returns an error for metrics that are not the mean of their outcomes: statistics of
// a report use the outcomes. It notes outcomes that belong to no metric.
func compareOutcomes(cell *pipeline.Cell, dir string) error {
	path := filepath.Join(dir, artifact.OutcomesFile)
	if !exists(path) {
		return nil
	}
	outcomes, err := artifact.ReadOutcomes(path)
	if err != nil {
		return err
	}
	metrics, err := artifact.ReadMetrics(filepath.Join(dir, artifact.MetricsFile))
	if err != nil {
		return err
	}
	none := true
	var errs []error
	for _, m := range metrics {
		values, found := outcomes.Of(m.Name, m.K, m.Group, m.Split, m.Checkpoint)
		if !found {
			continue
		}
		none = false
		if mean := values.Mean(); math.Abs(mean-m.Value) > rounding*max(1, math.Abs(m.Value)) {
			errs = append(errs, fmt.Errorf("%s is %.6g, but the mean of its outcomes is %.6g; a metric must be the mean of the outcomes with its name, "+
				"so correct one of them, or give the column another name", metricName(m), m.Value, mean))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if none {
		cell.Note("no metric belongs to the outcomes, so they are not used: a column is called like its metric (ndcg@10, gender:bacc), and split and checkpoint must be the same")
	}
	return nil
}

// metricName describes a metric in a note.
func metricName(m artifact.Metric) string {
	s := artifact.OutcomeSeries{Name: m.Name, K: m.K, Group: m.Group}
	name := s.Column()
	if m.Split != "" {
		name += " (" + m.Split + ")"
	}
	return name
}
