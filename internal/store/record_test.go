package store_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"foil/internal/digest"
	"foil/internal/store"
)

// The record that an earlier program wrote, when key lines were a text in memory, too. Results
// of kinds that do not compute with a backend are still found under their keys.
func TestRecordOfAnEarlierProgramIsRead(t *testing.T) {
	const path = "testdata/record-format-1.json"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var key struct{ Key digest.Key }
	if err := json.Unmarshal(text, &key); err != nil {
		t.Fatal(err)
	}
	r, err := store.DecodeRecord(path, text, key.Key)
	if err != nil {
		t.Fatal(err)
	}
	if r.Kind != "split/user-kfold" || r.KeyText.Key() != key.Key || len(r.Outputs) == 0 {
		t.Errorf("%+v", r)
	}
	again, err := r.Encode()
	if err != nil || !bytes.Equal(again, text) {
		t.Errorf("written again, the record is\n%s%v", again, err)
	}
}

func TestRecordWhoseKeyTextWasChangedIsRefused(t *testing.T) {
	r := &store.Record{Format: store.RecordFormat, KeyText: digest.NewKeyLines("test/kind", 1).Text(), Kind: "test/kind", Version: 1, Outputs: []digest.File{{Name: "out"}}}
	r.Key = r.KeyText.Key()
	text, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.DecodeRecord("record", text, r.Key); err != nil {
		t.Fatal(err)
	}
	odd := strings.Replace(string(text), `kind \"test/kind\"`, `sort \"test/kind\"`, 1)
	end := strings.LastIndexByte(strings.TrimSuffix(odd, "\n"), '\n') + 1
	odd = odd[:end] + store.SumPrefix + digest.Of([]byte(odd[:end])).String() + "\"}\n"
	_, err = store.DecodeRecord("record", []byte(odd), r.Key)
	if err == nil || errors.As(err, new(*store.NewerFormatError)) || !strings.Contains(err.Error(), "another key") {
		t.Errorf("got %v", err)
	}
}
