package erase_test

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/internal/artifact/latents"
	"foil/internal/kindtest"
	"foil/internal/kindtest/trained"
	"foil/pipeline"
	"foil/stages/attack"
	"foil/stages/erase"
	"foil/stages/evaluate"
)

func params(list ...erase.Attribute) *erase.LEACEParams {
	p := erase.LEACE().Params().(*erase.LEACEParams)
	p.Attributes = list
	return p
}

var (
	gender = erase.Attribute{Attribute: "gender"}
	age    = erase.Attribute{Attribute: "age"}
	ages   = erase.Attribute{Attribute: "age", Classes: true}
)

func run(t *testing.T, encoded, data pipeline.Artifact, p *erase.LEACEParams) pipeline.Artifact {
	t.Helper()
	return kindtest.MustRun(t, erase.LEACE(), p, &pipeline.Cell{Inputs: map[string]pipeline.Artifact{"latents": encoded, "data": data}})
}

func open(t *testing.T, a, data pipeline.Artifact, checkpoint string) *latents.Latents {
	t.Helper()
	l, err := latents.Open(a, data, checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// splitWith is the split of kindtest with other attributes.
func splitWith(t *testing.T, change func(gender, age *artifact.Attribute)) (pipeline.Artifact, *artifact.Split) {
	t.Helper()
	s, err := artifact.ReadSplit(kindtest.Split(t).Path)
	if err != nil {
		t.Fatal(err)
	}
	change(&s.Users.Attributes[0], &s.Users.Attributes[1])
	return kindtest.Written(t, s.Write), s
}

// fewAges makes seven age groups of the ages.
func fewAges(_, age *artifact.Attribute) {
	for i, v := range age.Number {
		age.Number[i] = float32(int(v) / 9)
	}
}

// someMissing removes values of some users.
func someMissing(gender, age *artifact.Attribute) {
	fewAges(gender, age)
	for i := range age.Number {
		if i%7 == 0 {
			gender.Category[i] = ""
		}
		if i%4 == 0 {
			age.Number[i] = float32(math.NaN())
		}
	}
}

// encoded are the vectors of a trained model.
func encoded(t *testing.T, data pipeline.Artifact) (model, vectors pipeline.Artifact) {
	t.Helper()
	model = trained.Model(t, data, 0)
	return model, trained.Latents(t, model, data)
}

// golden begins the vectors of the first training, validation and test user; see the note on digests in
// stages/train/advxmultvae. When they change, raise the kind's Version.
var golden = map[string][]float32{
	artifact.Train:      {0.10769277, -0.42753595, -0.07858636},
	artifact.Validation: {0.33845052, -0.021311961, 0.29647422},
	artifact.Test:       {-0.33858898, -0.23085871, -0.55561155},
}

func TestTinyErasureIsPinned(t *testing.T) {
	data := kindtest.Split(t)
	_, vectors := encoded(t, data)
	l := open(t, run(t, vectors, data, params(gender, age)), data, checkpoints.Last)
	for name, part := range map[string]latents.Part{artifact.Train: l.Train, artifact.Validation: l.Validation, artifact.Test: l.Test} {
		for i, want := range golden[name] {
			if got := part.Z[i]; math.Abs(float64(got-want)) > 1e-3*math.Abs(float64(want)) {
				t.Errorf("value %d of the first %s user is %.6g, want %.6g; has Version been raised?", i, name, got, want)
			}
		}
	}
}

// After the erasure, linear attackers that are fitted to the training users are no better on them
// than a constant.
func TestLinearAttackersAreAtChance(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(gender, age *artifact.Attribute)
		erase  []erase.Attribute
	}{
		{"a categorical attribute and a number", fewAges, []erase.Attribute{gender, age}},
		{"two categorical attributes", fewAges, []erase.Attribute{ages, gender}},
		{"missing values", someMissing, []erase.Attribute{gender, age}},
		{"missing values in classes", someMissing, []erase.Attribute{gender, ages}},
	} {
		t.Run(c.name, func(t *testing.T) {
			data, split := splitWith(t, c.change)
			_, vectors := encoded(t, data)
			for _, shrinkage := range []bool{true, false} {
				p := params(c.erase...)
				p.Shrinkage = shrinkage
				erased := run(t, vectors, data, p)
				for _, checkpoint := range []string{checkpoints.Best, checkpoints.Last} {
					before, after := open(t, vectors, data, checkpoint), open(t, erased, data, checkpoint)
					checkChance(t, split, before, after, slices.Contains(c.erase, ages))
				}
			}
		})
	}
}

func checkChance(t *testing.T, split *artifact.Split, before, after *latents.Latents, classes bool) {
	t.Helper()
	for _, of := range []string{"f", "m"} {
		target := indicator(split.Users.Attributes[0].Category, of, func(c string) bool { return c != "" })
		if gain := logisticGain(t, before.Train, before.Width, target); gain < 0.05 {
			t.Errorf("before, logistic regression on gender gains %g: the case shows nothing", gain)
		}
		if gain := logisticGain(t, after.Train, after.Width, target); gain > chance {
			t.Errorf("logistic regression on gender gains %g over a constant", gain)
		}
		if r2 := explained(t, after.Train, after.Width, target); r2 > chance {
			t.Errorf("least squares explains %g of gender", r2)
		}
	}
	number := split.Users.Attributes[1].Number
	target := make([]float64, len(number))
	for i, v := range number {
		target[i] = float64(v)
	}
	if r2 := explained(t, before.Train, before.Width, target); r2 < 0.01 {
		t.Errorf("before, least squares explains %g of age: the case shows nothing", r2)
	}
	if r2 := explained(t, after.Train, after.Width, target); r2 > chance {
		t.Errorf("least squares explains %g of age", r2)
	}
	if classes {
		for v := range 7 {
			target := indicator(number, float32(v), func(v float32) bool { return v == v })
			if gain := logisticGain(t, after.Train, after.Width, target); gain > chance {
				t.Errorf("logistic regression on age %d gains %g over a constant", v, gain)
			}
		}
	}
}

// indicator is 1 for the users of a class, 0 for others and NaN for those whose class is missing.
func indicator[T comparable](values []T, class T, known func(T) bool) []float64 {
	target := make([]float64, len(values))
	for i, v := range values {
		switch {
		case !known(v):
			target[i] = math.NaN()
		case v == class:
			target[i] = 1
		}
	}
	return target
}

// known returns the standardised vectors of users whose target is known, with a column of ones.
// Columns that are constant but for rounding are left out.
func known(part latents.Part, width int, target []float64) (*mat.Dense, []float64) {
	var users []int
	var y []float64
	for i, u := range part.User {
		if !math.IsNaN(target[u]) {
			users, y = append(users, i), append(y, target[u])
		}
	}
	x := mat.NewDense(len(users), width+1, nil)
	for j := range width {
		mean, square := 0.0, 0.0
		for _, i := range users {
			mean += float64(part.Z[i*width+j]) / float64(len(users))
		}
		for _, i := range users {
			square += math.Pow(float64(part.Z[i*width+j])-mean, 2) / float64(len(users))
		}
		for row, i := range users {
			if square > 1e-10 {
				x.Set(row, j, (float64(part.Z[i*width+j])-mean)/math.Sqrt(square))
			}
		}
	}
	for row := range users {
		x.Set(row, width, 1)
	}
	return x, y
}

// ridge keeps the attackers from reading the rounding of float32, and chance is what the rest of it
// may give them.
const (
	ridge  = 1e-6
	chance = 1e-5
)

// explained is the share of the target's variance that least squares explains.
func explained(t *testing.T, part latents.Part, width int, target []float64) float64 {
	t.Helper()
	x, y := known(part, width, target)
	ones := make([]float64, len(y))
	for i := range ones {
		ones[i] = 1
	}
	w := weighted(t, x, ones, y)
	mean, rest, total := mat.Sum(mat.NewVecDense(len(y), y))/float64(len(y)), 0.0, 0.0
	for i, v := range y {
		rest += math.Pow(v-mat.Dot(x.RowView(i), w), 2)
		total += math.Pow(v-mean, 2)
	}
	return 1 - rest/total
}

// weighted solves a least squares problem with weights.
func weighted(t *testing.T, x *mat.Dense, weight, y []float64) *mat.VecDense {
	t.Helper()
	n, width := x.Dims()
	var scaled, gram mat.Dense
	scaled.Apply(func(i, _ int, v float64) float64 { return weight[i] * v }, x)
	gram.Mul(x.T(), &scaled)
	for j := range width {
		gram.Set(j, j, gram.At(j, j)+ridge*float64(n))
	}
	var right, w mat.VecDense
	right.MulVec(scaled.T(), mat.NewVecDense(n, y))
	if err := w.SolveVec(&gram, &right); err != nil && !errors.As(err, new(mat.Condition)) {
		t.Fatal(err)
	}
	return &w
}

// logisticGain is the mean log-likelihood that logistic regression gains over a constant, in nats.
// It is fitted by Newton's method.
func logisticGain(t *testing.T, part latents.Part, width int, target []float64) float64 {
	t.Helper()
	x, y := known(part, width, target)
	n, columns := x.Dims()
	share := mat.Sum(mat.NewVecDense(n, y)) / float64(n)
	likelihood := func(w mat.Vector) (sum float64) {
		for i, v := range y {
			sum -= math.Log1p(math.Exp((1-2*v)*mat.Dot(x.RowView(i), w))) / float64(n)
		}
		return sum
	}
	w := mat.NewVecDense(columns, nil)
	w.SetVec(width, math.Log(share/(1-share)))
	constant := likelihood(w)
	best := constant
	for range 20 {
		weight, working := make([]float64, n), make([]float64, n)
		for i, v := range y {
			eta := mat.Dot(x.RowView(i), w)
			p := 1 / (1 + math.Exp(-eta))
			weight[i] = max(p*(1-p), 1e-6)
			working[i] = eta + (v-p)/weight[i]
		}
		w = weighted(t, x, weight, working)
		best = max(best, likelihood(w))
	}
	return best - constant
}

// Vectors of all users change by the same function, and stay those of the same users and model.
func TestAllPartsAreErasedAlike(t *testing.T) {
	data := kindtest.Split(t)
	_, vectors := encoded(t, data)
	a := run(t, vectors, data, params(gender))
	for _, checkpoint := range []string{checkpoints.Best, checkpoints.Last} {
		before, after := open(t, vectors, data, checkpoint), open(t, a, data, checkpoint)
		var direction []float64
		for _, part := range []struct {
			name          string
			before, after latents.Part
		}{{"train", before.Train, after.Train}, {"validation", before.Validation, after.Validation}, {"test", before.Test, after.Test}} {
			if !slices.Equal(part.before.User, part.after.User) {
				t.Errorf("%s, %s: the users differ", checkpoint, part.name)
			}
			changed := 0
			for u := range part.after.User {
				// The change of each vector is a multiple of one direction.
				change := make([]float64, before.Width)
				for j := range change {
					change[j] = float64(part.after.Z[u*before.Width+j]) - float64(part.before.Z[u*before.Width+j])
				}
				length := mat.Norm(mat.NewVecDense(before.Width, change), 2)
				if length < 1e-3 {
					continue
				}
				changed++
				if direction == nil {
					direction = change
				}
				if cos := mat.Dot(mat.NewVecDense(before.Width, change), mat.NewVecDense(before.Width, direction)) /
					length / mat.Norm(mat.NewVecDense(before.Width, direction), 2); math.Abs(math.Abs(cos)-1) > 1e-4 {
					t.Errorf("%s, %s user %d: the change has another direction, cosine %g", checkpoint, part.name, u, cos)
				}
			}
			if changed == 0 {
				t.Errorf("%s, %s: no vector has changed", checkpoint, part.name)
			}
		}
	}
}

func TestErasedVectorsTellWhatTheyAre(t *testing.T) {
	data := kindtest.Split(t)
	model, vectors := encoded(t, data)
	once := run(t, vectors, data, params(gender))
	twice := run(t, once, data, params(age))
	l := open(t, twice, data, checkpoints.Last)
	if err := l.OfModel(model); err != nil {
		t.Error(err)
	}
	if len(l.Erased) != 2 {
		t.Fatalf("the vectors tell of %+v, want two erasures", l.Erased)
	}
	for i, want := range []struct {
		attributes []string
		of         pipeline.Artifact
	}{{[]string{"gender"}, vectors}, {[]string{"age"}, once}} {
		got := l.Erased[i]
		if got.By != "erase/leace" || !slices.Equal(got.Attributes, want.attributes) || got.Latents != want.of.Digest() || got.Rank["best"] != 1 || got.Rank["last"] != 1 {
			t.Errorf("erasure %d is %+v", i, got)
		}
	}
	if l := open(t, vectors, data, checkpoints.Last); l.Erased != nil {
		t.Errorf("vectors that nothing was erased from tell of %+v", l.Erased)
	}
}

// Without attributes the output is the input, byte for byte, so that later cells are cache hits.
func TestNothingIsErasedWithoutAttributes(t *testing.T) {
	data := kindtest.Split(t)
	_, vectors := encoded(t, data)
	for _, of := range []pipeline.Artifact{vectors, run(t, vectors, data, params(gender))} {
		if got := run(t, of, data, params()); got.Digest() != of.Digest() {
			t.Errorf("the output is %s, the input %s", got.Digest().Short(), of.Digest().Short())
		}
	}
}

// The attack and the ranking take erased vectors as they take others.
func TestErasedVectorsAreAttackedAndDecoded(t *testing.T) {
	data := kindtest.Split(t)
	model, vectors := encoded(t, data)
	erased := run(t, vectors, data, params(gender, age))

	probe := attack.LatentProbe()
	attackers := probe.Params().(*attack.LatentProbeParams)
	attackers.Epochs, attackers.Batch, attackers.Rate = 200, 16, 1e-2
	attackers.Checkpoints, attackers.Splits = []string{checkpoints.Last}, []string{artifact.Validation, artifact.Test}
	attackers.Attributes = []attack.Attribute{{Hidden: 5}}
	attackers.Attributes[0].Attribute = "gender"
	attacked := func(vectors pipeline.Artifact) pipeline.Artifact {
		return kindtest.MustRun(t, probe, attackers, &pipeline.Cell{Seed: 3, Inputs: map[string]pipeline.Artifact{"latents": vectors, "data": data}})
	}
	attackBefore, attackAfter := attacked(vectors), attacked(erased)
	for _, part := range attackers.Splits {
		if b, a := value(t, attackBefore, "bacc", part), value(t, attackAfter, "bacc", part); a > b-0.2 {
			t.Errorf("the attacker's balanced accuracy on %s users is %g before and %g after", part, b, a)
		}
	}

	ndcg := func(vectors, model pipeline.Artifact) (pipeline.Artifact, error) {
		kind := evaluate.Ranking()
		p := kind.Params().(*evaluate.RankingParams)
		p.K, p.Splits = []int{5}, []string{artifact.Validation, artifact.Test}
		return kindtest.Run(t, kind, p, &pipeline.Cell{Kind: trained.Kinds,
			Inputs: map[string]pipeline.Artifact{"latents": vectors, "model": model, "data": data}})
	}
	before, err := ndcg(vectors, model)
	if err != nil {
		t.Fatal(err)
	}
	after, err := ndcg(erased, model)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range attackers.Splits {
		if b, a := value(t, before, "ndcg", part), value(t, after, "ndcg", part); a >= b || a <= 0 {
			t.Errorf("NDCG of %s users is %g before and %g after: taste is gender in this data", part, b, a)
		}
	}
	if _, err := ndcg(erased, trained.Model(t, data, 2)); err == nil || !strings.Contains(err.Error(), "belong to the model") {
		t.Errorf("error %v for the decoder of another model", err)
	}
}

// value is a metric of the last checkpoint on the users of a part.
func value(t *testing.T, a pipeline.Artifact, name, part string) float64 {
	t.Helper()
	for _, m := range kindtest.Metrics(t, a) {
		if m.Name == name && m.Split == part && m.Checkpoint == checkpoints.Last {
			return m.Value
		}
	}
	t.Fatalf("there is no metric %s of %s users", name, part)
	return 0
}

func TestAttributesThatCannotBeErased(t *testing.T) {
	set := func(values []float32, to func(i int) float32) {
		for i := range values {
			values[i] = to(i)
		}
	}
	nothing := func(_, _ *artifact.Attribute) {}
	for _, c := range []struct {
		name   string
		change func(gender, age *artifact.Attribute)
		erase  erase.Attribute
		want   string
	}{
		{"unknown", nothing, erase.Attribute{Attribute: "country"}, `no attribute "country"`},
		{"classes of a category", nothing, erase.Attribute{Attribute: "gender", Classes: true}, "attribute gender: it is categorical"},
		{"missing category", func(g, _ *artifact.Attribute) { clear(g.Category) }, gender, "attribute gender: it is missing for all training users"},
		{"missing number", func(_, a *artifact.Attribute) { set(a.Number, func(int) float32 { return float32(math.NaN()) }) }, age, "attribute age: it is missing"},
		{"one number", func(_, a *artifact.Attribute) { set(a.Number, func(int) float32 { return 7 }) }, age, "the same one"},
		{"one class", func(_, a *artifact.Attribute) { set(a.Number, func(int) float32 { return 7 }) }, ages, "the same one"},
		{"one category of training users", func(g, _ *artifact.Attribute) {
			for i := range g.Category {
				g.Category[i] = []string{"a", "a", "a", "b", "c"}[i%5] // validation and test users have the others
			}
		}, gender, "the same one"},
		{"infinite number", func(_, a *artifact.Attribute) { a.Number[1] = float32(math.Inf(1)) }, age, "user 1 has the value +Inf"},
	} {
		data, _ := splitWith(t, c.change)
		vectors := trained.Latents(t, trained.Model(t, data, 1), data)
		_, err := kindtest.Run(t, erase.LEACE(), params(c.erase), &pipeline.Cell{Inputs: map[string]pipeline.Artifact{"latents": vectors, "data": data}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
}

// The log tells how much was removed. Missing values cost no dimension.
func TestRemovedDimensionsAreLogged(t *testing.T) {
	for _, change := range []func(gender, age *artifact.Attribute){fewAges, someMissing} {
		data, _ := splitWith(t, change)
		_, vectors := encoded(t, data)
		for _, c := range []struct {
			erase []erase.Attribute
			want  string
		}{
			{[]erase.Attribute{gender}, "last checkpoint: 1 of 8 dimensions removed"},
			{[]erase.Attribute{gender, age}, "best checkpoint: 2 of 8 dimensions removed"},
			{[]erase.Attribute{ages}, "last checkpoint: 6 of 8 dimensions removed"},
		} {
			var log bytes.Buffer
			kindtest.MustRun(t, erase.LEACE(), params(c.erase...), &pipeline.Cell{OnLog: &log, Inputs: map[string]pipeline.Artifact{"latents": vectors, "data": data}})
			if !strings.Contains(log.String(), c.want) {
				t.Errorf("the log is %q, want %q", log.String(), c.want)
			}
		}
	}
}
