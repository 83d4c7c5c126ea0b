package store

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"foil/internal/digest"
	"foil/internal/numeric"
)

// A record keeps its numeric signature. One of an older foil has none, and one with text that a
// terminal would run is refused.
func TestNumericSignatureOfARecord(t *testing.T) {
	lines := digest.NewKeyLines("test/text", 1)
	key := lines.Key()
	record := &Record{Format: RecordFormat, Key: key, KeyText: lines.Text(), Kind: "test/text", Version: 1,
		Outputs: []digest.File{{Name: "text", Digest: digest.Of([]byte("x")), Size: 1}}}
	read := func(change func(string) string) (*Record, error) {
		text, err := record.Encode()
		if err != nil {
			t.Fatal(err)
		}
		body, _, _ := bytes.Cut(text, []byte(SumPrefix))
		changed := change(string(body))
		return DecodeRecord("record", fmt.Appendf(nil, "%s%s%x\"}\n", changed, SumPrefix, sha256.Sum256([]byte(changed))), key)
	}
	same := func(text string) string { return text }
	if r, err := read(same); err != nil || r.Numeric != nil {
		t.Errorf("without a signature: %v, %v", r, err)
	}
	record.Numeric = &numeric.Signature{Arch: "arm64", Go: "go1.26", FMA: numeric.FusedFMA, Engine: &numeric.Engine{Build: "pjrt cpu v1"}}
	if r, err := read(same); err != nil || !numeric.Equal(r.Numeric, record.Numeric) {
		t.Errorf("read as %v, %v", r, err)
	}
	for _, evil := range []string{`arm64\u001b[2J`, ``, `arm\n64`} {
		if r, err := read(func(text string) string { return strings.Replace(text, `"arm64"`, `"`+evil+`"`, 1) }); err == nil || !strings.Contains(err.Error(), "numeric signature") {
			t.Errorf("%q is read as %v, %v", evil, r, err)
		}
	}
}
