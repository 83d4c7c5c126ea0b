//go:build unix

package stress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"foil/internal/digest"
	"foil/internal/testenv"
	"foil/pipeline"
	"foil/spec"
)

// tamper changes a file of its input at a random moment, in a random way, and restores all times.
var tamper = pipeline.Define(pipeline.Kind{
	Name: "test/tamper", Version: 1, Output: "bytes", RunsProgram: true,
	Inputs: []pipeline.Port{{Name: "in"}},
}, &spec.Params[tamperParams]{Docs: spec.Docs{"seed": "of its choices", "tell": "whether it tells, as the kind command does"}},
	pipeline.Work[tamperParams]{Run: func(_ context.Context, c *pipeline.Cell, p *tamperParams) error {
		rnd := rand.New(rand.NewChaCha8(digest.Of(fmt.Append(nil, p.Seed, c.ID))))
		files := c.Inputs["in"].Files
		path, err := c.Input("in", files[rnd.IntN(len(files))].Name)
		if err != nil {
			return err
		}
		time.Sleep(time.Duration(rnd.Int64N(int64(30 * time.Millisecond))))
		if err := change(path, attacks[rnd.IntN(len(attacks))]); err != nil {
			return err
		}
		if p.Tell {
			return &pipeline.Failure{Code: pipeline.InputChanged, Message: "the program changed its input"}
		}
		return write(c, digest.Digest{}, 10)
	}})

type tamperParams struct {
	Seed int  `yaml:"seed"`
	Tell bool `yaml:"tell"`
}

// attacks change the content of a file, but not its size.
var attacks = []func(path string, text []byte) error{
	func(path string, text []byte) error { return os.WriteFile(path, text, 0o666) },
	func(path string, text []byte) error {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		_, err = f.WriteAt(text[:1], 0)
		return errors.Join(err, f.Close())
	},
	func(path string, text []byte) error {
		return errors.Join(os.WriteFile(path+".new", text, 0o666), os.Rename(path+".new", path))
	},
	func(path string, text []byte) error {
		return errors.Join(os.Remove(path), os.WriteFile(path, text, 0o444))
	},
	func(path string, text []byte) error {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		memory, err := unix.Mmap(int(f.Fd()), 0, len(text), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
		if err != nil {
			return err
		}
		copy(memory, text)
		return unix.Munmap(memory)
	},
}

// change applies an attack, and restores permissions and times.
func change(path string, attack func(string, []byte) error) error {
	info, err := os.Stat(path)
	if err != nil {
		return nil // another cell was here
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	text[0] ^= 1
	_ = os.Chmod(path, 0o666)
	err = attack(path, text)
	_ = os.Chtimes(path, info.ModTime(), info.ModTime())
	_ = os.Chmod(path, info.Mode())
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) {
		return nil
	}
	return err
}

const readers = `name: changed
stages:
  a: {uses: test/steps, matrix: {i: [0, 1]}, with: {n: "${matrix.i}", steps: 2, bytes: 5000}}
  b: {uses: test/steps, needs: {in: a}, matrix: {j: [0, 1, 2]}, with: {n: "${matrix.j}", steps: 10, bytes: 100}}
  all: {uses: test/join, gather: {cells: b}}
`

// Cells write to their inputs while other cells read them, and restore the times. These cells fail.
// All others end as if nothing had happened.
func TestChangedInputsDoNoDamage(t *testing.T) {
	rnd := testenv.Rand(t)
	want := newBench(t, filepath.Join(t.TempDir(), "cache"), readers).mustRun()
	for round := range testenv.Times(t, 6) {
		b := newBench(t, filepath.Join(t.TempDir(), "cache"), "")
		who := "this user"
		if round%2 == 1 && os.Getuid() == 0 {
			who = "another user"
			b.becomeNobody()
		}
		seed, tell := rnd.IntN(1000), rnd.IntN(2) == 0
		b.spec = readers + fmt.Sprintf("  bad: {uses: test/tamper, needs: {in: a}, matrix: {k: [%d, %d]}, with: {seed: \"${matrix.k}\", tell: %v}}\n", seed, seed+1, tell)
		cmd, said := b.command()
		if err := cmd.Run(); err == nil || !strings.Contains(said.String(), "4 cells failed") {
			t.Errorf("round %d as %s: %v: %s\n%s", round, who, err, said, b.logs())
		}
		b.spec = readers
		if got := b.digests(); !maps.Equal(got, want) {
			t.Errorf("round %d as %s (seed %d): the digests are\n%v, want\n%v", round, who, seed, got, want)
		}
	}
}

// becomeNobody lets runs be processes of another user than root, with folders and a program of its
// own.
func (b *bench) becomeNobody() {
	b.Helper()
	const nobody = 65534
	dir, err := os.MkdirTemp("", "foil-stress-")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { os.RemoveAll(dir) })
	b.program, b.cache, b.notes = filepath.Join(dir, "program"), filepath.Join(dir, "cache"), filepath.Join(dir, "notes")
	from, err := os.Open(os.Args[0])
	if err != nil {
		b.Fatal(err)
	}
	defer from.Close()
	to, err := os.OpenFile(b.program, os.O_WRONLY|os.O_CREATE, 0o755)
	if err != nil {
		b.Fatal(err)
	}
	_, err = io.Copy(to, from)
	if err := errors.Join(err, to.Close(), os.Mkdir(b.notes, 0o777), os.Chown(b.notes, nobody, nobody), os.Chown(dir, nobody, nobody)); err != nil {
		b.Fatal(err)
	}
	b.user = &syscall.Credential{Uid: nobody, Gid: nobody}
}
