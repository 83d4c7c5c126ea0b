package attack

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"foil/internal/artifact"
	"foil/internal/artifact/latents"
	"foil/internal/kindtest"
	"foil/internal/learners"
	"foil/pipeline"
)

// familyInputs are latent vectors of 800 users that tell their gender by a product, which a linear
// attacker cannot see, their region by a sum, and their age by a sum with errors that a few have ten
// times as large. The first user of each part has no attribute.
func familyInputs(t *testing.T) map[string]pipeline.Artifact {
	t.Helper()
	r := rand.New(rand.NewPCG(5, 6))
	s := artifact.Split{}
	gender, region, age := artifact.Attribute{Name: "gender"}, artifact.Attribute{Name: "region"}, artifact.Attribute{Name: "age"}
	s.Items.ID = []string{"a", "b"}
	l := &latents.Latents{}
	parts := []*latents.Part{&l.Train, &l.Validation, &l.Test}
	pairs := [][]*artifact.Interactions{{&s.Train}, {&s.ValidationInput, &s.ValidationTarget}, {&s.TestInput, &s.TestTarget}}
	const width = 6
	for u := range 800 {
		part := []int{0, 1, 2, 0}[u%4]
		s.Users.ID = append(s.Users.ID, strconv.Itoa(u))
		s.Users.Part = append(s.Users.Part, []string{artifact.Train, artifact.Validation, artifact.Test}[part])
		for item, x := range pairs[part] {
			x.User, x.Item = append(x.User, int32(u)), append(x.Item, int32(item))
		}
		z := make([]float32, width)
		for j := range z {
			z[j] = float32(r.NormFloat64())
		}
		parts[part].User = append(parts[part].User, int32(u))
		parts[part].Z = append(parts[part].Z, z...)
		if u < 3 {
			gender.Category, region.Category = append(gender.Category, ""), append(region.Category, "")
			age.Number = append(age.Number, float32(math.NaN()))
			continue
		}
		g := "m"
		if z[0]*z[1]+0.2*float32(r.NormFloat64()) > 0.4 {
			g = "f"
		}
		gender.Category = append(gender.Category, g)
		region.Category = append(region.Category, []string{"north", "south", "west"}[min(2, max(0, int(math.Round(float64(z[2]+z[3])+0.3*r.NormFloat64()+1))))])
		noise := 2 * r.NormFloat64()
		if r.IntN(5) == 0 {
			noise *= 10
		}
		age.Number = append(age.Number, float32(40+8*float64(z[4]-z[5])+noise))
	}
	s.Users.Attributes = []artifact.Attribute{gender, region, age}
	data := kindtest.Written(t, s.Write)
	config := latents.Config{Width: width, Data: data.Digest(), Model: data.Digest()}
	return map[string]pipeline.Artifact{"data": data, "latents": kindtest.Written(t, func(create artifact.CreateFunc) error {
		return latents.Write(create, config, map[string]*latents.Latents{"best": l, "last": l})
	})}
}

func familyParams(names ...string) *FamilyParams {
	p := sharedFamilyParams.New()
	p.Checkpoints = []string{"last"}
	p.Trees.Rounds, p.Network.Epochs, p.Network.Rate, p.Network.Seeds, p.Network.Dropout = 60, 60, 1e-2, 2, 0
	for _, name := range names {
		a := FamilyAttribute{Attribute: name}
		if name == "age" {
			a.Range = []float64{0, 100}
		}
		p.Attributes = append(p.Attributes, a)
	}
	return p
}

func familyValues(t *testing.T, a pipeline.Artifact, split string) map[string]float64 {
	t.Helper()
	out := map[string]float64{}
	for _, m := range kindtest.Metrics(t, a) {
		if m.Split == split {
			out[m.Group+" "+m.Name] = m.Value
		}
	}
	return out
}

func TestFamilyReadsWhatIsThere(t *testing.T) {
	p := familyParams("gender", "region", "age")
	p.Splits = []string{"validation", "test"}
	a := kindtest.MustRun(t, LatentFamily(), p, &pipeline.Cell{Seed: 3, Inputs: familyInputs(t)})
	v := familyValues(t, a, "test")
	within := func(name string, low, high float64) {
		t.Helper()
		if got, ok := v[name]; !ok || got < low || got > high {
			t.Errorf("%s is %.3f (%v), want %g to %g", name, got, ok, low, high)
		}
	}
	within("gender/linear bacc", 0.35, 0.62)
	within("gender/trees bacc", 0.75, 1)
	within("gender/network bacc", 0.75, 1)
	within("gender/linear chosen", 0, 0)
	within("gender auc", 0.85, 1)
	within("region bacc", 0.6, 1)
	within("region auc", 0.8, 1)
	// The standard deviation of an age is about 15, and the smallest possible error about 4.5.
	for _, member := range []string{"", "/linear", "/trees", "/network"} {
		within("age"+member+" mae", 0.03, 0.08)
		within("age"+member+" shuffled_mae", 0.85*v["age mae_median"], 1.3*v["age mae_median"])
		if got, want := v["age"+member+" mae_original"], 100*v["age"+member+" mae"]; math.Abs(got-want) > 1e-9 {
			t.Errorf("age%s: %g years, want %g", member, got, want)
		}
		within("gender"+member+" shuffled_bacc", 0.38, 0.62)
		within("region"+member+" shuffled_bacc", 0.2, 0.46)
	}
	within("gender bacc_majority", 0.5, 0.5)

	// The strongest one is a member, chosen by validation users.
	validation := familyValues(t, a, "validation")
	for attribute, score := range map[string]string{"gender": "bacc", "region": "bacc", "age": "mae"} {
		n := 0
		for _, member := range p.Members {
			group := attribute + "/" + member
			if v[group+" chosen"] == 1 {
				n++
				if v[group+" "+score] != v[attribute+" "+score] {
					t.Errorf("%s: the strongest attacker has %g, the chosen %s %g", attribute, v[attribute+" "+score], member, v[group+" "+score])
				}
			}
			if ours, best := validation[group+" "+score], validation[attribute+" "+score]; score == "bacc" && ours > best+1e-12 || score == "mae" && ours < best {
				t.Errorf("%s: %s is stronger on the validation users: %g, not %g", attribute, member, ours, best)
			}
		}
		if n != 1 {
			t.Errorf("%s: %d members are chosen", attribute, n)
		}
	}

	bits := familyValues(t, a, "train")
	for attribute, share := range map[string]float64{"region": 0.85, "age": 0.98} {
		if !(bits[attribute+" bits"] < share*bits[attribute+" bits_frequencies"] && bits[attribute+" bits_frequencies"] < 1.05*bits[attribute+" bits_uniform"]) {
			t.Errorf("%s: codes %v", attribute, bits)
		}
	}
	if ratio := bits["gender bits"] / bits["gender bits_frequencies"]; ratio < 0.95 || ratio > 1.1 {
		t.Errorf("a linear code of gender takes %.3f of the bits of its frequencies, want about 1", ratio)
	}
	if math.Abs(bits["gender bits_uniform"]-398) > 1.01 { // 400 training users, of whom some have no gender
		t.Errorf("%g bits for equal probabilities", bits["gender bits_uniform"])
	}
}

// familyGolden are the scores of a family on vectors of the tiny split. When they change, raise the
// kind's Version.
var familyGolden = map[string]float64{
	"age bits": 129.687, "age bits_frequencies": 129.234, "age bits_uniform": 119.589, "age mae": 0.113332, "age mae_mean": 0.118333, "age mae_median": 0.125, "age mae_original": 11.3332, "age shuffled_mae": 0.1152,
	"age/linear chosen": 0, "age/linear mae": 0.126535, "age/linear mae_original": 12.6535, "age/linear shuffled_mae": 0.126304,
	"age/network chosen": 1, "age/network mae": 0.113332, "age/network mae_original": 11.3332, "age/network shuffled_mae": 0.1152,
	"age/trees chosen": 0, "age/trees mae": 0.120542, "age/trees mae_original": 12.0542, "age/trees shuffled_mae": 0.14425,
	"gender auc": 1, "gender bacc": 0.928571, "gender bacc_majority": 0.5, "gender bits": 32.1211, "gender bits_frequencies": 37.3412, "gender bits_uniform": 36, "gender shuffled_bacc": 0.8,
	"gender/linear auc": 1, "gender/linear bacc": 0.928571, "gender/linear chosen": 1, "gender/linear shuffled_bacc": 0.8,
	"gender/network auc": 0.971429, "gender/network bacc": 0.9, "gender/network chosen": 0, "gender/network shuffled_bacc": 0.857143,
	"gender/trees auc": 0.8, "gender/trees bacc": 0.8, "gender/trees chosen": 0, "gender/trees shuffled_bacc": 0.685714,
}

func TestTinyFamilyIsPinned(t *testing.T) {
	p := familyParams("gender", "age")
	p.Checkpoints, p.Trees.MinLeaf, p.Network.Epochs = []string{"best"}, 3, 10
	a := kindtest.MustRun(t, LatentFamily(), p, &pipeline.Cell{Seed: 3, Inputs: inputs(t)})
	got := familyValues(t, a, "test")
	for name, v := range familyValues(t, a, "train") {
		got[name] = v
	}
	for name, want := range familyGolden {
		if v, ok := got[name]; !ok || math.Abs(v-want) > 1e-4*math.Abs(want) {
			t.Errorf("%q: %.6g, want %.6g; has Version been raised?", name, v, want)
		}
	}
	if len(got) != len(familyGolden) {
		t.Errorf("%d scores, want %d: %v", len(got), len(familyGolden), got)
	}
}

func TestFamilyIsTheSameTwice(t *testing.T) {
	in := familyInputs(t)
	digest := func(seed uint64) string {
		p := familyParams("gender")
		p.Trees.Rounds, p.Network.Epochs = 3, 2
		return kindtest.MustRun(t, LatentFamily(), p, &pipeline.Cell{Seed: seed, Inputs: in}).Digest().String()
	}
	first := digest(3)
	if digest(3) != first {
		t.Error("two runs differ")
	}
	if digest(4) == first {
		t.Error("two seeds give the same")
	}
}

// A member's answer does not depend on the other members, and test users decide nothing.
func TestMembersDoNotDependOnEachOther(t *testing.T) {
	in := familyInputs(t)
	run := func(members ...string) map[string]float64 {
		p := familyParams("region")
		p.Members, p.Trees.Rounds, p.Network.Epochs = members, 5, 3
		return familyValues(t, kindtest.MustRun(t, LatentFamily(), p, &pipeline.Cell{Seed: 3, Inputs: in}), "test")
	}
	together := run(linear, trees, network)
	for _, member := range []string{linear, trees, network} {
		alone := run(member)
		for _, name := range []string{"bacc", "auc", "shuffled_bacc"} {
			if got, want := together["region/"+member+" "+name], alone["region/"+member+" "+name]; got != want || alone["region "+name] != want {
				t.Errorf("%s %s: %g together, %g alone", member, name, got, want)
			}
		}
	}
}

func TestStopKeepsTheBestAnswer(t *testing.T) {
	for _, c := range []struct {
		loss       []float64
		at, rounds int
	}{
		{[]float64{3, 2, 1, 1, 2, 0}, 2, 5},
		{[]float64{1, 2, 3, 0}, 0, 3},
		{[]float64{3, 2, 2.5, 1}, 3, 4},
	} {
		s := stop{patience: 2}
		n := 0
		for round, loss := range c.loss {
			n++
			if s.after(round, loss, func() *learners.Matrix { return &learners.Matrix{Width: 1, X: []float64{float64(round)}} }) {
				break
			}
		}
		if s.answer.X[0] != float64(c.at) || n != c.rounds {
			t.Errorf("%v: the answer of round %g after %d rounds, want %d after %d", c.loss, s.answer.X[0], n, c.at, c.rounds)
		}
	}
}

func TestShuffledKeepsEveryLabelAndTheTestUsers(t *testing.T) {
	in := familyInputs(t)
	split, err := artifact.ReadSplit(in["data"].Path)
	if err != nil {
		t.Fatal(err)
	}
	l, err := latents.Open(in["latents"], in["data"], "last")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"gender", "age"} {
		s, err := newSubject(FamilyAttribute{Attribute: name}, &split.Users, latentView(l))
		if err != nil {
			t.Fatal(err)
		}
		c := s.shuffled(rand.New(rand.NewPCG(1, 1)))
		same := func(what string, equal bool, want bool) {
			t.Helper()
			if equal != want {
				t.Errorf("%s: %s are the same: %v", name, what, equal)
			}
		}
		from := s.parts[artifact.Test][0]
		if s.Classes != nil {
			same("training labels", slices.Equal(s.class, c.class), false)
			same("counts of training labels", slices.Equal(sorted(s.class), sorted(c.class)), true)
			same("validation labels", slices.Equal(s.truth.Class[:from], c.truth.Class[:from]), false)
			same("counts of validation labels", slices.Equal(sorted(s.truth.Class[:from]), sorted(c.truth.Class[:from])), true)
			same("test labels", slices.Equal(s.truth.Class[from:], c.truth.Class[from:]), true)
			same("unknown labels", c.truth.Class[0] == -1, true)
			continue
		}
		same("training labels", slices.Equal(s.value, c.value), false)
		same("values of training labels", slices.Equal(sorted(s.value), sorted(c.value)), true)
		same("validation labels", slices.Equal(s.truth.Value[1:from], c.truth.Value[1:from]), false)
		same("values of validation labels", slices.Equal(sorted(s.truth.Value[1:from]), sorted(c.truth.Value[1:from])), true)
	}
}

func sorted[T int32 | float32 | float64](values []T) []T {
	values = slices.Clone(values)
	slices.Sort(values)
	return values
}

func TestFamilyNamesWhatIsMissing(t *testing.T) {
	in := familyInputs(t)
	for _, c := range []struct {
		attribute FamilyAttribute
		want      string
	}{
		{FamilyAttribute{Attribute: "shoe"}, `attack on the last checkpoint: `},
		{FamilyAttribute{Attribute: "gender", Range: []float64{0, 1}}, "attack on the last checkpoint: attribute gender is categorical, so it has no range"},
	} {
		p := familyParams()
		p.Attributes = []FamilyAttribute{c.attribute}
		_, err := kindtest.Run(t, LatentFamily(), p, &pipeline.Cell{Seed: 3, Inputs: in})
		if err == nil || len(err.Error()) < len(c.want) || err.Error()[:len(c.want)] != c.want {
			t.Errorf("%s: %v, want %s", c.attribute.Attribute, err, c.want)
		}
	}
}
