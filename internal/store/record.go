package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"foil/internal/digest"
)

// RecordFormat is the version of the record format that is written, and the
// highest that is read.
const RecordFormat = 1

// A Record describes a finished piece of work: its outputs, its inputs and its costs. The key
// depends only on KeyText, not on the other fields.
type Record struct {
	Format  int            `json:"format"`
	Key     digest.Key     `json:"key"`
	KeyText digest.KeyText `json:"key_text"`
	Kind    string         `json:"kind"`
	Version int            `json:"version"`
	Seed    uint64         `json:"seed"`

	Outputs []digest.File `json:"outputs"` // sorted by name
	Log     *digest.File  `json:"log,omitempty"`
	Inputs  []Input       `json:"inputs,omitempty"`

	// Cell and Params are the name of the cell and all parameters in the run that made the record.
	// The same work may have other names in other experiments.
	Cell   string `json:"cell,omitempty"`
	Params string `json:"params,omitempty"`

	Started     time.Time `json:"started"`
	WallSeconds float64   `json:"wall_seconds"`
	CPUSeconds  float64   `json:"cpu_seconds,omitempty"` // 0: not known
	PeakMemory  int64     `json:"peak_memory,omitempty"` // bytes; 0: not known
	Timings     []Timing  `json:"timings,omitempty"`
	Host        string    `json:"host,omitempty"`
	Foil        string    `json:"foil,omitempty"` // version of the program
	Go          string    `json:"go,omitempty"`
}

// Wall is the duration of the work.
func (r *Record) Wall() time.Duration { return seconds(r.WallSeconds) }

// CPU is the processor time of the work; 0: not known.
func (r *Record) CPU() time.Duration { return seconds(r.CPUSeconds) }

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// An Input is an artifact that the work read.
type Input struct {
	Name   string        `json:"name"`
	Cell   string        `json:"cell,omitempty"` // its name in that run
	Key    digest.Key    `json:"key"`            // of the work that made it
	Digest digest.Digest `json:"digest"`         // of the artifact
}

// A Timing is a duration that the work measured itself.
type Timing struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
}

// A NewerFormatError is the error for a record of a later version of foil.
type NewerFormatError struct {
	Path   string
	Format int
}

func (e *NewerFormatError) Error() string {
	return fmt.Sprintf("%s has record format %d, and this foil reads formats up to %d; use a newer foil, or another cache folder", e.Path, e.Format, RecordFormat)
}

// SumPrefix begins the last line of a record, which holds the digest of all
// lines before it. This line is part of every record format.
const SumPrefix = ` "sha256": "`

// Encode writes a record: JSON whose last line is a checksum of the lines above.
func (r *Record) Encode() ([]byte, error) {
	body, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return nil, err
	}
	body = append(bytes.TrimSuffix(body, []byte("\n}")), ",\n"...)
	sum := sha256.Sum256(body)
	return fmt.Appendf(body, "%s%x\"}\n", SumPrefix, sum), nil
}

// DecodeRecord reads a record that was written for a key. The error says what
// is damaged, or is a *NewerFormatError.
func DecodeRecord(path string, text []byte, key digest.Key) (*Record, error) {
	if len(text) == 0 {
		return nil, fmt.Errorf("is empty")
	}
	end := bytes.LastIndexByte(text[:len(text)-1], '\n') + 1
	body, last := text[:end], text[end:]
	sum := sha256.Sum256(body)
	if string(last) != SumPrefix+hex.EncodeToString(sum[:])+"\"}\n" {
		return nil, fmt.Errorf("has no valid checksum in its last line")
	}
	r := new(Record)
	if err := json.Unmarshal(text, r); err != nil {
		// Only the format number of a newer record can be read.
		var version struct{ Format int }
		if json.Unmarshal(text, &version) != nil || version.Format <= RecordFormat {
			return nil, fmt.Errorf("is not a record: %w", err)
		}
		r.Format = version.Format
	}
	switch {
	case r.Format > RecordFormat:
		return nil, &NewerFormatError{Path: path, Format: r.Format}
	case r.Format != RecordFormat:
		return nil, fmt.Errorf("has the unknown format %d", r.Format)
	case r.Key != key || r.KeyText.Key() != key:
		return nil, fmt.Errorf("is the record of another key")
	case len(r.Outputs) == 0:
		return nil, fmt.Errorf("lists no output")
	}
	return r, nil
}
