package attack

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"foil/internal/artifact"
	"foil/internal/attributes"
	"foil/internal/learners"
	"foil/models/adversary"
)

// A subject is an attribute under attack by the family, with the vectors that the attackers see,
// standardised by those of the training users. Training users without the attribute are left out.
type subject struct {
	*attributes.Target
	train *learners.Matrix
	class []int32   // of the training users, for a categorical attribute
	value []float64 // and for a number

	held  *learners.Matrix // validation users, then test users
	truth adversary.Targets
	parts map[string][2]int // rows of held: from, to

	check       []int     // rows of the validation users with the attribute
	checkWeight []float64 // balanced by class; nil for a number
}

func newSubject(a FamilyAttribute, users *artifact.Users, v *view) (*subject, error) {
	target, err := a.param().Resolve(users)
	if err != nil {
		return nil, err
	}
	for _, part := range []string{artifact.Train, artifact.Validation, artifact.Test} {
		if !target.Known(v.of[part].User) {
			return nil, fmt.Errorf("the attribute %s is missing for all %s users; remove it from attributes", a.Attribute, part)
		}
	}
	train, validation, test := v.of[artifact.Train], v.of[artifact.Validation], v.of[artifact.Test]
	s := &subject{Target: target, parts: map[string][2]int{
		artifact.Validation: {0, len(validation.User)},
		artifact.Test:       {len(validation.User), len(validation.User) + len(test.User)},
	}}
	truth := target.Of(train.User)
	var rows []int
	for i := range train.User {
		switch {
		case !isKnown(truth, i):
			continue
		case target.Classes != nil:
			s.class = append(s.class, truth.Class[i])
		default:
			s.value = append(s.value, float64(truth.Value[i]))
		}
		rows = append(rows, i)
	}
	known := learners.NewMatrix(train.Z, v.width).Take(rows)
	scaler := learners.NewScaler(known)
	s.train = scaler.Apply(known)
	s.held = scaler.Apply(learners.NewMatrix(slices.Concat(validation.Z, test.Z), v.width))
	s.truth = target.Of(slices.Concat(validation.User, test.User))
	for i := range validation.User {
		if isKnown(s.truth, i) {
			s.check = append(s.check, i)
		}
	}
	s.weigh()
	return s, nil
}

// weigh balances the classes of the validation users.
func (s *subject) weigh() {
	if s.Classes == nil {
		return
	}
	var class []int32
	for _, i := range s.check {
		class = append(class, s.truth.Class[i])
	}
	s.checkWeight = learners.Balanced(class, len(s.Classes))
}

func isKnown(t adversary.Targets, user int) bool {
	if t.Class != nil {
		return t.Class[user] >= 0
	}
	return !math.IsNaN(float64(t.Value[user]))
}

// shuffled returns the subject with the labels of training users and of validation users in another
// order.
func (s *subject) shuffled(r *rand.Rand) *subject {
	c := *s
	c.class, c.value = slices.Clone(s.class), slices.Clone(s.value)
	r.Shuffle(s.train.Rows(), func(i, j int) {
		if c.class != nil {
			c.class[i], c.class[j] = c.class[j], c.class[i]
		} else {
			c.value[i], c.value[j] = c.value[j], c.value[i]
		}
	})
	c.truth = adversary.Targets{Class: slices.Clone(s.truth.Class), Value: slices.Clone(s.truth.Value)}
	r.Shuffle(len(s.check), func(i, j int) {
		i, j = s.check[i], s.check[j]
		if c.truth.Class != nil {
			c.truth.Class[i], c.truth.Class[j] = c.truth.Class[j], c.truth.Class[i]
		} else {
			c.truth.Value[i], c.truth.Value[j] = c.truth.Value[j], c.truth.Value[i]
		}
	})
	c.weigh()
	return &c
}

// validation returns the vectors of the validation users, which are the first of the held users.
func (s *subject) validation() *learners.Matrix {
	return &learners.Matrix{Width: s.held.Width, X: s.held.X[:s.parts[artifact.Validation][1]*s.held.Width]}
}

// An answer is an attacker's output for the held users: the probability of each class, or a number.

// loss is the loss of an answer on the validation users: balanced cross-entropy, or absolute error.
// The answer may be for them alone.
func (s *subject) loss(answer *learners.Matrix) float64 {
	total := 0.0
	for at, i := range s.check {
		if s.Classes != nil {
			total -= float64(s.checkWeight[at] * math.Log(max(answer.Row(i)[s.truth.Class[i]], 1e-300)))
		} else {
			total += math.Abs(answer.X[i] - float64(s.truth.Value[i]))
		}
	}
	return total / float64(len(s.check))
}

// miss is the score of an answer on the validation users, of which less is a stronger attacker: one
// less the balanced accuracy, or the mean absolute error.
func (s *subject) miss(answer *learners.Matrix) float64 {
	if s.Classes == nil {
		return s.loss(answer)
	}
	predicted := mostProbable(answer)
	wrong := 0.0
	for at, i := range s.check {
		if predicted[i] != s.truth.Class[i] {
			wrong += s.checkWeight[at]
		}
	}
	return wrong / float64(len(s.check))
}

func mostProbable(p *learners.Matrix) []int32 {
	out := make([]int32, p.Rows())
	for i := range out {
		for c, v := range p.Row(i) {
			if v > p.Row(i)[out[i]] {
				out[i] = int32(c)
			}
		}
	}
	return out
}

// linear is the answer of a linear attacker.
func (s *subject) linear(c float64) (*learners.Matrix, error) {
	if s.Classes != nil {
		m, err := learners.FitLogistic(s.train, s.class, len(s.Classes), learners.Balanced(s.class, len(s.Classes)), c)
		if err != nil {
			return nil, err
		}
		return m.Probabilities(s.held), nil
	}
	m, err := learners.FitAbsolute(s.train, s.value, 1/(c*float64(len(s.value))))
	if err != nil {
		return nil, err
	}
	return &learners.Matrix{Width: 1, X: m.Predict(s.held)}, nil
}

// trees is the answer of gradient-boosted trees after the round with the lowest validation loss.
func (s *subject) trees(ctx context.Context, p FamilyTrees) (*learners.Matrix, error) {
	settings := learners.TreeSettings{Rate: p.Rate, Leaves: p.Leaves, MinLeaf: p.MinLeaf}
	var b *learners.Booster
	var err error
	if s.Classes != nil {
		b, err = learners.NewClassBooster(s.train, s.class, len(s.Classes), learners.Balanced(s.class, len(s.Classes)), settings)
	} else {
		b, err = learners.NewNumberBooster(s.train, s.value, settings)
	}
	if err != nil {
		return nil, err
	}
	raw := b.Raw(s.held)
	best := stop{patience: p.Patience}
	for round := range p.Rounds {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		learners.AddTo(raw, s.held, b.Round())
		answer := &learners.Matrix{Width: 1, X: slices.Clone(raw.X)}
		if s.Classes != nil {
			answer = learners.Probabilities(raw)
		}
		if best.after(round, s.loss(answer), func() *learners.Matrix { return answer }) {
			break
		}
	}
	return best.answer, nil
}

// A stop is early stopping: it keeps the answer with the lowest validation loss.
type stop struct {
	patience, at int
	loss         float64
	answer       *learners.Matrix
}

// after takes the loss and, if it is the lowest, the answer after a round or an epoch. It reports
// whether training ends.
func (s *stop) after(round int, loss float64, answer func() *learners.Matrix) bool {
	if s.answer == nil || loss < s.loss {
		s.at, s.loss, s.answer = round, loss, answer()
	}
	return round-s.at >= s.patience
}
