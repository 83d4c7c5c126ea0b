package bench

import (
	"flag"
	"fmt"
)

// A Protocol holds the options of a comparison with Python from the command line.
type Protocol struct {
	Python  string // the interpreter
	Threads []int
	Rounds  int
	Warmup  int // steps of a run before the timed steps
	Steps   int
}

// Flags adds the flags of a protocol, whose values so far are the defaults.
func (p *Protocol) Flags(f *flag.FlagSet) {
	p.Threads = []int{1, 2}
	f.StringVar(&p.Python, "python", "python3", "the interpreter with the packages of requirements.txt")
	f.IntVar(&p.Rounds, "rounds", 5, "how often each side does a workload")
	f.IntVar(&p.Warmup, "warmup", p.Warmup, "steps of a run before those that are timed")
	f.IntVar(&p.Steps, "steps", p.Steps, "timed steps of a run")
	f.Func("threads", "numbers of threads, comma-separated (default 1,2)", func(s string) (err error) {
		p.Threads, err = List(s, Positive)
		return err
	})
}

// Check returns an error if a number is invalid.
func (p *Protocol) Check() error {
	if p.Rounds < 1 || p.Steps < 1 || p.Warmup < 0 {
		return fmt.Errorf("%d rounds of %d + %d steps: rounds and steps must be at least 1, warm-up not negative", p.Rounds, p.Warmup, p.Steps)
	}
	return nil
}
