package images

import (
	"context"
	"slices"

	"foil/internal/artifact/attacks"
	"foil/models/losses"
)

// Warning signs of masked gradients: the classifier withstands an attack because the attack is led
// astray, not because it is robust (Athalye et al. 2018, section 3.1; Carlini et al. 2019). A sign is
// a note on the cell. It does not fail the cell, because the numbers are right, but another attack
// would find more.

// blackBoxLead is the part of all images by which a black-box attack must lower the accuracy after
// the white-box attacks to be a sign. It is that of AutoAttack.
const blackBoxLead = 0.002

// grey is an epsilon with which every image can become the same: grey.
const grey = 0.5

// warn looks for the signs after an attack.
func (r *attackRun) warn(ctx context.Context) error {
	if !r.gradients {
		return nil
	}
	if r.epsilon > 0 {
		r.warnOfSteps()
		r.warnOfBlackBoxes()
		r.warnOfRest()
	}
	return r.warnOfZeros(ctx)
}

// warnOfZeros counts images without a gradient: no attack that follows gradients can move them.
func (r *attackRun) warnOfZeros(ctx context.Context) error {
	right, zero, size := 0, 0, r.shape.Size()
	for first := 0; first < len(r.labels); first += r.batch {
		end := min(first+r.batch, len(r.labels))
		_, _, gradient, err := r.Slopes(ctx, r.pixels[first*size:end*size], func(i int, logits, d []float32) float64 {
			return losses.CrossEntropy(logits, r.labels[first+i], 1, d)
		})
		if err != nil {
			return err
		}
		for i := first; i < end; i++ {
			if r.clean[i].Class != r.labels[i] {
				continue
			}
			right++
			if g := gradient[(i-first)*size : (i+1-first)*size]; !slices.ContainsFunc(g, func(v float32) bool { return v != 0 }) {
				zero++
			}
		}
	}
	if zero > 0 {
		r.cell.Note("%s checkpoint: the gradient of the cross-entropy is 0 at %d of %d correctly classified images, so attacks that follow it cannot change these: "+
			"see whether attack/auto, or attack/pgd with objective margin, finds more", r.checkpoint, zero, right)
	}
	return nil
}

// warnOfSteps compares the first leg of a climb with the last.
func (r *attackRun) warnOfSteps() {
	last := len(r.legs) - 1
	if !r.climbs || last == 0 {
		return
	}
	if first, end := meanLoss(r.outcomes[0]), meanLoss(r.outcomes[last]); end <= first {
		r.cell.Note("%s checkpoint: for images that are classified correctly without an attack, the mean loss after %d steps, %.4g, is not above that after %d, %.4g: "+
			"the gradient may not lead to larger losses, so the accuracy may be too high",
			r.checkpoint, r.legs[last].steps, end, r.legs[0].steps, first)
	}
}

// warnOfBlackBoxes compares each black-box attack of several with the attacks before it.
func (r *attackRun) warnOfBlackBoxes() {
	for i, l := range r.legs {
		if i == 0 || !l.blackBox {
			continue
		}
		before, after := share(r.outcomes[i-1], attacks.Outcome.Right), share(r.outcomes[i], attacks.Outcome.Right)
		if before-after > blackBoxLead {
			r.cell.Note("%s checkpoint: %s, which uses no gradients, lowers the accuracy from %.4f after the attacks that do to %.4f: these attacks may be led astray, so the accuracy may be too high",
				r.checkpoint, l.name, before, after)
		}
	}
}

// warnOfRest looks for images that stand where all images can become the same one. Then only those
// with the label that this one is taken for can withstand a perfect attack.
func (r *attackRun) warnOfRest() {
	if r.epsilon < grey {
		return
	}
	labels := map[int32]float64{}
	most := 0.0
	for _, label := range r.labels {
		labels[label]++
		most = max(most, labels[label]/float64(len(r.labels)))
	}
	if right := share(r.last(), attacks.Outcome.Right); right > most+1e-9 {
		r.cell.Note("%s checkpoint: with epsilon %g every image can become grey, and a classifier can be right about grey images of one class only, at most %.4f of these. "+
			"But the accuracy is %.4f, so the attack misses misclassified images", r.checkpoint, r.epsilon, most, right)
	}
}

// meanLoss is that of the images that are classified correctly without an attack; NaN without any.
func meanLoss(outcomes []attacks.Outcome) float64 {
	var sum, right float64
	for _, o := range outcomes {
		if o.WasRight() {
			sum, right = sum+o.Loss, right+1
		}
	}
	return sum / right
}
