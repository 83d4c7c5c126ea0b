package remote

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"foil/internal/digest"
	"foil/internal/store"
)

// GetRecord returns the record of a key. The error is a *WrongError if the remote holds one that
// must not be used: it is not in the form that foil writes, belongs to another key, or nobody whom
// the options trust has signed it.
func (r *Remote) GetRecord(ctx context.Context, key digest.Key) (*store.Record, error) {
	text, err := r.getSmall(ctx, r.entryName(key), maxEntry)
	if err != nil {
		return nil, err
	}
	return r.read(key, text)
}

// read checks an entry.
func (r *Remote) read(key digest.Key, text []byte) (*store.Record, error) {
	e, err := decodeEntry(text)
	if err != nil {
		return nil, wrong("its record %v", err)
	}
	if r.opts.Trust != nil && !r.opts.Trust.signed(e) {
		return nil, wrong("its record is not signed by a trusted key")
	}
	return e.examine(key)
}

// examined checks an entry, whoever has signed it.
func examined(key digest.Key, text []byte) (*entry, *store.Record, error) {
	e, err := decodeEntry(text)
	if err != nil {
		return nil, nil, wrong("its record %v", err)
	}
	record, err := e.examine(key)
	return e, record, err
}

// ErrOthers means that the remote has a record of a key that no trusted key has signed. It stays: it
// may be good for those who trust other keys.
var ErrOthers = errors.New("others have sent its record, and no trusted key has signed it")

// PutRecord writes the record of a key, whose objects the remote has. If the remote has a record of
// the key with other outputs, that one stays, and PutRecord returns it. A record that nobody can
// use, because it is damaged or names an object that is gone, is replaced.
//
// With a Signer, a record with the same text gets a signature, if it lacks it. One that no trusted
// key has signed is replaced by the record, with a signature, if the outputs are the same or nobody
// has signed it: a signature must not vouch for the text of a stranger. Without a Signer it stays,
// and the error is ErrOthers.
func (r *Remote) PutRecord(ctx context.Context, record *store.Record) (other *store.Record, err error) {
	_, there, err := r.putRecord(ctx, record)
	return there.other(record), err
}

// A There is what the remote had for a key.
type There struct{ Record *store.Record } // nil: nothing that could be used

// other returns the record if it has other outputs.
func (t There) other(record *store.Record) *store.Record {
	if t.Record != nil && !slices.Equal(t.Record.Outputs, record.Outputs) {
		return t.Record
	}
	return nil
}

// putRecord returns the text of the entry, and the record that was there and stays.
func (r *Remote) putRecord(ctx context.Context, record *store.Record) (text []byte, before There, err error) {
	own, err := record.Encode()
	if err != nil {
		return nil, before, err
	}
	var signatures []signature
	signer := r.opts.Sign
	if signer != nil {
		signatures = append(signatures, signer.sign(own))
	}
	text = entryOf(record, own, signatures).encode()
	name := r.entryName(record.Key)
	write := func(text []byte, onlyNew bool) error {
		return r.put(ctx, name, content{ReadSeeker: bytes.NewReader(text), size: int64(len(text))}, onlyNew)
	}
	for range 3 {
		there, err := r.getSmall(ctx, name, maxEntry)
		if IsAbsent(err) {
			if err := write(text, true); !errors.Is(err, errExists) {
				return text, before, err
			}
			continue // somebody has just written it
		}
		if errors.As(err, new(*WrongError)) {
			return text, before, write(text, false)
		}
		if err != nil {
			return nil, before, err
		}
		e, known, err := examined(record.Key, there)
		switch {
		case errors.As(err, new(*WrongError)):
			return text, before, write(text, false)
		case err != nil: // of a newer format
			return nil, before, err
		}
		e.signatures = e.valid()
		trusted := r.opts.Trust.signed(e)
		switch {
		case r.opts.Trust != nil && !trusted && signer == nil:
			return nil, before, ErrOthers
		case !slices.Equal(known.Outputs, record.Outputs):
			if r.opts.Trust != nil && len(e.signatures) == 0 {
				return text, before, write(text, false)
			}
			if whole, err := r.hasAll(ctx, known.Outputs); err != nil || whole {
				return there, There{known}, err
			}
			return text, before, write(text, false)
		case signer == nil || Trusted{signer.public()}.signed(e):
			return there, There{known}, nil
		case !bytes.Equal(e.record, own):
			if trusted {
				return there, There{known}, nil
			}
			return text, There{known}, write(text, false)
		case len(e.signatures) >= maxSignatures:
			return there, There{known}, nil
		}
		e.signatures = append(e.signatures, signer.sign(own))
		text = entryOf(known, own, e.signatures).encode()
		return text, There{known}, write(text, false)
	}
	return nil, before, errors.New("its record comes and goes")
}

func (r *Remote) hasAll(ctx context.Context, files []digest.File) (bool, error) {
	for _, f := range files {
		if ok, err := r.Has(ctx, f.Digest); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

// AddRecord is PutRecord. It also puts the entry into the manifest of a plan, and tells whether the
// remote had a record of the key.
func (r *Remote) AddRecord(ctx context.Context, p *Plan, record *store.Record) (known bool, other *store.Record, err error) {
	text, there, err := r.putRecord(ctx, record)
	if err == nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.add(record.Key, text)
	}
	return there.Record != nil, there.other(record), err
}

// PlanRecord returns the record of a key from a manifest, like GetRecord.
func (r *Remote) PlanRecord(p *Plan, key digest.Key) (*store.Record, error) {
	p.mu.Lock()
	text, ok := p.entries[key]
	p.mu.Unlock()
	if !ok {
		return nil, errAbsent
	}
	return r.read(key, text)
}

// FindRecord is GetRecord. It also puts the entry into the manifest of a plan.
func (r *Remote) FindRecord(ctx context.Context, p *Plan, key digest.Key) (*store.Record, error) {
	text, err := r.getSmall(ctx, r.entryName(key), maxEntry)
	if err != nil {
		return nil, err
	}
	record, err := r.read(key, text)
	if err == nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.add(key, text)
	}
	return record, err
}

// GetPlan returns the manifest of a plan. It takes two requests.
func (r *Remote) GetPlan(ctx context.Context, id digest.Key) (*Plan, error) {
	text, err := r.getSmall(ctx, r.entryName(id), maxEntry)
	if err != nil {
		return nil, err
	}
	e, err := decodeEntry(text)
	if err != nil || len(e.files) != 1 || e.files[0].Name != planName || e.files[0].Size > int64(maxPlan) {
		return nil, &WrongError{errNoPlan.Error()}
	}
	var packed bytes.Buffer
	if err := r.Get(ctx, e.files[0], &packed); err != nil {
		return nil, err
	}
	p, err := decodePlan(packed.Bytes())
	if err != nil {
		return nil, &WrongError{err.Error()}
	}
	return p, nil
}

// PutPlan writes the manifest of a plan, unless it has not changed or would be too large: it only
// spares requests. It keeps what others have added.
func (r *Remote) PutPlan(ctx context.Context, id digest.Key, p *Plan) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.changed {
		return nil
	}
	there, err := r.GetPlan(ctx, id)
	if err == nil {
		for key, text := range there.entries {
			if p.entries[key] == nil {
				p.entries[key] = text
			}
		}
	} else if !IsAbsent(err) && !errors.As(err, new(*WrongError)) {
		return err
	}
	packed, err := p.encode()
	if errors.Is(err, errLargePlan) {
		return nil
	}
	if err != nil {
		return err
	}
	f := digest.File{Name: planName, Digest: digest.Of(packed), Size: int64(len(packed))}
	if err := r.putObject(ctx, f, bytes.NewReader(packed)); err != nil {
		return err
	}
	text := (&entry{files: []digest.File{f}}).encode()
	err = r.put(ctx, r.entryName(id), content{ReadSeeker: bytes.NewReader(text), size: int64(len(text))}, false)
	if err == nil {
		p.changed = false
	}
	return err
}
