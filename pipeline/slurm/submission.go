package slurm

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"foil/internal/access"
	"foil/spec"
)

// A Submission is the workers that one foil run has submitted. It is a file slurm/ID.json in the
// cache, which is written as a whole before and after everything that is sent. The logs of the
// workers are in slurm/ID/.
type Submission struct {
	Format     int       `json:"format"`
	ID         string    `json:"id"`
	Experiment string    `json:"experiment"` // the name in the spec
	Graph      string    `json:"graph"`      // stands for the cells and what they do
	Host       string    `json:"host"`       // from which it was sent
	Since      time.Time `json:"since"`
	Arrays     []*Array  `json:"arrays"`
	Cancelled  bool      `json:"cancelled,omitempty"`

	folder string // slurm in the cache
}

// An Array is a job array of equal workers.
type Array struct {
	Name    string        `json:"name"` // of the job; no other job has it
	Workers int           `json:"workers"`
	Cores   int           `json:"cores"` // of a worker
	Memory  int64         `json:"memory,omitempty"`
	GPUs    int           `json:"gpus,omitempty"`
	Time    time.Duration `json:"time,omitempty"`
	Slurm   spec.Slurm    `json:"slurm"`
	Dir     string        `json:"dir"` // in which the workers start
	Script  string        `json:"script"`
	Sent    bool          `json:"sent,omitempty"` // it may have arrived
	Job     string        `json:"job,omitempty"`  // empty: not known
	User    string        `json:"user,omitempty"` // who has submitted it
	Cluster string        `json:"cluster,omitempty"`

	Refused string `json:"refused,omitempty"` // why Slurm did not take it; it is not sent again
}

const submissionFormat = 1

// folderName is the folder of a cache with its submissions.
const folderName = "slurm"

// New returns a submission that is not written yet.
func New(cache, experiment, graph string) *Submission {
	host, _ := os.Hostname()
	id := strings.ToLower(rand.Text()[:10])
	return &Submission{
		Format: submissionFormat, ID: id, Experiment: experiment, Graph: graph, Host: host, Since: time.Now().UTC(),
		folder: filepath.Join(cache, folderName),
	}
}

// Add adds an array.
func (s *Submission) Add(a *Array) {
	a.Name = fmt.Sprintf("foil-%s-%d", s.ID, len(s.Arrays))
	s.Arrays = append(s.Arrays, a)
}

// Names are the names of all arrays that may be there.
func (s *Submission) Names() (list []string) {
	for _, a := range s.Arrays {
		if a.Refused == "" {
			list = append(list, a.Name)
		}
	}
	return list
}

// Hidden returns an array that this user may not see on this cluster, or nil.
func (s *Submission) Hidden(user string, here Config) *Array {
	for _, a := range s.Arrays {
		other := a.Cluster != "" && here.Name != "" && a.Cluster != here.Name
		if a.Refused == "" && (other || here.Private && a.User != "" && a.User != user) {
			return a
		}
	}
	return nil
}

// Logs is the folder of the logs of the workers.
func (s *Submission) Logs() string { return filepath.Join(s.folder, s.ID) }

// Save writes the file, and makes the folder for logs: a job without it would fail.
func (s *Submission) Save() error {
	cache := filepath.Dir(s.folder)
	of, err := access.Of(cache)
	if err != nil {
		return err
	}
	for _, dir := range []string{s.folder, s.Logs()} {
		if err := of.Mkdir(dir); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	text, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return err
	}
	path := s.Logs() + ".json"
	f, err := of.Temp(path + "." + rand.Text())
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(append(text, '\n'))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// Refresh reads the file again: another process may have added arrays, or cancelled the submission.
func (s *Submission) Refresh() error {
	text, err := os.ReadFile(s.Logs() + ".json")
	if err != nil {
		return err
	}
	now, err := parseSubmission(text)
	if err != nil {
		return fmt.Errorf("%s: %w; correct or remove the file", s.Logs()+".json", err)
	}
	now.folder = s.folder
	*s = *now
	return nil
}

// List returns the submissions in a cache, oldest first. It returns what can be read, and an error
// for the rest.
func List(cache string) (list []*Submission, err error) {
	folder := filepath.Join(cache, folderName)
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	errs := []error{err}
	for _, e := range entries {
		if !e.Type().IsRegular() || filepath.Ext(e.Name()) != ".json" {
			continue
		}
		path := filepath.Join(folder, e.Name())
		text, err := os.ReadFile(path)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		s, err := parseSubmission(text)
		if err == nil && s.ID+".json" != e.Name() {
			err = fmt.Errorf("is about %q", s.ID)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w; correct or remove the file", path, err))
			continue
		}
		s.folder = folder
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *Submission) int { return cmp.Or(a.Since.Compare(b.Since), strings.Compare(a.ID, b.ID)) })
	return list, errors.Join(errs...)
}

// parseSubmission reads a file. Names go to commands, so only names that foil makes are accepted.
func parseSubmission(text []byte) (*Submission, error) {
	s := &Submission{}
	if err := json.Unmarshal(text, s); err != nil {
		return nil, err
	}
	if s.Format != submissionFormat {
		return nil, fmt.Errorf("has format %d, and this foil reads format %d", s.Format, submissionFormat)
	}
	if s.ID == "" || strings.Trim(s.ID, "abcdefghijklmnopqrstuvwxyz234567") != "" {
		return nil, fmt.Errorf("has the id %q", s.ID)
	}
	for i, a := range s.Arrays {
		if a == nil || a.Name != fmt.Sprintf("foil-%s-%d", s.ID, i) || a.Workers < 1 || a.Job != "" && !jobPattern.MatchString(a.Job) {
			return nil, fmt.Errorf("array %d is not one of foil", i)
		}
	}
	return s, nil
}

// Send submits the arrays that have no job yet, and notes every step. Where a limit of the account
// does not permit so many workers, it submits fewer.
func (s *Submission) Send(ctx context.Context, c *Cluster) error {
	for _, a := range s.Arrays {
		if a.Job != "" || a.Refused != "" {
			continue
		}
		// From now on it may be there, even if this process ends before it knows.
		sent := *a
		if a.Sent = true; !sent.Sent {
			if err := s.Save(); err != nil {
				return err
			}
		}
		job, err := c.Submit(ctx, &sent, s.Logs())
		for IsOverLimit(err) && a.Workers > 1 {
			a.Workers /= 2
			if err := s.Save(); err != nil {
				return err
			}
			sent.Workers, sent.Sent = a.Workers, false // the refusal was an answer
			job, err = c.Submit(ctx, &sent, s.Logs())
		}
		if IsOverLimit(err) {
			err = fmt.Errorf("%w: not even one worker; wait until other jobs have ended, or use a smaller --jobs or slurm: {time}", err)
		}
		if IsRefused(err) {
			a.Refused = err.Error()
			return errors.Join(err, s.Save())
		} else if err != nil {
			return err
		}
		a.Job = job
		if err := s.Save(); err != nil {
			return err
		}
	}
	return nil
}

// Script is the script of a worker. A batch shell that became foil gets the signals of Slurm itself.
func Script(command []string) string {
	var b strings.Builder
	b.WriteString("#!/bin/sh\nexec")
	for _, word := range command {
		b.WriteString(" '" + strings.ReplaceAll(word, "'", `'\''`) + "'")
	}
	b.WriteString("\n")
	return b.String()
}
