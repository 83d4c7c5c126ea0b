package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/rogpeppe/go-internal/testscript"

	"foil/internal/dataset"
	"foil/internal/digest"
	"foil/internal/store"
)

// bombs are small files that take up many times their size if they are read carelessly.
var bombs = map[string]func() ([]byte, error){
	"bundle":      bundleBomb,
	"zip":         zipBomb,
	"safetensors": safetensorsBomb,
}

// makeBomb is `bomb KIND FILE`.
func makeBomb(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 || bombs[args[0]] == nil {
		ts.Fatalf("usage: bomb %s FILE", strings.Join(slices.Sorted(maps.Keys(bombs)), "|"))
	}
	content, err := bombs[args[0]]()
	ts.Check(err)
	path := ts.MkAbs(args[1])
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o777))
	ts.Check(os.WriteFile(path, content, 0o666))
}

// bundleBomb has records of 180 MB in all. Its end is cut off, so that they are read but not
// published.
func bundleBomb() ([]byte, error) {
	const records, size = 30, 6_000_000
	content := []byte("hello")
	f := digest.File{Name: "out", Digest: digest.Of(content), Size: int64(len(content))}
	var list []bundled
	for i := range records {
		lines := append(digest.NewKeyLines("work", 1), digest.KeyLine{Part: digest.PartParameter, Name: fmt.Sprint("p", i), Value: strings.Repeat("z", size)})
		r := &store.Record{Format: store.RecordFormat, Key: lines.Key(), KeyText: lines.Text(), Kind: "work", Version: 1, Outputs: []digest.File{f}}
		text, err := r.Encode()
		if err != nil {
			return nil, err
		}
		key := r.Key.String()
		b, err := bundledFile("actions/"+key[:2]+"/"+key+".json", text)
		if err != nil {
			return nil, err
		}
		list = append(list, b)
	}
	slices.SortFunc(list, func(a, b bundled) int { return strings.Compare(a.Name, b.Name) })
	object, err := bundledFile("objects/"+f.Digest.String()[:2]+"/"+f.Digest.String(), content)
	if err != nil {
		return nil, err
	}
	manifest, err := json.Marshal(struct {
		Format  int       `json:"format"`
		Objects []bundled `json:"objects"`
		Records []bundled `json:"records"`
	}{1, []bundled{object}, list})
	if err != nil {
		return nil, err
	}
	first, err := bundledFile("foil-bundle.json", manifest)
	var all []byte
	for _, b := range append([]bundled{first, object}, list...) {
		all = append(all, b.packed...)
	}
	return all[:len(all)-100], err
}

// A bundled file is an entry of a bundle, which is a series of compressed pieces.
type bundled struct {
	Name   string `json:"name"`
	Size   int    `json:"size"`
	packed []byte
}

func bundledFile(name string, content []byte) (bundled, error) {
	var packed bytes.Buffer
	z, err := zstd.NewWriter(&packed)
	if err != nil {
		return bundled{}, err
	}
	t := tar.NewWriter(z)
	err = t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(content)), Mode: 0o444, Format: tar.FormatPAX})
	if err == nil {
		_, err = t.Write(content)
	}
	err = errors.Join(err, t.Flush(), z.Close())
	return bundled{name, len(content), packed.Bytes()}, err
}

// zipBomb is MovieLens 1M with a file of 100 MB.
func zipBomb() ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	piece := bytes.Repeat([]byte("\n"), 1_000_000)
	pieces := 100
	for _, m := range dataset.MovieLensFiles() {
		w, err := z.Create(m.Name)
		for ; pieces > 0 && err == nil; pieces-- {
			_, err = w.Write(piece)
		}
		if err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return b.Bytes(), err
}

// safetensorsBomb has 1,000 tensors with the same 4 MiB of data.
func safetensorsBomb() ([]byte, error) {
	const data = 4 << 20
	header := map[string]any{}
	for i := range 1000 {
		header[fmt.Sprint("t", i)] = map[string]any{"dtype": "F32", "shape": []int{data / 4}, "data_offsets": []int{0, data}}
	}
	text, err := json.Marshal(header)
	if err != nil {
		return nil, err
	}
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(text)))
	return append(append(b, text...), make([]byte, data)...), nil
}
