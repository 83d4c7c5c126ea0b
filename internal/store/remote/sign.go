package remote

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

// A signature says that the owner of a key has the outputs of a record.
type signature struct {
	key ed25519.PublicKey
	sum []byte
}

// signedText is what is signed: the text of a record, with a prefix so that the signature is good
// for nothing else.
func signedText(record []byte) []byte {
	return append([]byte("foil record\n"), record...)
}

// A Signer signs records. Nil: they are not signed.
type Signer struct{ key ed25519.PrivateKey }

func (s *Signer) public() ed25519.PublicKey { return s.key.Public().(ed25519.PublicKey) }

func (s *Signer) sign(record []byte) signature {
	return signature{s.public(), ed25519.Sign(s.key, signedText(record))}
}

// Trusted are the keys whose signatures count. Nil: every record counts.
type Trusted []ed25519.PublicKey

// signed reports whether a trusted key has signed the record of an entry.
func (t Trusted) signed(e *entry) bool {
	return slices.ContainsFunc(e.signatures, func(s signature) bool {
		return slices.ContainsFunc(t, func(k ed25519.PublicKey) bool { return k.Equal(s.key) }) &&
			ed25519.Verify(s.key, signedText(e.record), s.sum)
	})
}

// valid are the signatures that fit the record, each key once.
func (e *entry) valid() (list []signature) {
	text := signedText(e.record)
	for _, s := range e.signatures {
		known := slices.ContainsFunc(list, func(o signature) bool { return o.key.Equal(s.key) })
		if !known && ed25519.Verify(s.key, text, s.sum) {
			list = append(list, s)
		}
	}
	return list
}

// Lengths of the parts of minisign's keys: algorithm, key id and key; for secret keys also the
// derivation of the key that encrypts them, and a checksum.
const (
	miniPublic = 2 + 8 + ed25519.PublicKeySize
	miniSecret = 2 + 2 + 2 + 32 + 8 + 8 + 8 + ed25519.PrivateKeySize + 32
	miniKey    = 2 + 2 + 2 + 32 + 8 + 8 + 8 // offset of the secret key
)

// ReadTrusted reads a file of public keys: lines of ssh (ssh-ed25519 AAAA... NAME, as in
// ~/.ssh/id_ed25519.pub), or keys of minisign (minisign.pub). Empty lines and lines that begin with
// # or with "untrusted comment:" are skipped.
func ReadTrusted(path string) (Trusted, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	keys, err := parseTrusted(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return keys, nil
}

func parseTrusted(text []byte) (keys Trusted, err error) {
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, untrusted) {
			continue
		}
		key, err := parsePublic(line)
		if err != nil {
			return nil, fmt.Errorf("line %d %w", n, err)
		}
		keys = append(keys, key)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		return nil, errors.New("has no public key; write lines such as those of ~/.ssh/id_ed25519.pub or minisign.pub")
	}
	return keys, nil
}

const untrusted = "untrusted comment:"

func parsePublic(line string) (ed25519.PublicKey, error) {
	if raw, err := base64.StdEncoding.DecodeString(line); err == nil && len(raw) == miniPublic && string(raw[:2]) == "Ed" {
		return ed25519.PublicKey(raw[10:]), nil
	}
	parsed, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil {
		return nil, errors.New("is not a public key of ssh or minisign")
	}
	if k, ok := parsed.(ssh.CryptoPublicKey); ok {
		if key, ok := k.CryptoPublicKey().(ed25519.PublicKey); ok {
			return key, nil
		}
	}
	return nil, fmt.Errorf("is a key of type %s; only ed25519 is supported: ssh-keygen -t ed25519", parsed.Type())
}

// ReadSigner reads a private key of ssh or minisign that has no password.
func ReadSigner(path string) (*Signer, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	key, err := parseSigner(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &Signer{key}, nil
}

func parseSigner(text []byte) (ed25519.PrivateKey, error) {
	if comment, rest, ok := strings.Cut(string(text), "\n"); ok && strings.HasPrefix(comment, untrusted) {
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(rest))
		switch {
		case err != nil || len(raw) != miniSecret || string(raw[:2]) != "Ed":
			return nil, errors.New("is not a secret key of minisign")
		case raw[2] != 0 || raw[3] != 0:
			return nil, errors.New("has a password, which nobody could type in a job; make a key without one: minisign -G -W")
		}
		return checkedKey(raw[miniKey : miniKey+ed25519.PrivateKeySize])
	}
	parsed, err := ssh.ParseRawPrivateKey(text)
	var locked *ssh.PassphraseMissingError
	switch {
	case errors.As(err, &locked):
		return nil, errors.New("has a passphrase, which nobody could type in a job; make a key without one: ssh-keygen -t ed25519 -N ''")
	case err != nil:
		return nil, errors.New("is not a private key of ssh or minisign")
	}
	switch key := parsed.(type) {
	case *ed25519.PrivateKey:
		return checkedKey(*key)
	case ed25519.PrivateKey:
		return checkedKey(key)
	}
	return nil, errors.New("is not an ed25519 key; make one: ssh-keygen -t ed25519 -N ''")
}

// checkedKey refuses a private key that does not belong to its public half: signatures with it could
// reveal the key.
func checkedKey(key []byte) (ed25519.PrivateKey, error) {
	k := ed25519.PrivateKey(bytes.Clone(key))
	if !ed25519.NewKeyFromSeed(k.Seed()).Equal(k) {
		return nil, errors.New("is damaged: its public half belongs to another key")
	}
	return k, nil
}
