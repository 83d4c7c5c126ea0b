package artifact

import (
	"fmt"
	"slices"
)

// NotesFile is a file of an artifact of type "metrics": a JSON list of sentences that readers of the
// metrics must know. Reports print them in the captions of tables and figures.
const NotesFile = "notes.json"

// WriteNotes writes sentences, of which "" is none. Without any it writes no file.
func WriteNotes(create CreateFunc, notes ...string) error {
	notes = slices.DeleteFunc(notes, func(n string) bool { return n == "" })
	if len(notes) == 0 {
		return nil
	}
	return WriteJSON(create, NotesFile, notes)
}

// ReadNotes reads the sentences. path must know the file.
func ReadNotes(path PathFunc) (notes []string, err error) {
	if err := ReadJSON(path, NotesFile, &notes); err != nil {
		return nil, err
	}
	if slices.Contains(notes, "") {
		return nil, fmt.Errorf("%s: a sentence is empty", NotesFile)
	}
	return notes, nil
}
