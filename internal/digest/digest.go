// Package digest holds types that all packages may use: a Digest stands for content, a Key for a
// piece of work, and a File is content with a name. KeyLines are the text that a key is hashed
// from.
package digest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
)

// A Digest is the SHA-256 of some content: a file's bytes, or an artifact's
// list of files. Equal digests mean equal content.
type Digest [sha256.Size]byte

// A Key is the SHA-256 of a description of work (kind, version, parameters, inputs, ...). A Key
// identifies the work, and a Digest identifies its result. They have different types so that they
// cannot be confused.
type Key [sha256.Size]byte

// Of returns the digest of b.
func Of(b []byte) Digest { return sha256.Sum256(b) }

// KeyOf returns the key of a text that describes a piece of work.
func KeyOf(text string) Key { return Key(sha256.Sum256([]byte(text))) }

func (d Digest) String() string { return hex.EncodeToString(d[:]) }
func (k Key) String() string    { return hex.EncodeToString(k[:]) }

// Short is the form people read: the first 12 hex digits.
func (d Digest) Short() string { return d.String()[:12] }

// Short is the form people read: the first 12 hex digits.
func (k Key) Short() string { return k.String()[:12] }

func (d Digest) IsZero() bool { return d == Digest{} }
func (k Key) IsZero() bool    { return k == Key{} }

func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }
func (k Key) MarshalText() ([]byte, error)    { return []byte(k.String()), nil }

func (d *Digest) UnmarshalText(text []byte) error { return parseHash(d[:], text) }
func (k *Key) UnmarshalText(text []byte) error    { return parseHash(k[:], text) }

func parseHash(into, text []byte) error {
	if len(text) != hex.EncodedLen(len(into)) {
		return fmt.Errorf("a SHA-256 has %d hex digits, not %d", hex.EncodedLen(len(into)), len(text))
	}
	if _, err := hex.Decode(into, text); err != nil {
		return err
	}
	for _, c := range text {
		if 'A' <= c && c <= 'F' { // otherwise a file could have several names
			return errors.New("the hex digits of a SHA-256 must be lower-case")
		}
	}
	return nil
}

// A File is a named piece of content.
type File struct {
	Name   string `json:"name"` // with forward slashes
	Digest Digest `json:"digest"`
	Size   int64  `json:"size"`
}

// OfReader returns the digest and the length of the content of r.
func OfReader(r io.Reader) (Digest, int64, error) {
	h := sha256.New()
	n, err := io.Copy(h, r)
	return Digest(h.Sum(nil)), n, err
}

// OfFile returns the digest and the size of a file's content.
func OfFile(path string) (Digest, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return Digest{}, 0, err
	}
	defer f.Close()
	return OfReader(f)
}
