package evaluate

import (
	"fmt"
	"strings"

	"foil/internal/artifact/attacks"
)

// trials counts the images that attacks were run on, for each checkpoint.
type trials struct {
	attacks     []string
	checkpoints []string         // in order of first occurrence
	images      map[string][]int // of a checkpoint, by attack
}

// add counts the outcomes of an attack.
func (t *trials) add(attack int, outcomes []attacks.Outcome) {
	for _, o := range outcomes {
		if t.images[o.Checkpoint] == nil {
			t.checkpoints = append(t.checkpoints, o.Checkpoint)
			t.images[o.Checkpoint] = make([]int, len(t.attacks))
		}
		t.images[o.Checkpoint][attack]++
	}
}

// leftOut describes the checkpoints and images that are not part of a panel, although some of its
// attacks were run on them.
func (t *trials) leftOut(p *panel) (texts []string) {
	for _, checkpoint := range t.checkpoints {
		count := len(p.at(checkpoint).order)
		var more, without []string
		for i, n := range t.images[checkpoint] {
			switch {
			case n == 0:
				without = append(without, t.attacks[i])
			case n > count:
				more = append(more, fmt.Sprintf("%s (%d)", t.attacks[i], n))
			}
		}
		switch {
		case len(without) > 0:
			texts = append(texts, fmt.Sprintf("the %s checkpoint is left out, because it was not attacked by %s", checkpoint, strings.Join(without, ", ")))
		case len(more) > 0:
			texts = append(texts, fmt.Sprintf("%s checkpoint: only the %d images that all attacks were run on are used; attacks with more images: %s",
				checkpoint, count, strings.Join(more, ", ")))
		}
	}
	return texts
}
