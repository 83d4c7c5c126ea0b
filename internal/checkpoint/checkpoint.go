// Package checkpoint keeps the state of unfinished work in a file: named tensors and a JSON value.
// It never accepts an incomplete file, or a file of another layout, as a state.
package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"foil/internal/access"
	"foil/internal/safetensors"
)

// valueTensor holds the JSON.
const valueTensor = "checkpoint.json"

// Save writes a checkpoint and replaces the previous one. After a crash, one of the two exists.
// layout is the version of the caller's data. Save makes the folder if it is missing.
func Save(path string, layout int, value any, tensors []safetensors.Tensor) error {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	all := append(tensors[:len(tensors):len(tensors)], safetensors.Tensor{Name: valueTensor, Shape: []int{len(text)}, U8: text})
	var body bytes.Buffer
	if err := safetensors.Write(&body, all); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	a, err := access.Above(path) // another user of the folder may go on
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	if err := a.MkdirAll(filepath.Dir(path)); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	if err := replace(a, path, header(layout, body.Bytes()), body.Bytes()); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}

// header is the first line of the file.
func header(layout int, body []byte) []byte {
	return fmt.Appendf(nil, "foil checkpoint %d %x\n", layout, sha256.Sum256(body))
}

// replace always uses the same temporary name, so that kills leave at most one extra file. Only one
// process works on a cell at a time.
func replace(a access.Access, path string, parts ...[]byte) error {
	next := path + ".new"
	os.Remove(next)
	f, err := a.Create(next)
	if err != nil {
		return err
	}
	for _, part := range parts {
		if err == nil {
			_, err = f.Write(part)
		}
	}
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		os.Remove(next)
		return err
	}
	if err := os.Rename(next, path); err != nil {
		os.Remove(next)
		return err
	}
	return nil
}

// ErrUseless means that a file is not a checkpoint of the given layout, or that it is damaged.
var ErrUseless = errors.New("the checkpoint is damaged or was written by another version")

// Load reads a checkpoint into value. The error is fs.ErrNotExist if there is no checkpoint, and
// ErrUseless if the work must start over. Other errors mean that the file could not be read now.
func Load(path string, layout int, value any) (safetensors.File, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fs.ErrNotExist
	} else if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	end := bytes.IndexByte(raw, '\n') + 1
	body := raw[end:]
	if !bytes.Equal(raw[:end], header(layout, body)) {
		return nil, ErrUseless
	}
	file, err := safetensors.Parse(body)
	if err == nil {
		err = json.Unmarshal(file[valueTensor].U8, value)
	}
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrUseless, err)
	}
	return file, nil
}
