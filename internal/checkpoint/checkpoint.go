// Package checkpoint keeps the state of unfinished work in a file: named tensors
// and a value that is written as JSON. A file that is not whole, or was written for
// another layout, is never taken for a state.
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

	"foil/internal/safetensors"
)

// valueTensor holds the JSON.
const valueTensor = "checkpoint.json"

// Save writes a checkpoint in place of the one that is there: a crash leaves the
// one or the other. layout is the version of what the caller writes. The folder is
// made if it is missing.
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
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	if err := replace(path, header(layout, body.Bytes()), body.Bytes()); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}

// header is the first line of the file.
func header(layout int, body []byte) []byte {
	return fmt.Appendf(nil, "foil checkpoint %d %x\n", layout, sha256.Sum256(body))
}

// replace goes by one temporary name, so that kills leave no more than one file
// behind: whoever works on a cell does so alone.
func replace(path string, parts ...[]byte) error {
	f, err := os.Create(path + ".new")
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
		os.Remove(f.Name())
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		os.Remove(f.Name())
		return err
	}
	return nil
}

// ErrUseless says that a file is no checkpoint of the wanted layout, or a damaged one.
var ErrUseless = errors.New("the checkpoint is damaged or was written by another version")

// Load reads a checkpoint into value. Its error is fs.ErrNotExist where there is
// none, and ErrUseless where work has to start anew; others say that the file
// could not be read now.
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
