//go:build unix

package command

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"foil/internal/kindtest"
	"foil/pipeline"
	"foil/spec"
)

func texts(args ...string) (list []spec.Text) {
	for _, a := range args {
		list = append(list, spec.Text(a))
	}
	return list
}

// writeFile makes a file with its folder.
func writeFile(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

// The program is looked up on the PATH that it gets itself.
func TestProgramIsFoundOnItsOwnPath(t *testing.T) {
	dir, scratch := t.TempDir(), t.TempDir()
	for name, mode := range map[string]os.FileMode{"one/tool": 0o777, "two/tool": 0o777, "two/other": 0o777, "data/tool": 0o666} {
		writeFile(t, filepath.Join(dir, name), "#!/bin/sh\n", mode)
	}
	writeFile(t, filepath.Join(scratch, "bin/mine"), "#!/bin/sh\n", 0o777)
	if err := os.MkdirAll(filepath.Join(dir, "folder/tool"), 0o777); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	at := func(entries ...string) string {
		for i, e := range entries {
			entries[i] = filepath.Join(dir, e)
		}
		return "PATH=" + strings.Join(entries, ":")
	}
	for _, c := range []struct{ program, path, want string }{
		{"tool", at("one", "two"), "one/tool"},
		{"tool", at("two", "one"), "two/tool"},
		{"tool", at("nowhere", "data", "folder", "one"), "one/tool"},
		{"other", at("one", "two"), "two/other"},
		{"tool", "PATH=one:" + dir + "/two", "two/tool"},
		{"tool", at("data"), "data/tool is there, but not executable"},
		{"tool", at("folder"), `no program "tool" on the PATH; install it, or write ./tool if it is one of files`},
		{"tool", "PATH=one", `program "tool" is only in "one", a relative entry of PATH, which foil does not search; write absolute paths in PATH`},
		{"tool", "PATH=/nowhere:./one", `program "tool" is only in "./one", a relative entry of PATH`},
		{"mine", "PATH=bin:/nowhere", `program "mine" is only in "bin", a relative entry of PATH`},
		{"tool", "PATH=$HOME/bin:/nowhere", `Relative entries of PATH are not searched ("$HOME/bin"), and variables and ~ in it are not replaced; write absolute paths`},
		{"tool", "PATH=~/bin:lib", `Relative entries of PATH are not searched ("~/bin" and "lib")`},
		{"tool", "PATH=:/nowhere", `Relative entries of PATH are not searched ("")`},
		{"tool", "PATH=", `no program "tool": PATH is empty`},
		{"tool", "HOME=/", `no program "tool": PATH is not set`},
		{"tool\u00a0", at("one"), `no program "tool\u00a0" on the PATH`},
		{"tool\u200b", at("one"), `it contains U+200B ZERO WIDTH SPACE`},
		{"./nosuch", at("one"), `no program "./nosuch" among the files of the stage; name it in files`},
		{"in/build/tool", at("one"), `no program "in/build/tool": the input has no such file`},
	} {
		got, err := find(c.program, scratch, []string{"A=1", c.path})
		if err == nil && got != filepath.Join(dir, c.want) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s with %s: got %s (%v)\nwant %s", c.program, c.path, got, err, c.want)
		}
	}
}

// runScript runs a file of the stage and returns the error.
func runScript(t *testing.T, content string, env map[string]spec.Text) string {
	t.Helper()
	cell := newCell(t)
	cell.Sources = []pipeline.Source{{Name: "script", Content: []byte(content)}}
	p := &Params{Run: texts("./script"), Outputs: []string{"o"}, Type: typeFiles, Env: env}
	_, err := kindtest.Run(t, Command(), p, cell)
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestScriptsThatCannotStart(t *testing.T) {
	dir := t.TempDir()
	wrap := filepath.Join(dir, "wrap")
	writeFile(t, wrap, "#!/nowhere/sh\n", 0o777)
	writeFile(t, filepath.Join(dir, "notx"), "#!/bin/sh\n", 0o666)
	link := filepath.Join(dir, "link")
	if err := os.Symlink("gone", link); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, script, want string }{
		{"carriage return", "#!/bin/sh\r\ntouch out/o\r\n", `./script cannot be started: its first line names the interpreter "/bin/sh\r", with a carriage return at its end`},
		{"carriage return for env", "#!/usr/bin/env sh\r\ntouch out/o\r\n", `its first line asks for the program "sh\r", with a carriage return at its end`},
		{"carriage return behind an option", "#!/bin/sh -e\r\ntouch out/o\r\n", `its first line names the argument "-e\r", with a carriage return at its end`},
		{"missing interpreter", "#!/opt/gone/python\n", `names the interpreter "/opt/gone/python", which does not exist`},
		{"missing interpreter with an argument", "#! /opt/gone/python -u\n", `names the interpreter "/opt/gone/python", which does not exist`},
		{"missing interpreter without a line end", "#!/opt/gone/python", `names the interpreter "/opt/gone/python", which does not exist`},
		{"missing program for env", "#!/usr/bin/env nosuchpython\n", `its first line asks for the program "nosuchpython": no program "nosuchpython" on the PATH`},
		{"missing program for env -S", "#!/usr/bin/env -S nosuchpython -u\n", `its first line asks for the program "nosuchpython"`},
		{"no path", "#!python3\n", `names the interpreter "python3" without its path; write #!/usr/bin/env python3`},
		{"relative interpreter", "#!./gone\n", `names the interpreter "./gone", which does not exist`},
		{"interpreter is a folder", "#!/usr\n", `names the interpreter "/usr", and /usr is a folder`},
		{"interpreter is a broken script", "#!" + wrap + "\n", `names the interpreter "` + wrap + `", and its first line names the interpreter "/nowhere/sh", which does not exist`},
		{"interpreter is not executable", "#!" + dir + "/notx\n", `notx is not executable; chmod +x makes it so`},
		{"interpreter is a broken link", "#!" + link + "\n", `and ` + link + ` is a link to "gone", which does not exist`},
		{"no interpreter", "#!\ntouch out/o\n", "its first line names no interpreter behind #!"},
		{"no first line", "touch out/o\n", "it has no first line that names an interpreter"},
		{"a byte order mark", "\ufeff#!/bin/sh\n", "there is U+FEFF BYTE ORDER MARK before them; remove it"},
		{"an empty line", "\n#!/bin/sh\n", "there is an empty line before them; remove it"},
		{"a space", " #!/bin/sh\n", "there is a space before them; remove it"},
		{"invisible", "#!/bin/s\u200bh\n", `names the interpreter "/bin/s\u200bh", which does not exist; correct the line, or name the interpreter in run; it contains U+200B ZERO WIDTH SPACE`},
		{"empty", "", "it is empty"},
		{"too long", "#!/" + strings.Repeat("x", 300) + "\n", "its first line is longer than 255 bytes"},
		{"for Windows", "MZ\x90\x00", "it is a program for Windows"},
		{"UTF-16", "\xff\xfe#\x00!\x00", "it is UTF-16 text"},
		{"binary", "\x01\x02\x00\x03", "it is neither a program for this system nor a script"},
	} {
		if got := runScript(t, c.script, nil); !strings.Contains(got, c.want) {
			t.Errorf("%s: got %s\nwant %s", c.name, got, c.want)
		}
	}
	if got := runScript(t, "#!/usr/bin/env sh\ntouch out/o\n", nil); got != "" {
		t.Errorf("a good script: %s", got)
	}
	if got := runScript(t, "#!/bin/sh\nexit 127\n", nil); strings.Contains(got, "About") {
		t.Errorf("a good script that ends with 127: %s", got)
	}
}

func TestOtherProgramsThatCannotStart(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "data"), "#!/bin/sh\n", 0o666)
	for _, c := range []struct {
		run  []string
		want string
	}{
		{[]string{dir}, dir + " is a folder"},
		{[]string{dir + "/data"}, dir + "/data is not executable; chmod +x makes it so"},
		{[]string{dir + "/nosuch"}, `there is no file "` + dir + `/nosuch"`},
		{[]string{"sh", strings.Repeat("x", 3<<20)}, "sh cannot be started: its arguments and environment are too long for the system"},
		{[]string{"in/tool/x"}, "in/tool/x cannot be started: the files of inputs are not executable; copy it first"},
	} {
		cell := newCell(t)
		cell.Inputs = map[string]pipeline.Artifact{"tool": artifactOf(t, "x", "#!/bin/sh\n")}
		_, err := kindtest.Run(t, Command(), &Params{Run: texts(c.run...), Outputs: []string{"o"}, Type: typeFiles}, cell)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60q: got %v\nwant %s", c.run, err, c.want)
		}
	}
}

// What can be known before the run is reported with its place in the spec.
func TestCheckMachine(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "tool"), "#!/nowhere/sh\n", 0o777)
	beside := fstest.MapFS{
		"ok.sh": {Data: []byte("#!/bin/sh\n")}, "crlf.sh": {Data: []byte("#!/bin/sh\r\n")}, "lib/x.sh": {Data: []byte("#!/bin/sh\n")},
		"text": {Data: []byte("x")}, "program.exe": {Data: []byte("MZ")}, "empty": {},
	}
	for _, c := range []struct {
		run, files string
		want       string
	}{
		{"sh", "", ""},
		{"sh", "*.sh", ""},
		{"./ok.sh", "ok.sh", ""},
		{"./lib/../ok.sh", "*.sh", ""},
		{"lib/x.sh", "lib/", ""},
		{"in/a/tool", "", ""},
		{"./in/a/tool", "", ""},
		{"./text", "text", ""}, // Linux may know how to start it
		{"./program.exe", "program.exe", ""},
		{"./crlf.sh", "crlf.sh", `run[0]: ./crlf.sh cannot be started: its first line names the interpreter "/bin/sh\r"`},
		{dir + "/tool", "", `run[0]: ` + dir + `/tool cannot be started: its first line names the interpreter "/nowhere/sh"`},
		{"nosuchprogram", "", `run[0]: no program "nosuchprogram" on the PATH`},
		{dir + "/nosuch", "", `run[0]: ` + dir + `/nosuch cannot be started: there is no file`},
		{"./nosuch.sh", "ok.sh", `run[0]: no program "./nosuch.sh" among the files`},
		{"./nosuch.sh", "nosuch.sh", `files[0]: no file "nosuch.sh" beside the spec`},
		{"sh", "ok.sh *.rb", `files[1]: no file matches "*.rb" beside the spec`},
		{"out/x", "", `run[0]: no program "out/x" among the files`},
	} {
		p := &Params{Run: texts(c.run), Files: strings.Fields(c.files)}
		var got []string
		Command().CheckMachine(&pipeline.Env{Files: beside}, p, spec.ReportTo(func(at, message string) { got = append(got, at+": "+message) }))
		if all := strings.Join(got, "\n"); !strings.HasPrefix(all, c.want) || c.want == "" && all != "" || len(got) > 1 {
			t.Errorf("%s with files %s: got %q, want %q", c.run, c.files, all, c.want)
		}
	}
	var got string
	Command().CheckMachine(&pipeline.Env{}, &Params{Run: texts("sh"), Files: []string{"x"}}, spec.ReportTo(func(at, message string) { got = message }))
	if !strings.Contains(got, "this spec has no folder") {
		t.Errorf("got %q", got)
	}
}

// A named pipe would block foil until another program writes to it.
func TestPipesAndSocketsAreNotRead(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.py"), 0o666); err != nil {
		t.Skip(err)
	}
	writeFile(t, filepath.Join(dir, "a.py"), "", 0o666)
	if sources, err := findFiles(os.DirFS(dir), []string{"*.py"}); err != nil || len(sources) != 1 {
		t.Errorf("got %v (%v)", sources, err)
	}
	if _, err := findFiles(os.DirFS(dir), []string{"pipe.py"}); err == nil || !strings.Contains(err.Error(), `"pipe.py" is a named pipe, not a file`) {
		t.Errorf("got %v", err)
	}
}

func TestLastWords(t *testing.T) {
	for script, want := range map[string]string{
		"echo one; echo two >&2; exit 3": "sh ended with exit status 3; last lines of stderr:\n    two\n",
		"echo one; exit 3":               "sh ended with exit status 3; last lines of stdout (stderr is empty):\n    one\n",
		"exit 3":                         "sh ended with exit status 3; it wrote nothing\n",
		"printf 'why\\n1%%\\r2%%\\r\\033[2K' >&2; exit 3":                        "last lines of stderr:\n    why\n",
		"printf '\\r   \\r\\033[K' >&2; echo why; exit 3":                        "last lines of stdout (stderr is empty):\n    why\n",
		"printf 'why\\n' >&2; printf 'step %s\\r' 1 2 3 4 >&2; exit 3":           "last lines of stderr:\n    why\n    step 4\n",
		"printf '\\033]8;;http://a.example\\033\\\\why\\033]8;;\\a' >&2; exit 3": "stderr:\n    why\n",
	} {
		_, err := kindtest.Run(t, Command(), shell(script, "x"), newCell(t))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v\nwant %s", script, err, want)
		}
	}
}
