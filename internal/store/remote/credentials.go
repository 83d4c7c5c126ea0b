package remote

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// credentialPatience is the longest time that a request waits for credentials. They may come from a
// program, or from a server that is not the remote.
const credentialPatience = 10 * time.Second

// noCredentials is the error for credentials that cannot be had. It is like an answer of the remote
// that refuses the request.
func noCredentials(format string, args ...any) error {
	return &RefusedError{Status: http.StatusUnauthorized, Text: fmt.Sprintf(format, args...)}
}

// A bearer keeps the token of a cloud until shortly before it expires.
type bearer struct {
	fetch    func(context.Context) (header string, expires time.Time, err error) // expires zero: never
	fetching chan struct{}                                                       // who fetches

	mu      sync.Mutex
	header  string
	expires time.Time
}

func newBearer(fetch func(context.Context) (string, time.Time, error)) *bearer {
	return &bearer{fetch: fetch, fetching: make(chan struct{}, 1)}
}

// early is how long before its end a token is not used for new requests.
const early = time.Minute

func (b *bearer) isGood() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.header != "" && (b.expires.IsZero() || time.Until(b.expires) > early)
}

// ready gets a token. If several requests need one, one of them fetches it.
func (b *bearer) ready(ctx context.Context) error {
	if b.isGood() {
		return nil
	}
	select {
	case b.fetching <- struct{}{}:
		defer func() { <-b.fetching }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if b.isGood() {
		return nil
	}
	type answer struct {
		header  string
		expires time.Time
		err     error
	}
	a, err := inTime(ctx, func() (a answer) {
		a.header, a.expires, a.err = b.fetch(ctx)
		return a
	}, func(answer) {})
	if err = cmp.Or(err, a.err); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.header, b.expires = a.header, a.expires
	return nil
}

func (b *bearer) authorize(r *http.Request, _ content) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	r.Header.Set("Authorization", b.header)
	return nil
}
