package encode

import (
	"errors"
	"math"

	"foil/internal/artifact"
	"foil/internal/artifact/latents"
	"foil/models/random"
)

// MatchLengths chooses pairs of the training users at random, so that their profiles are as long as
// those of test users that recommenders get. It does what split/user-kfold does to test users: it
// chooses among the pairs of all users at once, and leaves out users of whom it has chosen no pair or
// all.
func MatchLengths(split *artifact.Split, seed uint64) (artifact.Interactions, *latents.Matching, error) {
	var chosen artifact.Interactions
	if shared, _ := split.SharedUsers(); shared > 0 {
		return chosen, nil, errors.New("match_lengths: the test users of the split are training users, too, and their profiles are as long already; set match_lengths: false")
	}
	input, target := split.TestInput.Len(), split.TestTarget.Len()
	if input == 0 || target == 0 {
		return chosen, nil, errors.New("match_lengths: the split has no test users whose profiles are divided into input and targets")
	}
	m := &latents.Matching{Share: float64(input) / float64(input+target), Seed: seed}
	x := split.Train
	isChosen := make([]bool, x.Len())
	order := random.New(seed, "match lengths").Perm(x.Len())
	for _, i := range order[:int(math.Round(m.Share*float64(x.Len())))] {
		isChosen[i] = true
	}
	for start := 0; start < x.Len(); {
		end, n := start, 0
		for ; end < x.Len() && x.User[end] == x.User[start]; end++ {
			if isChosen[end] {
				n++
			}
		}
		if n > 0 && n < end-start {
			for i := start; i < end; i++ {
				if isChosen[i] {
					chosen.User, chosen.Item = append(chosen.User, x.User[i]), append(chosen.Item, x.Item[i])
				}
			}
		}
		start = end
	}
	if chosen.Len() == 0 {
		return chosen, nil, errors.New("match_lengths: no training user has enough items to choose some and leave some")
	}
	return chosen, m, nil
}
