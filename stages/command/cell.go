package command

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"foil/internal/clean"
	"foil/pipeline"
	"foil/spec"
)

// What a program is told about its cell, and what it may tell about its progress. The folder is
// hidden, so that few programs have one of this name.
const (
	cellDir        = ".cell"
	cellFile       = cellDir + "/cell.json"
	progressFile   = cellDir + "/progress.jsonl"
	checkpointsDir = cellDir + "/checkpoints"
)

// A cellText is cell.json. Nothing in it says where or when the program runs, except the path of the
// folder for checkpoints on systems without links.
type cellText struct {
	Params      map[string]any    `json:"params"`
	Inputs      map[string]string `json:"inputs"`      // the folder of each input
	Gathered    map[string]string `json:"gathered"`    // the same, for inputs with cells.json
	Out         string            `json:"out"`         // the folder for the output
	Progress    string            `json:"progress"`    // the file for progress
	Checkpoints string            `json:"checkpoints"` // the folder that stays; empty: there is none
}

// addCell makes the folder .cell.
func (s *scratch) addCell(cell *pipeline.Cell, params map[string]spec.Value) error {
	text := cellText{Params: map[string]any{}, Inputs: map[string]string{}, Gathered: map[string]string{}, Out: outDir, Progress: progressFile}
	for name, v := range params {
		text.Params[name] = plain(v)
	}
	for _, name := range slices.Sorted(maps.Keys(cell.Inputs)) {
		text.Inputs[name] = inDir + "/" + name
	}
	for _, name := range slices.Sorted(maps.Keys(cell.Gathered)) {
		text.Gathered[name] = inDir + "/" + name
	}
	if err := s.write(progressFile, nil, 0o666); err != nil {
		return err
	}
	if cell.WorkDir != "" {
		to, err := filepath.Abs(cell.WorkDir)
		if err == nil {
			err = os.MkdirAll(to, 0o777)
		}
		if err != nil {
			return err
		}
		text.Checkpoints = checkpointsDir
		if os.Symlink(to, filepath.Join(s.dir, checkpointsDir)) != nil { // on Windows few users may make links
			text.Checkpoints = to
		}
	}
	raw, err := json.MarshalIndent(text, "", "  ")
	if err != nil {
		return err
	}
	return s.write(cellFile, append(raw, '\n'), 0o666)
}

// A progressLine is a line of progress.jsonl.
type progressLine struct {
	Done    int64   `json:"done"`
	Total   int64   `json:"total"`
	Unit    string  `json:"unit"`
	Loss    float64 `json:"loss"`
	Message string  `json:"message"`
}

// lookEvery is the time between two looks at the progress of a program.
const lookEvery = 250 * time.Millisecond

// longestLine is the length after which a line of progress is not read.
const longestLine = 64 << 10

// follow reports the progress that a program writes to a file, until stop is called. Then it reads
// the rest.
func follow(cell *pipeline.Cell, path string) (stop func()) {
	r := &progressReader{cell: cell, path: path}
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for {
			select {
			case <-end:
				return
			case <-tick.C:
				r.read()
			}
		}
	}()
	return func() {
		close(end)
		<-ended
		for r.read() {
		}
	}
}

// A progressReader reads the lines that are added to a file.
type progressReader struct {
	cell *pipeline.Cell
	path string
	at   int64  // the end of what has been read
	rest []byte // a line without its end
	line int    // number of the last line
	told bool   // a wrong line has been noted
}

// read reads what was added, at most a megabyte, and reports the last line of it. It returns whether
// there may be more. A file that cannot be read has no progress.
func (r *progressReader) read() (more bool) {
	f, err := os.Open(r.path)
	if err != nil {
		return false
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return false
	} else if info.Size() < r.at { // the program began the file anew
		r.at, r.rest, r.line = 0, nil, 0
	}
	const most = 1 << 20
	added, err := io.ReadAll(io.NewSectionReader(f, r.at, most))
	if err != nil || len(added) == 0 {
		return false
	}
	r.at += int64(len(added))
	lines := bytes.Split(append(r.rest, added...), []byte("\n"))
	r.rest = bytes.Clone(lines[len(lines)-1])
	if len(r.rest) > longestLine {
		r.rest = r.rest[:longestLine]
	}
	var last *progressLine
	for _, line := range lines[:len(lines)-1] {
		r.line++
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		p, err := parseProgress(line)
		if err != nil {
			if !r.told {
				r.told = true
				r.cell.Note("line %d of %s is not progress, and is left out: %v", r.line, progressFile, err)
			}
			continue
		}
		last = p
	}
	if last != nil {
		r.cell.Progress(pipeline.Progress{Done: last.Done, Total: last.Total, Unit: clean.Line(last.Unit), Loss: last.Loss, Message: clean.Line(last.Message)})
	}
	return true
}

func parseProgress(line []byte) (*progressLine, error) {
	p := &progressLine{Unit: "epochs"}
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(p); err != nil {
		return nil, fmt.Errorf("a line is a JSON object such as {\"done\": 3, \"total\": 20, \"loss\": 0.5}: %w", err)
	}
	switch {
	case len(line) > longestLine:
		return nil, errors.New("it is too long")
	case p.Done < 0 || p.Total < 0:
		return nil, errors.New("done and total must not be negative")
	}
	return p, nil
}
