package main

import (
	"fmt"
	"strings"
)

// A work is the type of a step: a training step or a convolution.
type work struct {
	name           string
	method         string // of a training step
	wide           bool   // with WRN-34-10
	batch          int
	size, in, outs int // of a convolution: rows and columns, channels; else 0
}

// works are the training steps of the small protocol, and the convolutions that take
// most of the time of its classifier. The last one is a step of the paper's large classifier.
var works = []work{
	conv(32, 16, 32), conv(16, 32, 32), conv(16, 32, 64), conv(8, 64, 128), conv(4, 128, 128),
	small("plain"), small("pgd"), small("l2l-grad"),
	{name: "wrn-34-10", method: "plain", wide: true, batch: 8},
}

func small(method string) work { return work{name: method, method: method, batch: 32} }

func conv(size, in, out int) work {
	return work{name: fmt.Sprintf("conv-%d-%d-%d", size, in, out), batch: 32, size: size, in: in, outs: out}
}

func (w work) isConv() bool { return w.size > 0 }

func findWork(name string) (work, error) {
	for _, w := range works {
		if w.name == name {
			return w, nil
		}
	}
	return work{}, fmt.Errorf("unknown work %q: there are %s", name, workNames())
}

func workNames() string {
	var names []string
	for _, w := range works {
		names = append(names, w.name)
	}
	return strings.Join(names, ", ")
}
