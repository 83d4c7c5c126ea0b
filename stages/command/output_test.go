//go:build unix

package command

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"foil/internal/kindtest"
	"foil/pipeline"
)

// collected runs a script and returns the names of its outputs, or its error.
func collected(t *testing.T, script string, outputs ...string) (string, error) {
	t.Helper()
	a, err := kindtest.Run(t, Command(), shell(script, outputs...), newCell(t))
	var names []string
	for _, f := range a.Files {
		names = append(names, f.Name)
	}
	return strings.Join(names, " "), err
}

func TestOutputsAreNamesAndPatterns(t *testing.T) {
	for _, c := range []struct {
		script, outputs string
		want            string // the outputs, or a part of the error
	}{
		{"touch out/x", "x", "x"},
		{"mkdir -p out/m/n; touch out/m/1 out/m/2 out/m/n/3 out/m/.d", "m/", "m/.d m/1 m/2 m/n/3"},
		{"mkdir -p out/m/n; touch out/m/1 out/m/n/3", "m", "m/1 m/n/3"},
		{"mkdir -p out/m; touch out/m/1 out/m/2", "m/*", "m/1 m/2"},
		{"mkdir -p out/m/n; touch out/m/1 out/m/n/3", "m/**", "m/1 m/n/3"},
		{"mkdir -p out/m/n; touch out/m/1.bin out/m/n/3.bin out/a.bin", "**/*.bin", "a.bin m/1.bin m/n/3.bin"},
		{"mkdir -p out/m/n; touch out/m/1 out/m/n/3", "m/*", "the program wrote out/m/n/3, which is not listed in outputs; add it"},
		{"touch out/shard-00001-of-00002.bin out/shard-00002-of-00002.bin out/c.json", "shard-*.bin c.json", "c.json shard-00001-of-00002.bin shard-00002-of-00002.bin"},
		{"touch 'out/s[1].csv' 'out/what?'", "s[1].csv what?", "s[1].csv what?"},
		{"touch 'out/s[1].csv' out/s1.csv", "s[1].csv", "the program wrote out/s1.csv, which is not listed"},
		{"touch out/s1.csv out/s2.csv", "s[12].csv", "s1.csv s2.csv"},
		{"touch out/.hidden out/x", "*", "the program wrote out/.hidden, which is not listed"},
		{"touch out/.hidden out/x", "* .*", ".hidden x"},
		{"touch out/x", "* x", "x"},
		{"touch out/xx out/y", "x *", "did not write out/x, which is listed in outputs; it wrote out/xx and out/y"},
		{"touch out/a", "*.bin a", "wrote no file that matches out/*.bin, which is listed in outputs; it wrote out/a"},
		{"true", "x", "did not write out/x, which is listed in outputs; out/ is empty"},
		{"true", "m/", "wrote no file that matches out/m/, which is listed in outputs; out/ is empty"},
		{"mkdir out/m", "m", "did not write out/m, which is listed in outputs; it is an empty folder"},
		{"touch out/m", "m/", "wrote no file that matches out/m/, which is listed in outputs; it wrote out/m"},
		{"for i in 1 2 3 4 5 6 7 8 9; do touch out/f$i; done", "x", "it wrote out/f1, out/f2, out/f3, out/f4, out/f5 and 4 others"},
		{"for i in 1 2 3 4 5 6 7 8 9; do touch out/f$i; done; touch out/x", "x", "wrote out/f1, out/f2, out/f3, out/f4, out/f5 and 4 others, which are not listed"},
		{"touch \"$(printf 'out/a\\302\\240')\"", "a", `it wrote "out/a\u00a0"`},
		{"rmdir out", "x", "the program removed the folder out/"},
		{"rmdir out; ln -s . out", "x", "the program removed the folder out/"},
	} {
		got, err := collected(t, c.script, strings.Fields(c.outputs)...)
		if err == nil && got != c.want || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, outputs %s: got %s (%v)\nwant %s", c.script, c.outputs, got, err, c.want)
		}
	}
}

// What is not a file of the output's own is told in words.
func TestSpecialFilesInTheOutput(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(outside, []byte("1"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ script, outputs, want string }{
		{"echo 1 >out/step-9; ln -s step-9 out/best", "step-9 best", "best step-9"},
		{"mkdir out/m; echo 1 >out/m/a; ln -s m/a out/b; ln -s b out/c", "m/ b c", "b c m/a"},
		{"echo 1 >out/a; ln -s \"$PWD/out/a\" out/b", "a b", "a b"},
		{"ln -s " + outside + " out/x", "x", `which is a link to "` + outside + `", outside of out/; let it write a copy`},
		{"echo 1 >a; ln -s ../a out/x", "x", `a link to "../a", outside of out/`},
		{"ln -s nowhere out/x", "x", `a link to "nowhere", where no file is`},
		{"ln -s x out/x", "x", `a link to "x", which leads nowhere`},
		{"mkdir out/m; touch out/m/a; ln -s m out/x", "m/ x", `a link to "m", which is a folder; let it write copies`},
		{"ln -s / out/x", "x", `a link to "/", outside of out/`},
		{"mkfifo out/x", "x", "out/x, which is not a regular file but a named pipe"},
		{"touch \"$(printf 'out/a\\001b')\"", "*", `the program wrote "out/a\x01b", whose name contains the control character U+0001; let it`},
		{"touch \"$(printf 'out/a\\nb')\"", "*", `the program wrote "out/a\nb", whose name contains the control character U+000A`},
		{"touch out/12:30.csv", "*", "the program wrote out/12:30.csv, whose name contains \\ or :, which lead to other folders on Windows; let it write another name"},
		{"mkdir out/aux; touch out/aux/x", "**", "the program wrote out/aux/x, whose name is the name of a device on Windows"},
		{"touch \"$(printf 'out/a\\377b')\"", "*", `the program wrote "out/a\xffb", whose name is not UTF-8`},
	} {
		got, err := collected(t, c.script, strings.Fields(c.outputs)...)
		if err != nil && strings.Contains(err.Error(), "ended with exit status") {
			t.Logf("%s: the file system does not have such files: %v", c.script, err)
			continue
		}
		if err == nil && got != c.want || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %s (%v)\nwant %s", c.script, got, err, c.want)
		}
	}
}

// A hard link to a file of the user's, or to an input, stays as it is.
func TestFilesWithOtherNamesAreCopied(t *testing.T) {
	dir := t.TempDir()
	own := filepath.Join(dir, "own")
	if err := os.WriteFile(own, []byte("mine"), 0o640); err != nil {
		t.Fatal(err)
	}
	cell := newCell(t)
	cell.Inputs = map[string]pipeline.Artifact{"text": artifactOf(t, "x", "2")}
	input, err := cell.Inputs["text"].Path("x")
	if err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf("ln %s out/own; ln %s out/input; echo 3 >out/a; ln out/a out/b; ln out/a kept", own, input)
	a, err := kindtest.Run(t, Command(), shell(script, "own", "input", "a", "b"), cell)
	if err != nil {
		t.Skip(err) // two file systems
	}
	for name, want := range map[string]string{"own": "mine", "input": "2", "a": "3\n", "b": "3\n"} {
		if got := read(t, a, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
		var mine, theirs syscall.Stat_t
		path, err := a.Path(name)
		if err != nil || syscall.Stat(path, &mine) != nil || mine.Nlink != 1 {
			t.Errorf("%s has %d names (%v)", name, mine.Nlink, err)
		}
		if syscall.Stat(own, &theirs) != nil || theirs.Ino == mine.Ino || theirs.Mode&0o777 != 0o640 {
			t.Errorf("the file of the user's is part of the output, or has another mode (%o)", theirs.Mode)
		}
	}
}

func TestCopiesOfSparseFilesAreSparse(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	f, err := os.Create(from)
	if err != nil {
		t.Fatal(err)
	}
	const size = 64<<20 + 5
	f.WriteAt([]byte("begin"), 0)
	f.WriteAt([]byte("middle"), 10<<20)
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if err := copyFile(from, to); err != nil {
		t.Fatal(err)
	}
	if err := copyFile(from, to); err == nil {
		t.Error("a file was overwritten")
	}
	var a, b syscall.Stat_t
	if syscall.Stat(from, &a) != nil || syscall.Stat(to, &b) != nil || b.Size != size {
		t.Fatalf("the copy has %d bytes", b.Size)
	}
	if a.Blocks*512 < 1<<20 && b.Blocks*512 > 1<<20 {
		t.Errorf("the copy takes %d bytes on disk, the file %d", b.Blocks*512, a.Blocks*512)
	}
	x, _ := os.ReadFile(from)
	y, _ := os.ReadFile(to)
	if string(x) != string(y) {
		t.Error("the copy differs")
	}
}

func TestNamesThatAreOneNameElsewhereAreRefused(t *testing.T) {
	if runtime.GOOS == "darwin" {
		t.Skip("the file system takes them for one name, too")
	}
	for script, want := range map[string]string{
		"touch out/a out/b":                          "",
		"touch out/Model out/model":                  `"Model" and "model" are equal on systems that ignore case`,
		"mkdir out/A out/a; touch out/A/x out/a/x":   `"A/x" and "a/x" are equal on systems that ignore case`,
		"touch out/\u00e4; touch out/a\u0308":        "are equal on systems that ignore case",
		"mkdir out/A; touch out/A/x; touch out/a-x1": "",
	} {
		_, err := collected(t, script, "**")
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", script, err, want)
		}
	}
}

func TestKindsOfFilesHaveNames(t *testing.T) {
	for mode, want := range map[os.FileMode]string{
		os.ModeDir: "a folder", os.ModeSymlink: "a link", os.ModeSocket: "a socket", os.ModeNamedPipe: "a named pipe",
		os.ModeDevice: "a device", os.ModeDevice | os.ModeCharDevice: "a device", os.ModeIrregular: "a special file",
	} {
		if got := kindOf(mode); got != want {
			t.Errorf("%v is %s, want %s", mode, got, want)
		}
	}
}
