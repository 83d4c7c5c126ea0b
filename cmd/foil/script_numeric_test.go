package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"foil/internal/digest"
	"foil/internal/numeric"
	"foil/internal/store"
	"foil/models/backend"
)

// hasFeatures is the condition [features]: this processor has what GODEBUG turns off in scripts, and
// this build of foil looks at it.
func hasFeatures() bool {
	s, err := backend.Signature(backend.Default, 1)
	return err == nil && s.Arch == "amd64" && s.FMA == numeric.ExpFMA && s.Products != numeric.NoSIMD
}

// forge replaces an output of a cell in a cache, as somebody who knows the format could: the record
// names an object with other content. With "unsigned", the record does not say what computed it.
func forge(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: forge CELL CACHE [unsigned]")
	}
	cache := ts.MkAbs(args[1])
	found := false
	ts.Check(filepath.WalkDir(filepath.Join(cache, "actions"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		r := readRecord(ts, path)
		if r.Cell != args[0] {
			return nil
		}
		found = true
		if len(args) > 2 {
			r.Numeric = nil
		}
		last := &r.Outputs[len(r.Outputs)-1]
		text, err := os.ReadFile(objectPath(cache, last.Digest))
		if err != nil {
			return err
		}
		text[len(text)-1] ^= 1
		last.Digest = digest.Of(text)
		object := objectPath(cache, last.Digest)
		ts.Check(os.MkdirAll(filepath.Dir(object), 0o777))
		ts.Check(os.WriteFile(object, text, 0o444))
		record, err := r.Encode()
		ts.Check(err)
		ts.Check(os.Chmod(path, 0o666))
		return os.WriteFile(path, record, 0o666)
	}))
	if !found {
		ts.Fatalf("%s has no record of %s", args[1], args[0])
	}
}

func objectPath(cache string, d digest.Digest) string {
	return filepath.Join(cache, "objects", d.String()[:2], d.String())
}

func readRecord(ts *testscript.TestScript, path string) *store.Record {
	text, err := os.ReadFile(path)
	ts.Check(err)
	var key digest.Key
	ts.Check(key.UnmarshalText([]byte(strings.TrimSuffix(filepath.Base(path), ".json"))))
	r, err := store.DecodeRecord(path, text, key)
	ts.Check(err)
	return r
}
