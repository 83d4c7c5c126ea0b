package local

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"regexp"

	"foil/pipeline"
)

// crash is the error of a child that ended without a result. It includes the last words of the log
// after an offset.
func crash(state *os.ProcessState, log *os.File, from int64) error {
	text := cmp.Or(pipeline.Killed(state), state.String())
	if cause := lastWords(log, from); cause != "" {
		text = cause + " (" + text + ")"
	}
	err := &pipeline.Failure{Code: pipeline.Crashed, Message: "the process crashed: " + text}
	if log != nil {
		fmt.Fprintln(log, err)
	}
	return err
}

// runtimeWords match the lines in which Go's runtime reports why a program ends.
var runtimeWords = regexp.MustCompile(`(?m)^(panic: .*|fatal error: .*|runtime: out of memory.*|SIG[A-Z]+: .*)$`)

// lastWords finds the reason in a log why Go's runtime ended the program.
func lastWords(log *os.File, from int64) string {
	if log == nil {
		return ""
	}
	f, err := os.Open(log.Name()) // log itself can be open for writing only
	if err != nil {
		return ""
	}
	defer f.Close()
	const enough = 1 << 20
	text, _ := io.ReadAll(io.NewSectionReader(f, from, enough))
	return string(runtimeWords.Find(text))
}

func endOf(log *os.File) int64 {
	if log == nil {
		return 0
	}
	info, err := log.Stat()
	if err != nil {
		return 0
	}
	return info.Size()
}
