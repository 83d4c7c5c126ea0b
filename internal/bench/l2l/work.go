package main

import (
	"fmt"
	"strings"
)

// A work is the type of a step: a training step or a convolution.
type work struct {
	name           string
	size, in, outs int // of a convolution: rows and columns, channels; else 0
}

// works are the training steps of the small protocol, and the convolutions that take
// most of the time of its classifier.
var works = []work{
	conv(32, 16, 32), conv(16, 32, 32), conv(16, 32, 64), conv(8, 64, 128), conv(4, 128, 128),
	{name: "plain"}, {name: "pgd"}, {name: "l2l-grad"},
}

func conv(size, in, out int) work {
	return work{fmt.Sprintf("conv-%d-%d-%d", size, in, out), size, in, out}
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
