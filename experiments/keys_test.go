package experiments

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
)

// The trainings of advx-ml-1m take hours. Their keys must not change by accident: these are the
// lines of all keys that a spec and a kind decide, without the data and the libraries.
func TestKeysOfTheTrainingsArePinned(t *testing.T) {
	for name, want := range map[string]string{
		"advx-ml-1m":         "180 cells 29ae6f06b0d5",
		"advx-ml-1m-raw-age": "180 cells 306750b54343",
		"quickstart":         "8 cells 6b70d41ccb1c",
	} {
		cells, hash := 0, sha256.New()
		for _, n := range build(t, name).Nodes {
			if strings.HasPrefix(n.Kind.Name, "train/") {
				cells++
				fmt.Fprintf(hash, "%s %d\n%s%d\n", n.Kind.Name, n.Kind.Version, n.Params.Canonical, n.Seed)
			}
		}
		if got := fmt.Sprintf("%d cells %x", cells, hash.Sum(nil)[:6]); got != want {
			t.Errorf("the trainings of %s: %s, were %s", name, got, want)
		}
	}
}
