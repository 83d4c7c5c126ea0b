//go:build unix

package command

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"foil/internal/digest"
	"foil/internal/filelock"
	"foil/internal/kindtest"
	"foil/pipeline"
	"foil/spec"
)

// wheel returns a wheel of the package tiny, which has a module and a program of this name.
func wheel(t *testing.T, version string) []byte {
	t.Helper()
	info := "tiny-" + version + ".dist-info/"
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range [][2]string{
		{"tiny.py", "VERSION = '" + version + "'\ndef main(): print(VERSION)\n"},
		{info + "METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: " + version + "\n"},
		{info + "WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"},
		{info + "entry_points.txt", "[console_scripts]\ntiny = tiny:main\n"},
		{info + "RECORD", "tiny.py,,\n" + info + "METADATA,,\n" + info + "WHEEL,,\n" + info + "entry_points.txt,,\n" + info + "RECORD,,\n"},
	} {
		w, err := z.Create(f[0])
		if err == nil {
			_, err = w.Write([]byte(f[1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tinyFiles are the files of a program that needs the package tiny, the wheel itself among them.
func tinyFiles(t *testing.T) fstest.MapFS {
	w := wheel(t, "1.0")
	return fstest.MapFS{
		"wheels/tiny-1.0-py3-none-any.whl": {Data: w},
		"requirements.txt":                 {Data: []byte("--no-index\n--find-links wheels\ntiny==1.0 --hash=sha256:" + digest.Of(w).String() + "\n")},
	}
}

func runIn(environment *Environment, run ...spec.Text) *Params {
	return &Params{Run: run, Outputs: []string{"x"}, Type: typeFiles, Files: []string{"wheels/"}, Environment: environment}
}

// cellIn makes a cell with the sources of a program, and environments in a folder.
func cellIn(t *testing.T, p *Params, files fstest.MapFS, environments string) *pipeline.Cell {
	t.Helper()
	cell := newCell(t)
	cell.Env = &pipeline.Env{Files: files, Environments: environments, Offline: true}
	var err error
	if cell.Sources, err = p.sources(t.Context(), cell.Env); err != nil {
		t.Fatal(err)
	}
	return cell
}

func entries(t *testing.T, dir string) (names []string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

// Two cells at once make one environment. What a killed cell has left is removed.
func TestEnvironmentIsMadeOnce(t *testing.T) {
	python(t, "venv ensurepip")
	root := filepath.Join(t.TempDir(), "environments")
	files := tinyFiles(t)
	p := runIn(&Environment{Requirements: "requirements.txt"}, "sh", "-c", `tiny >out/x; python3 -c 'import tiny; print(tiny.VERSION)' >>out/x`)
	first := cellIn(t, p, files, root)
	i, err := findInterpreter(t.Context(), "", p.environment(1, os.LookupEnv))
	if err != nil {
		t.Fatal(err)
	}
	name := p.Environment.id(root, i, first.Sources).String()
	if err := os.MkdirAll(filepath.Join(root, name+makingSuffix+"0", "bin"), 0o777); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var logs [3]bytes.Buffer
	for n := range logs {
		cell := first
		if n > 0 {
			cell = cellIn(t, p, files, root)
		}
		cell.OnLog = &logs[n]
		all.Go(func() {
			a, err := kindtest.Run(t, Command(), p, cell)
			if err != nil {
				t.Error(err)
			} else if got := read(t, a, "x"); got != "1.0\n1.0\n" {
				t.Errorf("got %q", got)
			}
		})
	}
	all.Wait()
	made := 0
	for n := range logs {
		made += strings.Count(logs[n].String(), "making the environment")
	}
	if got := entries(t, root); made != 1 || !slices.Equal(got, []string{name, name + ".lock"}) {
		t.Errorf("made %d times, left %v", made, got)
	}

	checkInside(t, filepath.Join(root, name))

	// Later cells need nothing but the interpreter.
	delete(files, "wheels/tiny-1.0-py3-none-any.whl")
	p.Files = nil
	cell := cellIn(t, p, files, root)
	if a := kindtest.MustRun(t, Command(), p, cell); read(t, a, "x") != "1.0\n1.0\n" {
		t.Errorf("got %q", read(t, a, "x"))
	}

	// Another interpreter than that of the environment is not taken silently.
	p.Run = []spec.Text{"python3.1", "-c", ""}
	if _, err := kindtest.Run(t, Command(), p, cellIn(t, p, files, root)); err == nil || !strings.Contains(err.Error(), "and no python3.1; write python3") {
		t.Errorf("got %v", err)
	}
}

func TestUVMakesEnvironments(t *testing.T) {
	uv, err := exec.LookPath("uv")
	if err != nil {
		t.Skip("there is no uv: python3 -m pip install uv")
	}
	const project = "[project]\nname = \"mine\"\nversion = \"0\"\nrequires-python = \">=3.9\"\ndependencies = [\"tiny\"]\n[tool.uv]\nno-index = true\nfind-links = [\"wheels\"]\n"
	files := tinyFiles(t)
	files["pyproject.toml"] = &fstest.MapFile{Data: []byte(project)}
	dir := t.TempDir()
	if err := os.CopyFS(dir, files); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(uv, "lock", "--offline", "--no-python-downloads")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	lock, err := os.ReadFile(filepath.Join(dir, uvLock))
	if err != nil {
		t.Fatal(err)
	}
	files[uvLock] = &fstest.MapFile{Data: lock}
	p := runIn(&Environment{UV: uvLock}, "sh", "-c", `tiny >out/x; python3 -c 'import tiny; print(tiny.VERSION)' >>out/x`)
	root := filepath.Join(t.TempDir(), "environments")
	cell := cellIn(t, p, files, root)
	if !slices.ContainsFunc(cell.Sources, func(s pipeline.Source) bool { return s.Name == "tiny" && s.Version == "1.0" }) {
		t.Errorf("the package is not in the key: %v", cell.Sources)
	}
	if a := kindtest.MustRun(t, Command(), p, cell); read(t, a, "x") != "1.0\n1.0\n" {
		t.Errorf("got %q", read(t, a, "x"))
	}
	for _, name := range entries(t, root) {
		if !strings.HasSuffix(name, ".lock") {
			checkInside(t, filepath.Join(root, name))
		}
	}
}

// checkInside checks that the programs of an environment belong to it, and that nothing is installed
// elsewhere.
func checkInside(t *testing.T, dir string) {
	t.Helper()
	if text, err := os.ReadFile(filepath.Join(dir, "bin", "tiny")); err != nil || !strings.Contains(string(text), dir+"/bin/python") || strings.Contains(string(text), makingSuffix) {
		t.Errorf("%v: %.200s", err, text)
	}
	for _, interpreter := range []string{python(t, "sys"), filepath.Join(dir, "bin", "python3")} {
		out, err := exec.Command(interpreter, "-c", "import tiny; print(tiny.__file__)").CombinedOutput()
		if (err == nil) != strings.HasPrefix(interpreter, dir) || err == nil && !strings.HasPrefix(string(out), dir) {
			t.Errorf("%s: %v, %s", interpreter, err, out)
		}
	}
}

// An interrupted cell stops waiting for another one.
func TestWaitingForAnEnvironmentEndsWithTheCell(t *testing.T) {
	root := t.TempDir()
	m := environmentMaker{cell: newCell(t), dir: filepath.Join(root, "a")}
	f, err := os.Create(m.dir + ".lock")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if ok, err := filelock.Exclusive(f); !ok || err != nil {
		t.Skipf("no locks here: %v", err)
	}
	told := make(chan bool, 1)
	m.cell.OnProgress = func(pipeline.Progress) { told <- true }
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-told; cancel() }()
	if err := m.provide(ctx); err != context.Canceled {
		t.Errorf("got %v", err)
	}
}

// Programs whose cells have no environment keep their keys.
func TestKeysWithoutEnvironmentStay(t *testing.T) {
	with, err := spec.ParseValue("test", "{run: [python3, a.py], outputs: [x]}")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Command().Decode(with)
	if err != nil {
		t.Fatal(err)
	}
	if want := "env = {}\noutputs = [\"x\"]\nrun = [\"python3\", \"a.py\"]\ntype = \"files\"\n"; p.Canonical != want {
		t.Errorf("got %s", p.Canonical)
	}
	sources, err := Command().Sources(t.Context(), &pipeline.Env{Files: fstest.MapFS{}}, p.Values)
	if err != nil || len(sources) > 0 {
		t.Errorf("got %v, %v", sources, err)
	}
}

func TestSourcesOfAnEnvironment(t *testing.T) {
	python(t, "sys")
	for name, c := range map[string]struct {
		environment Environment
		files       []string
		want        string
	}{
		"version found": {Environment{Requirements: "requirements.txt"}, nil, "requirements.txt Python=3 tiny=1.0"},
		"version given": {Environment{Requirements: "requirements.txt", Python: "3.12"}, nil, "requirements.txt tiny=1.0"},
		"named twice":   {Environment{Requirements: "./requirements.txt", Python: "3.12"}, []string{"*.txt"}, "requirements.txt tiny=1.0"},
		"missing":       {Environment{Requirements: "requirement.txt", Python: "3.12"}, nil, `environment.requirements: no file "requirement.txt" beside the spec; did you mean "requirements.txt"?`},
		"no project":    {Environment{UV: "a/uv.lock", Python: "3.12"}, nil, `environment.uv: no file "a/pyproject.toml" beside the spec`},
	} {
		p := runIn(&c.environment, "python3")
		p.Files = c.files
		files := tinyFiles(t)
		files["a/uv.lock"] = &fstest.MapFile{Data: []byte(uvFile)}
		sources, err := p.sources(t.Context(), &pipeline.Env{Files: files})
		var texts []string
		for _, s := range sources {
			switch {
			case s.Name == interpreterName:
				texts = append(texts, s.Name+"="+s.Version[:1])
			case s.Version != "":
				texts = append(texts, s.Name+"="+s.Version)
			default:
				texts = append(texts, s.Name)
			}
		}
		got := strings.Join(texts, " ")
		if err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: got %s", name, got)
		}
	}
}

func TestEnvironmentsAreChecked(t *testing.T) {
	for with, want := range map[string]string{
		"{}":                                      "name the file that pins the packages",
		"{requirements: a.txt, uv: uv.lock}":      "an environment has either requirements or uv",
		"{requirements: ../a.txt}":                "is not a path in the spec's folder",
		"{uv: poetry.lock}":                       "uv reads only files called uv.lock",
		"{requirements: a.txt, python: latest}":   `"latest" is not a version of Python`,
		"{requirements: a.txt, python: 2.7}":      `"2.7" is not a version of Python`,
		"{requirements: a.txt, python: 3.10}":     "",
		"{uv: sub/uv.lock, python: 3.12.4}":       "",
		"{requirements: a.txt, python: '3.12 ' }": `"3.12 " is not a version of Python`,
	} {
		v, err := spec.ParseValue("test", "{run: [python3], outputs: [x], environment: "+with+"}")
		if err != nil {
			t.Fatal(err)
		}
		_, err = Command().Decode(v)
		if got := fmt.Sprint(err); (err == nil) != (want == "") || !strings.Contains(got, want) && want != "" {
			t.Errorf("%s: got %v", with, err)
		}
	}
}

// An interpreter beside the environment would not see its packages.
func TestOtherInterpretersAreReported(t *testing.T) {
	path := python(t, "sys")
	var reports []string
	p := runIn(&Environment{Requirements: "requirements.txt"}, spec.Text(path))
	Command().CheckMachine(&pipeline.Env{Files: tinyFiles(t)}, p, func(at, format string, args ...any) {
		reports = append(reports, at+": "+fmt.Sprintf(format, args...))
	})
	if want := "run[0]: " + path + " is not the interpreter of the environment; write python3"; !slices.Equal(reports, []string{want}) {
		t.Errorf("got %q", reports)
	}
}

func TestEnvironmentComesFirst(t *testing.T) {
	got := inEnvironment([]string{"A=1", "PATH=/bin", "PYTHONHOME=/x", "VIRTUAL_ENV=/y"}, "/e")
	if want := []string{"A=1", "PATH=/e/bin:/bin", "VIRTUAL_ENV=/e"}; !slices.Equal(got, want) {
		t.Errorf("got %s", got)
	}
	if got := inEnvironment(nil, "/e"); !slices.Equal(got, []string{"PATH=/e/bin", "VIRTUAL_ENV=/e"}) {
		t.Errorf("got %s", got)
	}
}

// The interpreter says its version, whatever program it is.
func TestInterpreterIsAsked(t *testing.T) {
	dir := t.TempDir()
	for name, script := range map[string]string{"python3": "#!/bin/sh\nprintf '3.99.1\\n\\nx\\n'\n", "python3.98": "#!/bin/sh\nprintf '3.98.0\\n/real\\nx\\n'\n", "python": "#!/bin/sh\nexit 3\n"} {
		writeFile(t, filepath.Join(dir, name), script, 0o777)
	}
	env := []string{"PATH=" + dir}
	for wanted, want := range map[string]string{
		"":       filepath.Join(dir, "python3") + " 3.99.1",
		"3.99":   filepath.Join(dir, "python3") + " 3.99.1",
		"3.98.0": "/real 3.98.0",
		"3.9":    "Python 3.9 is not on the PATH (python3 is 3.99.1 and " + filepath.Join(dir, "python") + ": exit status 3); install it",
	} {
		i, err := findInterpreter(t.Context(), wanted, env)
		got := i.path + " " + i.version
		if err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, want) {
			t.Errorf("%q: got %s", wanted, got)
		}
	}
	if _, err := findInterpreter(t.Context(), "", []string{"PATH=" + t.TempDir()}); err == nil || !strings.Contains(err.Error(), "install Python. If all results are in the cache") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	slow := t.TempDir()
	writeFile(t, filepath.Join(slow, "python3"), "#!/bin/sh\nexec sleep 60\n", 0o777)
	if _, err := findInterpreter(ctx, "", []string{"PATH=" + slow + ":/bin:/usr/bin"}); err != context.DeadlineExceeded {
		t.Errorf("got %v", err)
	}
}
