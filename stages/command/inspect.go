package command

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"unicode/utf8"

	"foil/spec"
)

// An inspector finds out why the system does not start a program. The system's own message is the
// same for a script that is missing and for one whose interpreter is.
type inspector struct {
	when  moment
	dir   string   // that the program runs in; empty before the run
	env   []string // that it gets
	depth int      // how many scripts this file is the interpreter of
}

// A moment decides which problems count. Linux can be configured to start files of other systems
// and processors, so before the run only scripts are inspected. A script that has run can still
// have got a carriage return as an argument.
type moment int

const (
	beforeRun moment = iota
	notStarted
	ended
)

// file returns what is wrong with the file at a path, or "".
func (i inspector) file(path string) string {
	info, err := os.Stat(path)
	switch {
	case isMissing(err):
		return missingProblem(path)
	case err != nil:
		return plainError(err)
	case !info.Mode().IsRegular():
		return fmt.Sprintf("%s is %s", path, kindOf(info.Mode()))
	case runtime.GOOS == "windows":
		return ""
	case info.Mode()&0o111 == 0 && i.dir != "" && strings.HasPrefix(path, filepath.Join(i.dir, inDir)+"/"):
		return `the files of inputs are not executable; copy it first: [sh, -c, "cp in/NAME/FILE . && chmod +x FILE && ./FILE"], or name its interpreter`
	case info.Mode()&0o111 == 0:
		return path + " is not executable; chmod +x makes it so"
	}
	f, err := os.Open(path)
	if err != nil {
		return "" // a program need not be readable
	}
	defer f.Close()
	return i.content(f)
}

func missingProblem(path string) string {
	if to, err := os.Readlink(path); err == nil {
		return fmt.Sprintf("%s is a link to %q, which does not exist", path, to)
	}
	return fmt.Sprintf("there is no file %q%s", path, spec.NameInvisible(path))
}

// A readerAt is the content of a program.
type readerAt interface {
	io.Reader
	io.ReaderAt
}

// longestFirstLine is the length after which Linux does not read the first line of a script.
const longestFirstLine = 255

// mostInterpreters is how often Linux starts an interpreter that is a script itself.
const mostInterpreters = 4

// formats are the beginnings of files that only other systems run, or none.
var formats = []struct{ magic, what string }{
	{"MZ", "a program for Windows"},
	{"\xcf\xfa\xed\xfe", "a program for macOS"}, {"\xce\xfa\xed\xfe", "a program for macOS"}, {"\xca\xfe\xba\xbe", "a program for macOS or a Java class"},
	{"PK\x03\x04", "a zip archive"}, {"\x1f\x8b", "a compressed file"},
	{"\xff\xfe", "UTF-16 text; save it as UTF-8"}, {"\xfe\xff", "UTF-16 text; save it as UTF-8"},
}

// content returns what is wrong with the content of an executable file, or "".
func (i inspector) content(content readerAt) string {
	head := make([]byte, 4096)
	n, _ := io.ReadFull(content, head)
	head = head[:n]
	switch {
	case runtime.GOOS == "windows":
		return ""
	case bytes.HasPrefix(head, []byte("#!")):
		return i.script(head)
	case i.when != notStarted:
		return ""
	case n == 0:
		return "it is empty"
	case bytes.HasPrefix(head, []byte(elf.ELFMAG)):
		return inspectELF(content)
	case bytes.HasPrefix(bytes.TrimLeft(head, "\ufeff\u200b\u00a0 \t\r\n"), []byte("#!")):
		return "its first two bytes must be #!, and there is " + nameFirst(head) + " before them; remove it"
	}
	for _, f := range formats {
		if bytes.HasPrefix(head, []byte(f.magic)) {
			return "it is " + f.what
		}
	}
	if bytes.IndexByte(head, 0) >= 0 {
		return "it is neither a program for this system nor a script"
	}
	return "it has no first line that names an interpreter, such as #!/usr/bin/env python3; write one, or name the interpreter in run: [python3, FILE]"
}

// nameFirst names the first character of a text.
func nameFirst(text []byte) string {
	switch first, _ := utf8.DecodeRune(text); first {
	case ' ', '\t':
		return "a space"
	case '\r', '\n':
		return "an empty line"
	default:
		return strings.TrimPrefix(spec.NameInvisible(string(first)), "; it contains ")
	}
}

// script checks the interpreter in the first line of a script.
func (i inspector) script(head []byte) string {
	line, _, _ := strings.Cut(string(head), "\n")
	interpreter, argument := strings.TrimLeft(line[len("#!"):], " \t"), ""
	if n := strings.IndexAny(interpreter, " \t"); n >= 0 {
		interpreter, argument = interpreter[:n], strings.Trim(interpreter[n:], " \t")
	}
	const windows = ", with a carriage return at its end, because the file has the line ends of Windows; save it with those of Unix, for example with dos2unix"
	names := fmt.Sprintf("its first line names the interpreter %q", interpreter)
	switch {
	case i.when == ended && strings.HasSuffix(argument, "\r"):
		return fmt.Sprintf("its first line names the argument %q", argument) + windows
	case i.when == ended:
		return ""
	case len(line) > longestFirstLine:
		return fmt.Sprintf("its first line is longer than %d bytes, which the system does not read; shorten the path of the interpreter, or name it in run", longestFirstLine)
	case strings.Trim(interpreter, "\r") == "":
		return "its first line names no interpreter behind #!"
	case strings.HasSuffix(interpreter, "\r"):
		return names + windows
	case !strings.Contains(interpreter, "/"):
		return names + " without its path; write #!/usr/bin/env " + interpreter
	case i.depth == mostInterpreters:
		return "too many scripts are interpreters of each other"
	}
	if problem := i.interpreter(interpreter); problem != "" {
		return names + problem
	}
	if filepath.Base(interpreter) == "env" {
		return i.envArgument(argument, windows)
	}
	return ""
}

// interpreter continues "its first line names the interpreter X" if something is wrong with it.
func (i inspector) interpreter(path string) string {
	if !filepath.IsAbs(path) {
		if i.dir == "" {
			return ""
		}
		path = filepath.Join(i.dir, path)
	}
	if _, err := os.Lstat(path); isMissing(err) {
		return ", which does not exist; correct the line, or name the interpreter in run" + spec.NameInvisible(path)
	}
	i.depth++
	if problem := i.file(path); problem != "" {
		return ", and " + problem
	}
	return ""
}

// envArgument checks the program that the first line of a script asks env for.
func (i inspector) envArgument(argument, windows string) string {
	fields := strings.FieldsFunc(argument, func(r rune) bool { return r == ' ' || r == '\t' })
	if len(fields) > 0 && (fields[0] == "-S" || fields[0] == "--split-string") {
		fields = fields[1:]
	}
	if len(fields) == 0 || strings.HasPrefix(fields[0], "-") || strings.ContainsAny(fields[0], "=/") {
		return ""
	}
	asks := fmt.Sprintf("its first line asks for the program %q", fields[0])
	if strings.HasSuffix(fields[0], "\r") {
		return asks + windows
	}
	list, _ := variable(i.env, "PATH")
	for _, entry := range filepath.SplitList(list) {
		if !filepath.IsAbs(entry) {
			return "" // env searches these, too
		}
	}
	if _, err := find(fields[0], i.dir, i.env); err != nil {
		return asks + ": " + err.Error()
	}
	return ""
}

// machines are the processors of programs, by the names that Go gives them.
var machines = map[string][]elf.Machine{
	"amd64": {elf.EM_X86_64, elf.EM_386}, "386": {elf.EM_386}, "arm64": {elf.EM_AARCH64, elf.EM_ARM}, "arm": {elf.EM_ARM},
	"riscv64": {elf.EM_RISCV}, "ppc64le": {elf.EM_PPC64}, "ppc64": {elf.EM_PPC64}, "s390x": {elf.EM_S390}, "loong64": {elf.EM_LOONGARCH},
}

var machineNames = map[elf.Machine]string{
	elf.EM_X86_64: "x86-64", elf.EM_386: "32-bit x86", elf.EM_AARCH64: "ARM64", elf.EM_ARM: "32-bit ARM",
	elf.EM_RISCV: "RISC-V", elf.EM_PPC64: "POWER", elf.EM_S390: "IBM Z", elf.EM_LOONGARCH: "LoongArch",
}

// inspectELF checks a program in the format of Linux and the BSDs.
func inspectELF(content io.ReaderAt) string {
	if runtime.GOOS == "darwin" {
		return "it is a program for another system"
	}
	f, err := elf.NewFile(content)
	if err != nil {
		return "it is a damaged program: " + err.Error()
	}
	runs := machines[runtime.GOARCH]
	matches := runs == nil
	for _, m := range runs {
		matches = matches || m == f.Machine
	}
	if !matches {
		name := machineNames[f.Machine]
		if name == "" {
			name = f.Machine.String()
		}
		return fmt.Sprintf("it is a program for another processor (%s; this one is %s)", name, runtime.GOARCH)
	}
	if f.Type != elf.ET_EXEC && f.Type != elf.ET_DYN {
		return "it is an object file and no program"
	}
	for _, p := range f.Progs {
		if p.Type != elf.PT_INTERP || p.Filesz > 4096 {
			continue
		}
		path := make([]byte, p.Filesz)
		if _, err := p.ReadAt(path, 0); err != nil {
			return "it is a damaged program: " + err.Error()
		}
		loader := strings.TrimRight(string(path), "\x00")
		if _, err := os.Stat(loader); isMissing(err) {
			return fmt.Sprintf("it needs %q, which does not exist: it was built for another Linux distribution", loader)
		}
	}
	return ""
}

// startProblem explains an error of the system about a file with which nothing is wrong.
func startProblem(err error) string {
	switch {
	case errors.Is(err, syscall.E2BIG):
		return "its arguments and environment are too long for the system; pass long lists in a file"
	case errors.Is(err, fs.ErrPermission):
		return "permission denied; its file system may be mounted with noexec"
	}
	return plainError(err)
}

// plainError is the text of an error without the names of system calls and paths.
func plainError(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}
