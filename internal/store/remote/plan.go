package remote

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"sync"

	"github.com/klauspost/compress/zstd"

	"foil/internal/digest"
)

// A Plan is the manifest of a plan: the entries of its cells. It spares a request for each cell. It
// is a hint: entries are checked when they are used, and a cell that it lacks is asked for alone. So
// it needs neither a lock nor a signature.
type Plan struct {
	mu      sync.Mutex
	entries map[digest.Key][]byte
	changed bool
}

// planStart begins the text of a manifest, before compression. Entries follow, sorted by key: the
// 32 bytes of the key, the length of the entry as an unsigned varint, the entry.
const planStart = "foil plan 1\n"

// maxPlan is the maximum size of the text of a manifest. A variable for tests.
var maxPlan = 256 << 20

// planName is the name of a manifest in its entry.
const planName = "plan"

// NewPlan returns an empty manifest.
func NewPlan() *Plan { return &Plan{entries: map[digest.Key][]byte{}} }

// Len is the number of cells.
func (p *Plan) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.entries)
}

// Changed reports whether entries were added that the remote's manifest lacks.
func (p *Plan) Changed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.changed
}

// add sets the entry of a key.
func (p *Plan) add(key digest.Key, text []byte) {
	if !bytes.Equal(p.entries[key], text) {
		p.entries[key], p.changed = text, true
	}
}

// Remove removes the entry of a key.
func (p *Plan) Remove(key digest.Key) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.entries, key)
}

func (p *Plan) encode() ([]byte, error) {
	keys := make([]digest.Key, 0, len(p.entries))
	for key := range p.entries {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b digest.Key) int { return bytes.Compare(a[:], b[:]) })
	text := []byte(planStart)
	for _, key := range keys {
		text = append(text, key[:]...)
		text = binary.AppendUvarint(text, uint64(len(p.entries[key])))
		text = append(text, p.entries[key]...)
		if len(text) > maxPlan {
			return nil, errLargePlan
		}
	}
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	return z.EncodeAll(text, nil), nil
}

// errLargePlan means that a plan is too large for a manifest.
var errLargePlan = errors.New("the manifest of this plan would be too large")

var errNoPlan = errors.New("the manifest of the plan is damaged")

func decodePlan(packed []byte) (*Plan, error) {
	z, err := zstd.NewReader(bytes.NewReader(packed), decoding...)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	text, err := io.ReadAll(io.LimitReader(z, int64(maxPlan)+1))
	if err != nil || len(text) > maxPlan || !bytes.HasPrefix(text, []byte(planStart)) {
		return nil, errNoPlan
	}
	p := NewPlan()
	var last digest.Key
	for text = text[len(planStart):]; len(text) > 0; {
		var key digest.Key
		if len(text) < len(key) {
			return nil, errNoPlan
		}
		copy(key[:], text)
		text = text[len(key):]
		size, n := binary.Uvarint(text)
		if n <= 0 || size > uint64(len(text)-n) || bytes.Compare(key[:], last[:]) <= 0 {
			return nil, errNoPlan
		}
		text = text[n:]
		p.entries[key] = text[:size:size]
		text = text[size:]
		last = key
	}
	return p, nil
}
