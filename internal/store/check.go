package store

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"foil/internal/digest"
)

// LogName is the name of a log in a record.
const LogName = "log"

// Limits of the numbers in a record. Sums of them fit into their types.
const (
	maxBytes   = 1 << 60
	maxSeconds = 9e9 // 285 years; the longest time.Duration is slightly longer
)

// Check reports why no reader must use a record, or returns nil. What a record repeats of its key
// must agree with the key, file names must be local and unique, and numbers must be possible. Check
// is called before a record is written, and whenever it is read.
func (r *Record) Check() error {
	switch {
	case r.Format != RecordFormat:
		return fmt.Errorf("has the unknown format %d", r.Format)
	case r.KeyText.Key() != r.Key:
		return errors.New("has the key text of another key")
	case len(r.Outputs) == 0:
		return errors.New("lists no output")
	}
	for _, check := range []func() error{r.checkWork, r.checkFiles, r.checkNumbers, r.checkTexts} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// checkWork compares the record with its key.
func (r *Record) checkWork() error {
	w, err := r.KeyText.Work()
	switch {
	case err != nil:
		return fmt.Errorf("has a key text that foil does not write: %w", err)
	case w.Kind != r.Kind || w.Version != r.Version:
		return fmt.Errorf("has the kind %q version %d, and its key that of %q version %d", r.Kind, r.Version, w.Kind, w.Version)
	case w.Seed != "" && w.Seed != strconv.FormatUint(r.Seed, 10):
		return fmt.Errorf("has the seed %d, and its key %s", r.Seed, w.Seed)
	case len(w.Inputs) != len(r.Inputs):
		return fmt.Errorf("lists %d inputs, and its key %d", len(r.Inputs), len(w.Inputs))
	}
	for i, in := range r.Inputs {
		if of := w.Inputs[i]; of.Name != in.Name || of.Digest != in.Digest {
			return fmt.Errorf("lists the input %q with digest %s, and its key %q with %s", in.Name, in.Digest.Short(), of.Name, of.Digest.Short())
		}
	}
	return nil
}

func (r *Record) checkFiles() error {
	if err := digest.CheckFiles(r.Outputs); err != nil {
		return fmt.Errorf("lists outputs that are not allowed: %w", err)
	}
	var total int64
	for _, f := range r.Outputs {
		if f.Size < 0 || f.Size > maxBytes-total {
			return fmt.Errorf("has the impossible size %d for %s", f.Size, f.Name)
		}
		total += f.Size
	}
	if l := r.Log; l != nil && (l.Name != LogName || l.Size <= 0 || l.Size > maxBytes) {
		return fmt.Errorf("has an impossible log (%q, %d bytes)", l.Name, l.Size)
	}
	return nil
}

func (r *Record) checkNumbers() error {
	for _, s := range []float64{r.WallSeconds, r.CPUSeconds} {
		if !isTime(s) {
			return fmt.Errorf("has an impossible duration of %g s", s)
		}
	}
	for _, t := range r.Timings {
		if !isTime(t.Seconds) {
			return fmt.Errorf("has an impossible duration of %g s for %q", t.Seconds, t.Name)
		}
	}
	if r.PeakMemory < 0 || r.PeakMemory > maxBytes {
		return fmt.Errorf("has an impossible memory use of %d bytes", r.PeakMemory)
	}
	if y := r.Started.Year(); y < 0 || y > 9999 {
		return fmt.Errorf("started in the impossible year %d", y)
	}
	return nil
}

func isTime(s float64) bool { return s >= 0 && s <= maxSeconds && !math.IsNaN(s) }

// checkTexts refuses texts that would act on a terminal. foil quotes such characters in names of
// cells and in parameters.
func (r *Record) checkTexts() error {
	check := func(what, text string) error {
		if err := digest.CheckText(text); err != nil {
			return fmt.Errorf("has %s %q, which %w", what, text, err)
		}
		return nil
	}
	err := errors.Join(check("the kind", r.Kind), check("the cell", r.Cell), check("the parameters", r.Params),
		check("the host", r.Host), check("the foil", r.Foil), check("the Go", r.Go))
	for _, in := range r.Inputs {
		err = errors.Join(err, check("the input", in.Name), check("the input", in.Cell))
	}
	for _, t := range r.Timings {
		err = errors.Join(err, check("the timing", t.Name))
	}
	return err
}
