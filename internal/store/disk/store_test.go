package disk

import (
	"errors"
	"os"
	"strings"
	"testing"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/internal/store/storetest"
)

func TestCacheIsAStore(t *testing.T) {
	for name, fresh := range bothWays {
		t.Run(name, func(t *testing.T) {
			storetest.Test(t, func(t *testing.T) storetest.Harness {
				c := fresh(t)
				return storetest.Harness{
					Open: func() store.Store { return open(t, c.Dir()) },
					Damage: func(f digest.File) error {
						path := c.objectPath(f.Digest)
						other := strings.Repeat("x", int(f.Size))
						return errors.Join(os.Chmod(path, 0o666), os.WriteFile(path, []byte(other), 0o444))
					},
				}
			})
		})
	}
}
