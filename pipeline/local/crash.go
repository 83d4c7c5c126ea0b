package local

import (
	"fmt"
	"io"
	"os"
	"regexp"

	"foil/pipeline"
)

// crash says how a child ended that did not say it itself, with what it said to
// the log from an offset on.
func crash(state *os.ProcessState, log *os.File, from int64) error {
	text := ending(state)
	if cause := lastWords(log, from); cause != "" {
		text = cause + " (" + text + ")"
	}
	err := &pipeline.Failure{Code: pipeline.Crashed, Message: "the process crashed: " + text}
	if log != nil {
		fmt.Fprintln(log, err)
	}
	return err
}

// runtimeWords are how Go's runtime begins to say why a program ends.
var runtimeWords = regexp.MustCompile(`(?m)^(panic: .*|fatal error: .*|runtime: out of memory.*|SIG[A-Z]+: .*)$`)

// lastWords finds in a log why Go's runtime ended the program.
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
