package remote

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

// newKey is a private key as ssh-keygen writes it.
func newKey(t testing.TB) []byte {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "test")
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(block)
}

// miniKeys are a secret key without a password and its public key, as minisign -G -W writes them.
func miniKeys(t testing.TB) (secret, public string) {
	pub, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	raw := append([]byte("Ed\x00\x00B2"), make([]byte, 32+8+8)...)
	raw = append(raw, "keynumbr"...)
	raw = append(append(raw, private...), make([]byte, 32)...)
	secret = "untrusted comment: minisign secret key\n" + base64.StdEncoding.EncodeToString(raw) + "\n"
	raw = append([]byte("Edkeynumbr"), pub...)
	return secret, "untrusted comment: minisign public key\n" + base64.StdEncoding.EncodeToString(raw) + "\n"
}

func TestKeysOfSSHAndMinisign(t *testing.T) {
	secret, public := miniKeys(t)
	sshSecret := newKey(t)
	key, err := parseSigner(sshSecret)
	if err != nil {
		t.Fatal(err)
	}
	sshPublic, err := ssh.NewPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	for name, pair := range map[string][2]string{
		"minisign": {secret, public},
		"ssh":      {string(sshSecret), string(ssh.MarshalAuthorizedKey(sshPublic))},
	} {
		key, err := parseSigner([]byte(pair[0]))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		keys, err := parseTrusted([]byte("# a comment\n\n" + pair[1]))
		if err != nil || len(keys) != 1 || !keys[0].Equal(key.Public()) {
			t.Fatalf("%s: %v, %v", name, keys, err)
		}
		e := &entry{record: []byte("record")}
		e.signatures = append(e.signatures, (&Signer{key}).sign(e.record))
		if !keys.signed(e) {
			t.Errorf("%s: the signature does not count", name)
		}
		e.record = []byte("recorp")
		if keys.signed(e) {
			t.Errorf("%s: the signature counts for another record", name)
		}
	}
	both, err := parseTrusted([]byte(public + string(ssh.MarshalAuthorizedKey(sshPublic))))
	if err != nil || len(both) != 2 {
		t.Errorf("%v, %v", both, err)
	}
}

func TestOddKeysAreRefused(t *testing.T) {
	_, private, _ := ed25519.GenerateKey(rand.Reader)
	locked, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	secret, _ := miniKeys(t)
	raw, _ := base64.StdEncoding.DecodeString(strings.Split(secret, "\n")[1])
	crypted := bytes.Replace(raw, []byte("Ed\x00\x00"), []byte("EdSc"), 1)
	broken := bytes.Clone(raw)
	broken[miniKey+40] ^= 1
	mini := func(raw []byte) string {
		return "untrusted comment: x\n" + base64.StdEncoding.EncodeToString(raw) + "\n"
	}
	for text, want := range map[string]string{
		"":                                 "not a private key",
		string(pem.EncodeToMemory(locked)): "passphrase",
		mini(crypted):                      "password",
		mini(broken):                       "damaged",
		mini(raw[:50]):                     "not a secret key",
	} {
		if _, err := parseSigner([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v", text, err)
		}
	}
	for text, want := range map[string]string{
		"":                   "no public key",
		"# nothing\n":        "no public key",
		"\nssh-ed25519 AAAA": "line 2 is not",
		"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC7 x": "line 1 is",
	} {
		if _, err := parseTrusted([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzTrusted(f *testing.F) {
	_, public := miniKeys(f)
	f.Add([]byte(public))
	f.Add([]byte("ssh-ed25519 AAAA x\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		keys, err := parseTrusted(text)
		for _, k := range keys {
			if len(k) != ed25519.PublicKeySize {
				t.Error(k)
			}
		}
		if err == nil && len(keys) == 0 {
			t.Error("no keys and no error")
		}
	})
}
