package disk

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"foil/internal/digest"
	"foil/internal/store"
)

// Contents are the entries of a bundle after the manifest, in their order.
type contents struct {
	objects []File // without names
	records []bundledRecord
}

type bundledRecord struct {
	key  digest.Key
	size int64
}

// readManifest reads a manifest, whose text may be large and is not trusted. It checks each entry
// before it reads the next one, and keeps only digests and sizes. So the memory stays below the
// size of the text.
func readManifest(r io.Reader) (*contents, error) {
	m := &manifestReader{text: &shortLead{r: r}}
	m.json = json.NewDecoder(m.text)
	if err := m.read(); err != nil {
		return nil, fmt.Errorf("the bundle's manifest cannot be read: %w", err)
	}
	return &m.found, nil
}

type manifestReader struct {
	text  *shortLead
	json  *json.Decoder
	known bool // the format
	found contents
}

func (m *manifestReader) read() error {
	if err := m.delim('{'); err != nil {
		return err
	}
	for m.json.More() {
		name, err := m.token()
		if err != nil {
			return err
		}
		switch name {
		case "format":
			err = m.format()
		case "objects":
			err = m.list(m.object)
		case "records":
			err = m.list(m.record)
		default:
			err = fmt.Errorf("it has an unknown part %.40q", name)
		}
		if err != nil {
			return err
		}
	}
	if err := m.delim('}'); err != nil {
		return err
	}
	if !m.known {
		return errNoFormat
	}
	if _, err := m.token(); !errors.Is(err, io.EOF) {
		return errors.New("there is text after its end")
	}
	return nil
}

var errNoFormat = errors.New("it does not begin with its format")

func (m *manifestReader) format() error {
	var format int
	if err := m.decode(&format); err != nil {
		return err
	}
	if format != bundleFormat {
		return fmt.Errorf("it has format %d, and this foil reads format %d; use another foil", format, bundleFormat)
	}
	m.known = true
	return nil
}

func (m *manifestReader) list(add func(bundleFile) error) error {
	if !m.known {
		return errNoFormat
	}
	if err := m.delim('['); err != nil {
		return err
	}
	for m.json.More() {
		var f bundleFile
		if err := m.decode(&f); err != nil {
			return err
		}
		if err := add(f); err != nil {
			return err
		}
	}
	return m.delim(']')
}

func (m *manifestReader) object(f bundleFile) error {
	o := File{Size: f.Size}
	if err := o.Digest.UnmarshalText([]byte(path.Base(f.Name))); err != nil || objectName(o.Digest) != f.Name || f.Size < 0 {
		return fmt.Errorf("it names an object %.100q of %d bytes", f.Name, f.Size)
	}
	if n := len(m.found.objects); n > 0 && objectName(m.found.objects[n-1].Digest) >= f.Name {
		return fmt.Errorf("its objects are not sorted, or not unique, at %s", f.Name)
	}
	m.found.objects = append(m.found.objects, o)
	return nil
}

func (m *manifestReader) record(f bundleFile) error {
	r := bundledRecord{size: f.Size}
	if err := r.key.UnmarshalText([]byte(strings.TrimSuffix(path.Base(f.Name), ".json"))); err != nil || recordName(r.key) != f.Name {
		return fmt.Errorf("it names a record %.100q", f.Name)
	}
	if f.Size < 0 || f.Size > store.MaxRecord {
		return fmt.Errorf("record %s has %d bytes; at most %d are allowed", r.key.Short(), f.Size, store.MaxRecord)
	}
	if n := len(m.found.records); n > 0 && recordName(m.found.records[n-1].key) >= f.Name {
		return fmt.Errorf("its records are not sorted, or not unique, at %s", f.Name)
	}
	m.found.records = append(m.found.records, r)
	return nil
}

func (m *manifestReader) delim(want json.Delim) error {
	t, err := m.token()
	if err == nil && t != want {
		err = fmt.Errorf("it has %s where %q is needed", tokenText(t), want.String())
	}
	return err
}

// tokenText is a token as it stands in a manifest, or its beginning.
func tokenText(t json.Token) string {
	switch t := t.(type) {
	case nil:
		return "null"
	case json.Delim:
		return strconv.Quote(t.String())
	case string:
		return fmt.Sprintf("the text %.40q", t)
	}
	return fmt.Sprint(t)
}

func (m *manifestReader) token() (json.Token, error) {
	m.text.extend(m.json.InputOffset())
	return m.json.Token()
}

func (m *manifestReader) decode(into any) error {
	m.text.extend(m.json.InputOffset())
	return m.json.Decode(into)
}

// maxLead is the most that a JSON decoder reads ahead, and so the maximum size of one entry.
const maxLead = 64 << 10

// A shortLead bounds how far its reader is ahead of an offset. Without it, a JSON decoder holds a
// value of any length in memory.
type shortLead struct {
	r        io.Reader
	at, upTo int64
}

func (s *shortLead) extend(offset int64) { s.upTo = offset + maxLead }

func (s *shortLead) Read(p []byte) (int, error) {
	if s.at >= s.upTo {
		return 0, fmt.Errorf("an entry has more than %d bytes", maxLead)
	}
	n, err := s.r.Read(p[:min(int64(len(p)), s.upTo-s.at)])
	s.at += int64(n)
	return n, err
}
