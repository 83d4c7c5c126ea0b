package remote

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"foil/internal/store"
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

// Who may replace or sign a record that is there, and what then stands there.
func TestRecordsOfOthers(t *testing.T) {
	me, friend, stranger := newSigner(t), newSigner(t), newSigner(t)
	trust := Trusted{friend.public(), me.public()}
	const ( // records
		same  = "same"  // text
		text  = "text"  // same outputs, other text
		other = "other" // outputs
	)
	for name, c := range map[string]struct {
		there   string
		signers []*Signer
		broken  int // signatures that do not verify
		opts    Options
		want    string    // the record that is there then
		by      []*Signer // its signatures
		others  bool      // ErrOthers
		told    bool      // a conflict
	}{
		"a stranger's, no key":                       {there: text, signers: []*Signer{stranger}, opts: Options{Trust: trust}, want: text, by: []*Signer{stranger}, others: true},
		"a stranger's with other outputs, no key":    {there: other, signers: []*Signer{stranger}, opts: Options{Trust: trust}, want: other, by: []*Signer{stranger}, others: true},
		"not signed, no key":                         {there: other, opts: Options{Trust: trust}, want: other, others: true},
		"a friend's, no key":                         {there: text, signers: []*Signer{friend}, opts: Options{Trust: trust}, want: text, by: []*Signer{friend}},
		"a friend's with other outputs, no key":      {there: other, signers: []*Signer{friend}, opts: Options{Trust: trust}, want: other, by: []*Signer{friend}, told: true},
		"a stranger's, equal":                        {there: same, signers: []*Signer{stranger}, opts: Options{Trust: trust, Sign: me}, want: same, by: []*Signer{stranger, me}},
		"a stranger's text":                          {there: text, signers: []*Signer{stranger}, opts: Options{Trust: trust, Sign: me}, want: same, by: []*Signer{me}},
		"a stranger's text, no trust":                {there: text, signers: []*Signer{stranger}, opts: Options{Sign: me}, want: same, by: []*Signer{me}},
		"a friend's text":                            {there: text, signers: []*Signer{friend}, opts: Options{Trust: trust, Sign: me}, want: text, by: []*Signer{friend}},
		"a text that nobody signed":                  {there: text, opts: Options{Sign: me}, want: same, by: []*Signer{me}},
		"a stranger's with other outputs":            {there: other, signers: []*Signer{stranger}, opts: Options{Trust: trust, Sign: me}, want: other, by: []*Signer{stranger}, told: true},
		"other outputs that nobody signed":           {there: other, opts: Options{Trust: trust, Sign: me}, want: same, by: []*Signer{me}},
		"other outputs that nobody signed, no trust": {there: other, opts: Options{Sign: me}, want: other, told: true},
		"signatures that do not verify":              {there: same, broken: maxSignatures, opts: Options{Sign: me}, want: same, by: []*Signer{me}},
		"some that do not verify":                    {there: same, signers: []*Signer{friend}, broken: maxSignatures - 1, opts: Options{Sign: me}, want: same, by: []*Signer{friend, me}},
	} {
		t.Run(name, func(t *testing.T) {
			p := folderPlace(t)
			r := p.open(c.opts)
			ours, theirs := putText(t, r, "ours"), putText(t, r, "theirs")
			records := map[string]*store.Record{same: recordOf("work", ours), text: recordOf("work", ours), other: recordOf("work", theirs)}
			records[text].Cell = "of a stranger"
			record := records[c.there]
			encoded, err := record.Encode()
			if err != nil {
				t.Fatal(err)
			}
			var signatures []signature
			for range c.broken {
				signatures = append(signatures, signature{newSigner(t).public(), make([]byte, ed25519.SignatureSize)})
			}
			for _, s := range c.signers {
				signatures = append(signatures, s.sign(encoded))
			}
			name, before := r.entryName(record.Key), entryOf(record, encoded, signatures).encode()
			if err := r.put(t.Context(), name, content{ReadSeeker: bytes.NewReader(before), size: int64(len(before))}, false); err != nil {
				t.Fatal(err)
			}
			conflict, err := r.PutRecord(t.Context(), records[same])
			if errors.Is(err, ErrOthers) != c.others || err != nil && !c.others || (conflict != nil) != c.told {
				t.Errorf("%v, %v", conflict, err)
			}
			after, err := r.getSmall(t.Context(), name, maxEntry)
			if err != nil {
				t.Fatal(err)
			}
			e, got, err := examined(record.Key, after)
			if err != nil {
				t.Fatal(err)
			}
			if want := records[c.want]; got.Cell != want.Cell || !slices.Equal(got.Outputs, want.Outputs) {
				t.Errorf("there is %+v", got)
			}
			if len(e.signatures) != len(c.by) {
				t.Errorf("%d signatures", len(e.signatures))
			}
			for _, s := range c.by {
				if !(Trusted{s.public()}).signed(e) {
					t.Error("a signature is missing")
				}
			}
		})
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
