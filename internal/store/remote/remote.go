package remote

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/klauspost/compress/zstd"

	"foil/internal/ctxio"
	"foil/internal/digest"
)

// Options configure a Remote.
type Options struct {
	Scratch  Scratch       // nil: temporary files are in the folder of the system
	Sign     *Signer       // signs records; nil: nobody does
	Trust    Trusted       // whose records count; nil: all records
	Patience time.Duration // 0: the constant Patience
}

// A Scratch makes a folder for temporary files.
type Scratch func(prefix string) (dir string, err error)

// A Remote keeps records and objects for several caches.
type Remote struct {
	name  string // without secrets
	blobs blobs
	opts  Options
	slots chan struct{} // one for each request at once
	packs chan struct{} // one for each object that is compressed into a file at once

	// dialect: names and contents are those of Bazel's HTTP caches. Otherwise objects are always
	// compressed.
	dialect bool
	probing sync.Mutex
	unpacks *bool // whether the server of a dialect takes compressed objects; nil: not known

	requests, sent, received, worked atomic.Int64
}

func newRemote(name string, b blobs, dialect bool, opts Options) *Remote {
	if opts.Patience == 0 {
		opts.Patience = Patience
	}
	return &Remote{
		name: name, blobs: b, dialect: dialect, opts: opts,
		slots: make(chan struct{}, maxConnections), packs: make(chan struct{}, maxPacks),
	}
}

// String is the address of the remote without secrets.
func (r *Remote) String() string { return r.name }

// Trusts reports whether only signed records count.
func (r *Remote) Trusts() bool { return r.opts.Trust != nil }

// Traffic is what a Remote has done.
type Traffic struct {
	Requests, Sent, Received int64
	Read                     int64 // bytes that were compressed or hashed before they were sent
}

// Traffic counts requests, and the bytes of objects and records.
func (r *Remote) Traffic() Traffic {
	return Traffic{r.requests.Load(), r.sent.Load(), r.received.Load(), r.worked.Load()}
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

type beginKey struct{}

// OnBegin returns a context for a request. The request calls f when it begins: when it has its
// credentials and is one of those that are open at once.
func OnBegin(ctx context.Context, f func()) context.Context {
	return context.WithValue(ctx, beginKey{}, f)
}

// begin waits for credentials and a free slot, and starts to watch a request.
func (r *Remote) begin(ctx context.Context, patience time.Duration) (context.Context, *watch, func(), error) {
	if err := r.blobs.ready(ctx); err != nil {
		return nil, nil, nil, err
	}
	select {
	case r.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, nil, context.Cause(ctx)
	}
	if f, ok := ctx.Value(beginKey{}).(func()); ok {
		f()
	}
	ctx, w, end := watched(ctx, patience)
	return ctx, w, func() {
		end()
		<-r.slots
	}, nil
}

// maxTries is how often a request is sent if the server fails in a way that may pass.
const maxTries = 3

// try sends a request again if that may help soon.
func (r *Remote) try(ctx context.Context, request func() error) error {
	for n := 1; ; n++ {
		r.requests.Add(1)
		err := because(ctx, request())
		wait, ok := mayPass(err)
		if !ok || n == maxTries || ctx.Err() != nil {
			return err
		}
		// Servers that fail under load must not get all clients back at the same moment.
		wait = max(wait, time.Duration((0.5+rand.Float64())*float64(r.opts.Patience/16<<n)))
		if wait > r.opts.Patience/2 {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
	}
}

// mayPass reports whether a request with this error may succeed soon, and how long the server asks
// to wait.
func mayPass(err error) (wait time.Duration, ok bool) {
	var refused *RefusedError
	if errors.As(err, &refused) {
		return refused.After, refused.mayPass()
	}
	return 0, err != nil && (slices.ContainsFunc([]error{
		io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE,
	}, func(known error) bool { return errors.Is(err, known) }) || strings.Contains(err.Error(), "server closed idle connection"))
}

// Has reports whether the remote has an object. It does not look at the content.
func (r *Remote) Has(ctx context.Context, d digest.Digest) (bool, error) {
	ctx, _, end, err := r.begin(ctx, r.opts.Patience)
	if err != nil {
		return false, err
	}
	defer end()
	var ok bool
	err = r.try(ctx, func() (err error) {
		ok, err = r.blobs.has(ctx, r.objectName(d))
		return err
	})
	return ok, err
}

// Get writes an object to w. Without an error, what it wrote has the digest and the size of f. The
// error is a *WrongError if the remote has something else under this name.
func (r *Remote) Get(ctx context.Context, f digest.File, w io.Writer) error {
	ctx, watch, end, err := r.begin(ctx, r.opts.Patience)
	if err != nil {
		return err
	}
	defer end()
	var body *body
	err = r.try(ctx, func() (err error) {
		body, err = r.blobs.get(ctx, r.objectName(f.Digest))
		return err
	})
	if err != nil {
		return err
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
	n, err := io.Copy(io.MultiWriter(heldWriter{w, watch}, h), io.LimitReader(from, f.Size+1))
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

// maxPacks is the number of objects that are compressed into files at once: each takes a processor.
const maxPacks = 2

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
	select {
	case r.packs <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	packed, size, err := pack(ctx, r.opts.Scratch, counted{from, &r.worked})
	<-r.packs
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
	read    *atomic.Int64 // what is read and not sent
}

func (w watchedContent) Read(p []byte) (int, error) { return w.sending.Read(p) }

// sum is the SHA-256 of a content. To compute it is work of this machine.
func (c content) sum(ctx context.Context) (digest.Digest, error) {
	h := sha256.New()
	if c.size > 0 {
		var from io.Reader = c.ReadSeeker
		if w, ok := from.(watchedContent); ok {
			defer w.sending.watch.hold()()
			from = counted{w.ReadSeeker, w.read}
		}
		if _, err := ctxio.Copy(ctx, h, from); err != nil {
			return digest.Digest{}, err
		}
		if _, err := c.Seek(0, io.SeekStart); err != nil {
			return digest.Digest{}, err
		}
	}
	return digest.Digest(h.Sum(nil)), nil
}

// A counted reader counts what is read.
type counted struct {
	io.Reader
	count *atomic.Int64
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.count.Add(int64(n))
	return n, err
}

func (r *Remote) put(ctx context.Context, name string, c content, onlyNew bool) error {
	ctx, watch, end, err := r.begin(ctx, putPatience*r.opts.Patience)
	if err != nil {
		return err
	}
	defer end()
	c.ReadSeeker = watchedContent{c.ReadSeeker, &seen{Reader: c.ReadSeeker, watch: watch, count: &r.sent}, &r.worked}
	return r.try(ctx, func() error {
		if _, err := c.Seek(0, io.SeekStart); err != nil {
			return err
		}
		return r.blobs.put(ctx, name, c, onlyNew)
	})
}

// newProbe is an object that shows whether a server unpacks what it is sent. Each is another one:
// if two machines asked with the same object, one could see what the other one has put right.
func newProbe() []byte {
	return bytes.Repeat([]byte("foil asks whether this server unpacks zstd: "+strconv.FormatUint(rand.Uint64(), 36)+". "), 8)
}

// takesPacked reports whether the server of a dialect takes compressed objects and returns them as
// they were before. One that does not know zstd may store the compressed bytes under the digest of
// others, so it gets objects as they are.
func (r *Remote) takesPacked(ctx context.Context) bool {
	r.probing.Lock()
	defer r.probing.Unlock()
	if r.unpacks != nil {
		return *r.unpacks
	}
	probe := newProbe()
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
	var text []byte
	err = r.try(ctx, func() (err error) {
		text, err = r.readSmall(ctx, watch, name, limit)
		return err
	})
	return text, err
}

func (r *Remote) readSmall(ctx context.Context, watch *watch, name string, limit int64) ([]byte, error) {
	body, err := r.blobs.get(ctx, name)
	if err != nil {
		return nil, err
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
			return nil, err
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
