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

// LoadWeights takes the weights of a network out of a file. The error names every
// tensor that is missing or cannot be taken, and where many are missing, what the file
// has instead.
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

// Unused lists the tensors that a network does not use, under the names that they have in the
// file: a prefix that all names share may have been cut off from the keys.
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

// few is how many names are enough to show what the others look like.
const few = 3

// instead tells which tensors the file has besides those that were found.
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
