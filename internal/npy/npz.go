package npy

import (
	"archive/zip"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// mostRatio is the most that a compressed array may grow by. The format that .npz uses reaches about
// a thousand.
const mostRatio = 1100

// ParseZip reads arrays of a .npz file, by name: those with the given names, which must be there, or
// without names all of them.
func ParseZip(b []byte, names ...string) (map[string]*Array, error) {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, errors.New("it is not a .npz file: it is not a zip archive, or truncated; write it with numpy.savez")
	}
	arrays := map[string]*Array{}
	var have []string
	left := int64(len(b)) * mostRatio
	for _, f := range z.File {
		name, isArray := strings.CutSuffix(f.Name, ".npy")
		have = append(have, name)
		switch {
		case len(names) > 0 && !slices.Contains(names, name):
			continue
		case !isArray:
			return nil, fmt.Errorf("it holds %q, which is not an array", f.Name)
		case arrays[name] != nil:
			return nil, fmt.Errorf("two arrays are called %q", name)
		}
		content, err := unpack(f, left)
		if err == nil {
			left -= int64(len(content))
			arrays[name], err = Parse(content)
		}
		if err != nil {
			return nil, fmt.Errorf("array %q: %w", name, err)
		}
	}
	for _, name := range names {
		if arrays[name] == nil {
			return nil, fmt.Errorf("it has no array %q; it has %s", name, cmp.Or(strings.Join(have, ", "), "none"))
		}
	}
	return arrays, nil
}

func unpack(f *zip.File, most int64) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("it is damaged: %w", err)
	}
	defer r.Close()
	content, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return nil, fmt.Errorf("it is damaged: %w", err)
	}
	if int64(len(content)) > most {
		return nil, errors.New("it is larger than its archive can hold")
	}
	return content, nil
}
