package remote

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/zstd"

	"foil/internal/digest"
)

// Options configure a Remote.
type Options struct {
	Scratch  string        // folder for temporary files; empty: that of the system
	Sign     *Signer       // signs records; nil: nobody does
	Trust    Trusted       // whose records count; nil: all records
	Patience time.Duration // 0: the constant Patience
}

// A Remote keeps records and objects for several caches.
type Remote struct {
	name  string // without secrets
	blobs blobs
	opts  Options
	slots chan struct{} // one for each request at once

	// dialect: names and contents are those of Bazel's HTTP caches. Otherwise objects are always
	// compressed.
	dialect bool
	probing sync.Mutex
	unpacks *bool // whether the server of a dialect takes compressed objects; nil: not known

	requests, sent, received atomic.Int64
}

func newRemote(name string, b blobs, dialect bool, opts Options) *Remote {
	if opts.Patience == 0 {
		opts.Patience = Patience
	}
	return &Remote{name: name, blobs: b, dialect: dialect, opts: opts, slots: make(chan struct{}, maxConnections)}
}

// String is the address of the remote without secrets.
func (r *Remote) String() string { return r.name }

// Trusts reports whether only signed records count.
func (r *Remote) Trusts() bool { return r.opts.Trust != nil }

// Traffic is what a Remote has done.
type Traffic struct{ Requests, Sent, Received int64 }

// Traffic counts requests, and the bytes of objects and records.
func (r *Remote) Traffic() Traffic {
	return Traffic{r.requests.Load(), r.sent.Load(), r.received.Load()}
}

func (r *Remote) objectName(d digest.Digest) string {
	if r.dialect {
		return "cas/" + d.String()
	}
	return "cas/" + d.String()[:2] + "/" + d.String() + ".zst"
}

func (r *Remote) entryName(k digest.Key) string {
	if r.dialect {
		return "ac/" + k.String()
	}
	return "ac/" + k.String()[:2] + "/" + k.String()
}

// begin waits for a free slot, and starts to watch a request.
func (r *Remote) begin(ctx context.Context, patience time.Duration) (context.Context, *watch, func(), error) {
	select {
	case r.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, nil, context.Cause(ctx)
	}
	r.requests.Add(1)
	ctx, w, end := watched(ctx, patience)
	return ctx, w, func() {
		end()
		<-r.slots
	}, nil
}

// Has reports whether the remote has an object. It does not look at the content.
func (r *Remote) Has(ctx context.Context, d digest.Digest) (bool, error) {
	ctx, _, end, err := r.begin(ctx, r.opts.Patience)
	if err != nil {
		return false, err
	}
	defer end()
	ok, err := r.blobs.has(ctx, r.objectName(d))
	return ok, because(ctx, err)
}

// Get writes an object to w. Without an error, what it wrote has the digest and the size of f. The
// error is a *WrongError if the remote has something else under this name.
func (r *Remote) Get(ctx context.Context, f digest.File, w io.Writer) error {
	ctx, watch, end, err := r.begin(ctx, r.opts.Patience)
	if err != nil {
		return err
	}
	defer end()
	body, err := r.blobs.get(ctx, r.objectName(f.Digest))
	if err != nil {
		return because(ctx, err)
	}
	defer body.Close()
	// A body may wait for a file system that does not answer.
	defer context.AfterFunc(ctx, func() { body.Close() })()
	raw := &seen{Reader: body, watch: watch, count: &r.received}
	var from io.Reader = raw
	if body.packed || !r.dialect {
		z, err := zstd.NewReader(from, decoding...)
		if err != nil {
			return because(ctx, err)
		}
		defer z.Close()
		from = z
	}
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(w, h), io.LimitReader(from, f.Size+1))
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case raw.err != nil:
		return raw.err
	case isDamage(err):
		return wrong("is damaged on the remote (%v)", err)
	case err != nil:
		return err
	case n != f.Size || digest.Digest(h.Sum(nil)) != f.Digest:
		return wrong("has other content on the remote")
	}
	return nil
}

// isDamage reports whether an error is one of zstd, or means that a body is too short.
func isDamage(err error) bool {
	return slices.ContainsFunc([]error{
		io.ErrUnexpectedEOF, zstd.ErrMagicMismatch, zstd.ErrCRCMismatch, zstd.ErrReservedBlockType,
		zstd.ErrCompressedSizeTooBig, zstd.ErrBlockTooSmall, zstd.ErrUnexpectedBlockSize,
		zstd.ErrWindowSizeExceeded, zstd.ErrWindowSizeTooSmall, zstd.ErrFrameSizeExceeded,
		zstd.ErrFrameSizeMismatch, zstd.ErrDecoderSizeExceeded, zstd.ErrUnknownDictionary,
	}, func(known error) bool { return errors.Is(err, known) })
}

// Put writes an object, which the file at path has the content of. It replaces what is there.
func (r *Remote) Put(ctx context.Context, f digest.File, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return r.putObject(ctx, f, file)
}

// smallObject is the size up to which an object is compressed in memory.
const smallObject = 1 << 20

// least is the size from which an object is compressed for a server that may not know zstd.
const least = 16 << 10

func (r *Remote) putObject(ctx context.Context, f digest.File, from io.ReadSeeker) error {
	if r.dialect && (f.Size < least || !r.takesPacked(ctx)) {
		return r.put(ctx, r.objectName(f.Digest), content{ReadSeeker: from, size: f.Size}, false)
	}
	if f.Size <= smallObject {
		text, err := io.ReadAll(from)
		if err != nil {
			return err
		}
		packed, err := packedText(text)
		if err != nil {
			return err
		}
		return r.put(ctx, r.objectName(f.Digest), content{bytes.NewReader(packed), int64(len(packed)), true, f.Size}, false)
	}
	packed, size, err := pack(ctx, r.opts.Scratch, from)
	if err != nil {
		return err
	}
	defer discard(packed)
	return r.put(ctx, r.objectName(f.Digest), content{packed, size, true, f.Size}, false)
}

func packedText(text []byte) ([]byte, error) {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	return z.EncodeAll(text, nil), nil
}

// putPatience is how much longer a write may take without progress than a read. A server has to
// make it durable, and nobody waits for it: the end of a run has a limit of its own.
const putPatience = 5

// watchedContent is a content whose reader tells a watch about progress.
type watchedContent struct {
	io.ReadSeeker
	sending *seen
}

func (w watchedContent) Read(p []byte) (int, error) { return w.sending.Read(p) }

func (r *Remote) put(ctx context.Context, name string, c content, onlyNew bool) error {
	ctx, watch, end, err := r.begin(ctx, putPatience*r.opts.Patience)
	if err != nil {
		return err
	}
	defer end()
	c.ReadSeeker = watchedContent{c.ReadSeeker, &seen{Reader: c.ReadSeeker, watch: watch, count: &r.sent}}
	return because(ctx, r.blobs.put(ctx, name, c, onlyNew))
}

// probe is an object that shows whether a server unpacks what it is sent.
var probe = bytes.Repeat([]byte("foil asks whether this server unpacks zstd. "), 8)

// takesPacked reports whether the server of a dialect takes compressed objects and returns them as
// they were before. One that does not know zstd may store the compressed bytes under the digest of
// others, so it gets objects as they are.
func (r *Remote) takesPacked(ctx context.Context) bool {
	r.probing.Lock()
	defer r.probing.Unlock()
	if r.unpacks != nil {
		return *r.unpacks
	}
	f := digest.File{Digest: digest.Of(probe), Size: int64(len(probe))}
	name := r.objectName(f.Digest)
	yes := false
	packed, err := packedText(probe)
	if err == nil {
		err = r.put(ctx, name, content{bytes.NewReader(packed), int64(len(packed)), true, f.Size}, false)
	}
	if err == nil {
		text, err := r.getSmall(ctx, name, maxEntry)
		yes = err == nil && bytes.Equal(text, probe)
		if !yes {
			_ = r.put(ctx, name, content{bytes.NewReader(probe), f.Size, false, 0}, false)
		}
	}
	if ctx.Err() == nil {
		r.unpacks = &yes
	}
	return yes
}

// getSmall reads a blob of at most limit bytes within Patience, whatever the server sends. It is a
// *WrongError only if all bytes of the blob arrived.
func (r *Remote) getSmall(ctx context.Context, name string, limit int64) ([]byte, error) {
	ctx, watch, end, err := r.begin(ctx, r.opts.Patience)
	if err != nil {
		return nil, err
	}
	defer end()
	body, err := r.blobs.get(ctx, name)
	if err != nil {
		return nil, because(ctx, err)
	}
	defer body.Close()
	defer context.AfterFunc(ctx, func() { body.Close() })()
	if body.page { // neither an entry nor the probe is one
		return nil, errors.New("the server sends a web page; is there a page to log in?")
	}
	raw := &seen{Reader: body, watch: watch, count: &r.received}
	var from io.Reader = raw
	if body.packed {
		z, err := zstd.NewReader(from, decoding...)
		if err != nil {
			return nil, because(ctx, err)
		}
		defer z.Close()
		from = z
	}
	text, err := io.ReadAll(io.LimitReader(from, limit+1))
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case raw.err != nil:
		return nil, raw.err
	case isDamage(err):
		return nil, wrong("is damaged on the remote (%v)", err)
	case err != nil:
		return nil, err
	case int64(len(text)) > limit:
		return nil, wrong("has more than %d bytes on the remote", limit)
	}
	return text, nil
}
