package command

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"strings"
	"testing"
)

// Programs of other processors and distributions, made of the shell of this machine.
func TestForeignPrograms(t *testing.T) {
	shell, err := os.ReadFile("/bin/sh")
	if err != nil {
		t.Skip(err)
	}
	f, err := elf.NewFile(bytes.NewReader(shell))
	if err != nil || f.ByteOrder != binary.LittleEndian {
		t.Skip("the shell is no program of this kind", err)
	}
	change := func(offset int, to string) string {
		changed := bytes.Clone(shell)
		copy(changed[offset:], to)
		return string(changed)
	}
	const machine, kind = 18, 16 // offsets in the header
	interpreter := -1
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			interpreter = int(p.Off)
		}
	}
	for name, c := range map[string]struct{ program, want string }{
		"processor":    {change(machine, "\x16\x00"), "it is a program for another processor (IBM Z; this one is "},
		"odd":          {change(machine, "\x2a\x00"), "it is a program for another processor (EM_SH; this one is "},
		"object file":  {change(kind, "\x01\x00"), "it is an object file and no program"},
		"cut off":      {string(shell[:100]), "it is a damaged program"},
		"distribution": {change(max(interpreter, 0), "/nix/"), `it needs "/nix/`},
	} {
		if name == "distribution" && interpreter < 0 {
			continue
		}
		if got := runScript(t, c.program, nil); !strings.Contains(got, c.want) {
			t.Errorf("%s: got %s\nwant %s", name, got, c.want)
		}
	}
}
