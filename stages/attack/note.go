package attack

import (
	"fmt"

	"foil/internal/artifact"
	"foil/internal/artifact/latents"
	"foil/pipeline"
)

var notesDoc = pipeline.FileDoc{Name: artifact.NotesFile, Doc: "what captions of tables and figures must tell: that the attackers have learned from a part of the items of training users (match_lengths)"}

// matchNote tells what the attackers have learned from, unless it is whole profiles.
func matchNote(m *latents.Matching) string {
	if m == nil {
		return ""
	}
	return fmt.Sprintf("Attackers learn from profiles of training users that are cut at random to %.3g %% of their items, "+
		"the part of the items of test users that recommenders get.", 100*m.Share)
}
