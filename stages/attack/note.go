package attack

import (
	"errors"
	"fmt"

	"foil/internal/artifact"
	"foil/internal/artifact/latents"
	"foil/pipeline"
	"foil/spec"
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

// errShared is why an attack refuses a split within users.
var errShared = errors.New("the test users of the split are training users, too (split/temporal, leave-one-out and random divide the interactions of each user): " +
	"attackers would learn the attributes of the users on whom they are tested; use split/user-kfold for attacks")

// checkUsers refuses a split whose test users are training users. A few of another program's split are
// as wrong as all.
func checkUsers(split *artifact.Split) error {
	shared, test := split.SharedUsers()
	switch {
	case shared == 0:
		return nil
	case shared == test:
		return errShared
	}
	return fmt.Errorf("%d of %d test users of the split are training users, too: attackers would learn the attributes of users on whom they are tested; "+
		"divide the users, as split/user-kfold does", shared, test)
}

// checkShared reports such a split before anything runs.
func checkShared(inputs []pipeline.Input, report spec.Reporter) {
	if pipeline.SharesUsers(inputs, "data") {
		report("", "%v", errShared)
	}
}
