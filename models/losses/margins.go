package losses

// The losses of margins do not saturate as cross-entropy does: where a probability is 1 in float32,
// cross-entropy has no gradient, and they still have one.

// Lead returns the logit of one class minus that of another, and writes its gradient in the logits
// to d.
func Lead(logits []float32, class, over int32, d []float32) float64 {
	clear(d)
	d[class]++
	d[over]--
	return float64(logits[class] - logits[over])
}

// Margin is Lead of the best class other than the label over the label. It is positive if an image
// is misclassified.
func Margin(logits []float32, label int32, d []float32) float64 {
	return Lead(logits, rival(logits, label), label, d)
}

// DLR is the difference of logits ratio (Croce and Hein 2020, section 4): the margin divided by the
// difference of the largest and the third largest logit. It needs three classes.
func DLR(logits []float32, label int32, d []float32) float64 {
	top := Ranking(logits, 3)
	return ratio(logits, rival(logits, label), label, d, part{top[0], 1}, part{top[2], -1})
}

// TargetedDLR is DLR for a target (Croce and Hein 2020, section 4): the lead of the target over the
// label, divided by the largest logit minus the mean of the third and the fourth. It needs four
// classes.
func TargetedDLR(logits []float32, label, target int32, d []float32) float64 {
	top := Ranking(logits, 4)
	return ratio(logits, target, label, d, part{top[0], 1}, part{top[2], -0.5}, part{top[3], -0.5})
}

// part is a class in the denominator of a ratio.
type part struct {
	class  int32
	weight float32
}

// ratio returns the lead of a class over the label, divided by a sum of logits.
func ratio(logits []float32, class, label int32, d []float32, parts ...part) float64 {
	var below float32
	for _, p := range parts {
		below += float32(p.weight * logits[p.class])
	}
	below += 1e-12
	above := float32(Lead(logits, class, label, d))
	for i := range d {
		d[i] /= below
	}
	for _, p := range parts {
		d[p.class] -= float32(above / below / below * p.weight)
	}
	return float64(above / below)
}

// Ranking returns the classes with the n largest logits, the largest first. Of equal logits, the
// first class comes first.
func Ranking(logits []float32, n int) []int32 {
	top := make([]int32, 0, 16)
	for i, v := range logits {
		at := len(top)
		for at > 0 && v > logits[top[at-1]] {
			at--
		}
		if at == n {
			continue
		}
		if len(top) < n {
			top = append(top, 0)
		}
		copy(top[at+1:], top[at:])
		top[at] = int32(i)
	}
	return top
}

// rival returns the class with the largest logit that is not the label, and the first one of equals.
func rival(logits []float32, label int32) int32 {
	best := int32(-1)
	for i, v := range logits {
		if class := int32(i); class != label && (best < 0 || v > logits[best]) {
			best = class
		}
	}
	return best
}
