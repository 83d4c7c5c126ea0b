package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"foil/internal/digest"
	"foil/internal/numeric"
)

// RecordFormat is the version of the record format that is written, and the
// highest that is read.
const RecordFormat = 1

// MaxRecord is the size of the largest record that is written and read, in bytes.
const MaxRecord = 64 << 20

var errTooLarge = fmt.Errorf("has more than %d MiB", MaxRecord>>20)

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

	// Numeric is what computed the output, if its last bits depend on that. Nil: they do not, or it
	// is not known, because an older foil made the record.
	Numeric *numeric.Signature `json:"numeric,omitempty"`
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
	text := fmt.Appendf(body, "%s%x\"}\n", SumPrefix, sum)
	if len(text) > MaxRecord {
		return nil, fmt.Errorf("the record %w", errTooLarge)
	}
	return text, nil
}

// DecodeRecord reads a record that was written for a key. The error says what is damaged, or is a
// *NewerFormatError.
//
// A record is input, whoever wrote it: DecodeRecord also checks everything that a reader relies on
// (see Record.Check). It is called for each lookup. ExamineRecord checks the rest.
func DecodeRecord(path string, text []byte, key digest.Key) (*Record, error) {
	switch {
	case len(text) == 0:
		return nil, errors.New("is empty")
	case len(text) > MaxRecord:
		return nil, errTooLarge
	}
	end := bytes.LastIndexByte(text[:len(text)-1], '\n') + 1
	body, last := text[:end], text[end:]
	sum := sha256.Sum256(body)
	if string(last) != SumPrefix+hex.EncodeToString(sum[:])+"\"}\n" {
		return nil, errors.New("has no valid checksum in its last line")
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
	case r.Key != key:
		return nil, errors.New("is the record of another key")
	}
	if err := r.Check(); err != nil {
		return nil, err
	}
	return r, nil
}

// ExamineRecord is DecodeRecord for a record that is read once, such as one that is imported. It also
// refuses a text that foil would write differently, for example with an unknown field, or with a
// field twice: other programs may read something else from it.
func ExamineRecord(path string, text []byte, key digest.Key) (*Record, error) {
	r, err := DecodeRecord(path, text, key)
	if err != nil {
		return nil, err
	}
	if again, err := r.Encode(); err != nil || !bytes.Equal(again, text) {
		return nil, errors.New("is not in the form that foil writes")
	}
	return r, nil
}

// leastPart is a lower bound of the mean size of an object in the text of a record. Records that
// foil writes have digests in nearly all of them. A text of many empty objects would take up a
// multiple of its size when it is decoded.
const leastPart = 64

// ExamineForeign is ExamineRecord for a record that comes from outside of the cache, and may have
// been made to exhaust memory.
func ExamineForeign(path string, text []byte, key digest.Key) (*Record, error) {
	if bytes.Count(text, []byte("{")) > 1000+len(text)/leastPart {
		return nil, errors.New("has more parts than its size allows")
	}
	return ExamineRecord(path, text, key)
}
