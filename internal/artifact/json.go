package artifact

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// WriteJSON makes a JSON file of an artifact.
func WriteJSON(create CreateFunc, file string, v any) error {
	return WriteFile(create, file, func(w io.Writer) error {
		text, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			return err
		}
		_, err = w.Write(append(text, '\n'))
		return err
	})
}

// ReadJSON reads a JSON file into v. An error about its content names the file.
func ReadJSON(path PathFunc, file string, v any) error {
	p, err := path(file)
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(p)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}
