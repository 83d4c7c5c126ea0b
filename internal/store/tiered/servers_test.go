//go:build unix

package tiered

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"foil/internal/store"
	"foil/internal/store/remote"
	"foil/internal/store/servertest"
)

// remotes are the addresses of a folder and of real servers. Those that are not installed are skipped.
var remotes = map[string]func(*testing.T) *servertest.Server{
	"file": func(t *testing.T) *servertest.Server {
		dir := filepath.Join(t.TempDir(), "shared")
		return &servertest.Server{Address: "file://" + filepath.ToSlash(dir), Dir: dir}
	},
	"s3":    servertest.S3,
	"nginx": servertest.Nginx,
}

func patient() remote.Options { return remote.Options{Patience: time.Minute} }

// incompressible is text that zstd cannot shorten much.
func incompressible(seed uint64, size int) string {
	from := rand.New(rand.NewPCG(seed, 0))
	text := make([]byte, size)
	for i := range text {
		text[i] = byte(from.Uint32())
	}
	return string(text)
}

// maker is a machine that makes results and sends none.
func (b *bench) maker(dir string, server *servertest.Server) *machine {
	b.Helper()
	return b.machineWith(dir, server.Address, patient(), func(o *Options) { o.ReadOnly = true })
}

// push sends the results of a machine.
func (b *bench) push(m *machine, records []*store.Record) (Sent, error) {
	return m.Push(b.Context(), records, nil)
}

// Two machines have the same results, but for some that are not deterministic, and send them at the
// same time. Afterwards a third one gets one result for each key, whole.
func TestTwoPushersAtOnce(t *testing.T) {
	const same, random = 30, 6
	for name, start := range remotes {
		t.Run(name, func(t *testing.T) {
			server, b := start(t), newBench(t)
			var pushers [2]*machine
			var records [2][]*store.Record
			for i := range pushers {
				maker := b.maker(t.TempDir(), server)
				for n := range same {
					work := fmt.Sprint("same", n)
					records[i] = append(records[i], b.publish(maker, work, "out", work, "weights", incompressible(uint64(n), 20000)))
				}
				for n := range random {
					records[i] = append(records[i], b.publish(maker, fmt.Sprint("random", n), "out", fmt.Sprint(i, n)))
				}
				pushers[i] = b.machineWith(maker.dir, server.Address, patient(), nil)
			}
			var wait sync.WaitGroup
			for i, m := range pushers {
				wait.Go(func() {
					if sent, err := b.push(m, records[i]); err != nil || sent.Failed != 0 {
						t.Errorf("pusher %d: %+v, %v", i, sent, err)
					}
				})
			}
			wait.Wait()
			// Servers that do not know "only if absent" keep the last record. Who comes later sees it.
			for i, m := range pushers {
				if _, err := b.push(m, records[i]); err != nil {
					t.Errorf("pusher %d, again: %v", i, err)
				}
			}
			third := b.machineWith(t.TempDir(), server.Address, patient(), nil)
			for n, ours := range records[0] {
				r, miss := b.lookup(third, ours.Kind)
				if r == nil {
					t.Fatalf("%s: %+v", ours.Kind, miss)
				}
				theirs := records[1][n]
				if r.Outputs[0] != ours.Outputs[0] && r.Outputs[0] != theirs.Outputs[0] {
					t.Errorf("%s has outputs of nobody", ours.Kind)
				}
				for _, f := range r.Outputs {
					if _, err := third.Fetch(t.Context(), f); err != nil {
						t.Errorf("%s: %v", ours.Kind, err)
					}
				}
			}
			told := map[string]bool{}
			for _, m := range pushers {
				for _, c := range m.conflicts {
					told[c.Kind] = true
				}
			}
			if len(told) != random {
				t.Errorf("%d of %d results that differ were told", len(told), random)
			}
		})
	}
}

// A server is killed in the middle of a push. It has nothing wrong then, and the next push sends the rest.
func TestAServerIsKilledInTheMiddle(t *testing.T) {
	for name, start := range remotes {
		if name == "file" {
			continue // it has no server
		}
		t.Run(name, func(t *testing.T) {
			server, b := start(t), newBench(t)
			maker := b.maker(t.TempDir(), server)
			var records []*store.Record
			for n := range 60 {
				records = append(records, b.publish(maker, fmt.Sprint("work", n), "weights", incompressible(uint64(n), 400<<10)))
			}
			one := b.machineWith(maker.dir, server.Address, patient(), nil)
			// The callback runs for one result at a time, so at most the requests in flight end before
			// the server does.
			sent, err := one.Push(t.Context(), records, func(done, _ int) {
				if done == len(records)/3 {
					server.Kill()
				}
			})
			if err == nil {
				t.Fatalf("all was sent: %+v", sent)
			}
			server.Start()

			two := b.machineWith(t.TempDir(), server.Address, patient(), nil)
			for _, r := range records {
				if found, _ := b.lookup(two, r.Kind); found != nil {
					if _, err := two.Fetch(t.Context(), found.Outputs[0]); err != nil {
						t.Errorf("%s has a record without its object: %v", r.Kind, err)
					}
				}
			}
			if len(two.notes) != 0 {
				t.Errorf("something wrong is there: %q", two.notes)
			}
			one = b.machineWith(one.dir, server.Address, patient(), nil)
			if sent, err := b.push(one, records); err != nil || sent.Records == 0 || sent.Failed != 0 {
				t.Errorf("the next push: %+v, %v", sent, err)
			}
			three := b.machineWith(t.TempDir(), server.Address, patient(), nil)
			for _, r := range records {
				if found, miss := b.lookup(three, r.Kind); found == nil {
					t.Errorf("%s: %+v", r.Kind, miss)
				} else if _, err := three.Fetch(t.Context(), found.Outputs[0]); err != nil {
					t.Errorf("%s: %v", r.Kind, err)
				}
			}
		})
	}
}
