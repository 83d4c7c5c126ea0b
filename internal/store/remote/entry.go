package remote

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"foil/internal/digest"
	"foil/internal/store"
)

// An entry is what ac/KEY holds: an ActionResult of Bazel's remote execution API. A server that
// validates entries accepts it, and does not return it when an object that it names is gone.
//
//	output_files  names, digests and sizes of the objects
//	stdout_raw    the record; empty for the manifest of a plan
//	stderr_raw    signatures of the record, a line each
//
// Other fields are ignored: bazel-remote adds the address of the client.
type entry struct {
	files      []digest.File
	record     []byte
	signatures []signature
}

// Fields of ActionResult, OutputFile and Digest.
const (
	fieldFiles  = 2
	fieldStdout = 5
	fieldStderr = 7

	fieldPath   = 1
	fieldDigest = 2

	fieldHash = 1
	fieldSize = 2
)

// maxSignatures bounds the work for an entry.
const maxSignatures = 64

// maxEntry is the maximum size of an entry. Its files repeat those of the record.
const maxEntry = 2*store.MaxRecord + 1<<20

// entryOf is the entry of a record.
func entryOf(r *store.Record, text []byte, signatures []signature) *entry {
	e := &entry{record: text, signatures: signatures, files: r.Outputs}
	if r.Log != nil {
		e.files = append(append([]digest.File(nil), r.Outputs...), *r.Log)
	}
	return e
}

func (e *entry) encode() []byte {
	var all []byte
	for _, f := range e.files {
		var d, file []byte
		d = protowire.AppendTag(d, fieldHash, protowire.BytesType)
		d = protowire.AppendString(d, f.Digest.String())
		if f.Size > 0 {
			d = protowire.AppendTag(d, fieldSize, protowire.VarintType)
			d = protowire.AppendVarint(d, uint64(f.Size))
		}
		file = protowire.AppendTag(file, fieldPath, protowire.BytesType)
		file = protowire.AppendString(file, f.Name)
		file = protowire.AppendTag(file, fieldDigest, protowire.BytesType)
		file = protowire.AppendBytes(file, d)
		all = protowire.AppendTag(all, fieldFiles, protowire.BytesType)
		all = protowire.AppendBytes(all, file)
	}
	if len(e.record) > 0 {
		all = protowire.AppendTag(all, fieldStdout, protowire.BytesType)
		all = protowire.AppendBytes(all, e.record)
	}
	if len(e.signatures) > 0 {
		var lines strings.Builder
		for _, s := range e.signatures {
			fmt.Fprintf(&lines, "ed25519 %x %x\n", s.key, s.sum)
		}
		all = protowire.AppendTag(all, fieldStderr, protowire.BytesType)
		all = protowire.AppendString(all, lines.String())
	}
	return all
}

var errNoEntry = errors.New("is not an entry that foil wrote")

// decodeEntry reads an entry. It does not examine the record.
func decodeEntry(text []byte) (*entry, error) {
	e := &entry{}
	err := eachField(text, func(field protowire.Number, value []byte) (err error) {
		switch field {
		case fieldFiles:
			var f digest.File
			f, err = decodeFile(value)
			e.files = append(e.files, f)
		case fieldStdout:
			e.record = value
		case fieldStderr:
			e.signatures, err = decodeSignatures(string(value))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return e, nil
}

// eachField calls f for the fields of a message that hold bytes.
func eachField(text []byte, f func(protowire.Number, []byte) error) error {
	for len(text) > 0 {
		field, kind, n := protowire.ConsumeTag(text)
		if n < 0 {
			return errNoEntry
		}
		text = text[n:]
		if kind != protowire.BytesType {
			if n = protowire.ConsumeFieldValue(field, kind, text); n < 0 {
				return errNoEntry
			}
			text = text[n:]
			continue
		}
		value, n := protowire.ConsumeBytes(text)
		if n < 0 {
			return errNoEntry
		}
		text = text[n:]
		if err := f(field, value); err != nil {
			return err
		}
	}
	return nil
}

func decodeFile(text []byte) (f digest.File, err error) {
	err = eachField(text, func(field protowire.Number, value []byte) error {
		switch field {
		case fieldPath:
			f.Name = string(value)
		case fieldDigest:
			for len(value) > 0 {
				field, kind, n := protowire.ConsumeTag(value)
				if n < 0 {
					return errNoEntry
				}
				value = value[n:]
				if n = protowire.ConsumeFieldValue(field, kind, value); n < 0 {
					return errNoEntry
				}
				switch {
				case field == fieldHash && kind == protowire.BytesType:
					hash, _ := protowire.ConsumeBytes(value)
					if f.Digest.UnmarshalText(hash) != nil {
						return errNoEntry
					}
				case field == fieldSize && kind == protowire.VarintType:
					size, _ := protowire.ConsumeVarint(value)
					f.Size = int64(size)
				}
				value = value[n:]
			}
		}
		return nil
	})
	if err == nil && f.Size < 0 {
		err = errNoEntry
	}
	return f, err
}

func decodeSignatures(text string) (list []signature, err error) {
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) != 3 || words[0] != "ed25519" || len(list) == maxSignatures {
			return nil, errNoEntry
		}
		key, err1 := hex.DecodeString(words[1])
		sum, err2 := hex.DecodeString(words[2])
		if err1 != nil || err2 != nil || len(key) != ed25519.PublicKeySize || len(sum) != ed25519.SignatureSize {
			return nil, errNoEntry
		}
		list = append(list, signature{key, sum})
	}
	return list, nil
}

// examine decodes and checks the record of an entry, by the rules for records of a bundle.
func (e *entry) examine(key digest.Key) (*store.Record, error) {
	r, err := store.ExamineForeign("record "+key.Short(), e.record, key)
	if errors.As(err, new(*store.NewerFormatError)) {
		return nil, err
	}
	if err != nil {
		return nil, wrong("its record %v", err)
	}
	return r, nil
}
