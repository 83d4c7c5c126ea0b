package classifiers

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gomlx/compute"

	"foil/internal/safetensors"
	"foil/models/nn"
)

// LoadWeights reads the weights of a network from a file. The error names every tensor that is
// missing or does not fit. If many are missing, it also names other tensors of the file.
func LoadWeights(b compute.Backend, n *nn.Network, file safetensors.File) (*nn.Weights, error) {
	w, err := nn.LoadWeights(b, n.Params, func(name string) (nn.Stored, bool) {
		t, ok := file[name]
		return nn.Stored{Type: t.Type(), Shape: t.Shape, Values: t.F32}, ok
	})
	if err == nil {
		return w, nil
	}
	missing := 0
	for _, p := range n.Params {
		if _, ok := file[p.Name]; !ok {
			missing++
		}
	}
	if missing > few {
		return nil, fmt.Errorf("%w; %s", err, instead(Unused(n, file), missing == len(n.Params)))
	}
	return nil, err
}

// Unused lists the tensors that a network does not use, under their names in the file. The keys may
// lack a prefix that all names have in common.
func Unused(n *nn.Network, file safetensors.File) []string {
	rest := maps.Clone(file)
	for _, p := range n.Params {
		delete(rest, p.Name)
	}
	names := make([]string, 0, len(rest))
	for _, t := range rest {
		names = append(names, t.Name)
	}
	slices.Sort(names)
	return names
}

// few is the number of names that an error shows as examples.
const few = 3

// instead describes the tensors of the file that the network does not use.
func instead(unused []string, noneFound bool) string {
	has := "the file also has "
	if noneFound {
		has = "the file has "
	}
	switch more := len(unused) - few; {
	case len(unused) == 0 && noneFound:
		return has + "no tensors"
	case len(unused) == 0:
		return "the file has no others"
	case more > 0:
		return fmt.Sprintf("%s%s and %d more", has, strings.Join(unused[:few], ", "), more)
	default:
		return has + strings.Join(unused, ", ")
	}
}
