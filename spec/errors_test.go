package spec

import (
	"bufio"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestErrorsReadLikeGolden checks the messages for each type of mistake. Comments "# --set
// PATH=VALUE" at the head of a file are its overrides.
func TestErrorsReadLikeGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/errors/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no test files", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			name := filepath.Base(file)
			_, err = Parse(name, src, Options{Sets: setsIn(string(src)), Open: openIn("testdata/errors")})
			if err == nil {
				t.Fatal("no error")
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".golden", err.Error()+"\n")
		})
	}
}

func setsIn(src string) []string {
	var sets []string
	for s := bufio.NewScanner(strings.NewReader(src)); s.Scan(); {
		if set, ok := strings.CutPrefix(s.Text(), "# --set "); ok {
			sets = append(sets, set)
		}
	}
	return sets
}

// openIn reads extended specs from a folder, without naming it in errors.
func openIn(dir string) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		src, err := os.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, os.ErrNotExist) {
			return nil, errors.New("no such file")
		}
		return src, err
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs:\n--- got\n%s--- want\n%s", file, got, want)
	}
}
