package load

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"foil/internal/artifact"
	"foil/internal/dataset"
	"foil/models/random"
	"foil/pipeline"
	"foil/spec"
)

// SyntheticParams are the parameters of load/synthetic.
type SyntheticParams struct {
	Users        int     `yaml:"users" min:"10" max:"1000000"`
	Items        int     `yaml:"items" min:"10" max:"1000000"`
	Interactions float64 `yaml:"interactions" min:"5"`
	GenderEffect float64 `yaml:"gender_effect" min:"0" max:"10"`
	AgeEffect    float64 `yaml:"age_effect" min:"0" max:"10"`
}

var syntheticParams = &spec.Params[SyntheticParams]{
	Defaults: func() SyntheticParams {
		return SyntheticParams{Users: 600, Items: 400, Interactions: 40, GenderEffect: 0.5, AgeEffect: 0.5}
	},
	Docs: spec.Docs{
		"users":         "number of users",
		"items":         "number of items",
		"interactions":  "mean number of interactions of a user; the numbers vary as in real data, from 5 to half of the items",
		"gender_effect": "influence of gender on taste; 0: none, 1: about as much as all other influences together",
		"age_effect":    "influence of age on taste, on the same scale",
	},
	Check: (*SyntheticParams).check,
}

func (p *SyntheticParams) check(report spec.Reporter) {
	if p.Interactions > float64(p.Items)/2 {
		report("interactions", "a mean of %g interactions needs at least %g items, not %d", p.Interactions, 2*p.Interactions, p.Items)
	}
}

// Synthetic generates users whose tastes depend on gender and age.
func Synthetic() pipeline.Kind {
	return pipeline.Define(pipeline.Kind{
		Name:    "load/synthetic",
		Version: 2,
		Doc: "Generates users, items and interactions from the seed. The tastes of users depend on gender and age. " +
			"A taste is a vector: individual noise, plus a direction for gender, plus a direction for age. " +
			"Items have factors and a popularity. Gender and age have the shares of MovieLens 1M. " +
			"A model of 600 users and 400 items trains in seconds; 6000 users and 3000 items are about the size of MovieLens 1M.",
		Output: artifact.TypeInteractions,
		Files:  interactionsFiles("gender (f, m), age (MovieLens's code)"),
		Draws:  true,
		Cost:   pipeline.Cost{Times: []string{"users", "items"}},
	}, syntheticParams, pipeline.Work[SyntheticParams]{
		Facts: func(p *SyntheticParams, _ map[string]*pipeline.Facts) *pipeline.Facts {
			return &pipeline.Facts{AtMost: map[string]int{"users": p.Users, "items": p.Items}}
		},
		Run: func(ctx context.Context, cell *pipeline.Cell, p *SyntheticParams) error {
			d, err := synthesize(ctx, p, cell.Seed)
			if err != nil {
				return err
			}
			return d.Write(cell.Create)
		},
	})
}

const (
	factors = 8

	// From the 6,040 users of MovieLens 1M.
	shareOfMen = 4331.0 / 6040
)

// ageCounts are the numbers of users of MovieLens 1M with each code of dataset.MovieLensAges.
var ageCounts = []int{222, 1103, 2096, 1193, 550, 496, 380}

// A vector is a point in the space of tastes. The float64 conversions round products before they
// are added. Without them some machines would fuse the two operations and generate other data.
type vector [factors]float64

func (v *vector) add(scale float64, w vector) {
	for i := range v {
		v[i] += float64(scale * w[i])
	}
}

func (v *vector) dot(w *vector) (sum float64) {
	for i := range v {
		sum += float64(v[i] * w[i])
	}
	return sum
}

func normal(r *rand.Rand) (v vector) {
	for i := range v {
		v[i] = r.NormFloat64()
	}
	return v
}

// unit draws a direction. Its length is the root mean square length of a normal vector.
func unit(r *rand.Rand) vector {
	v := normal(r)
	scale := math.Sqrt(factors / v.dot(&v))
	var out vector
	out.add(scale, v)
	return out
}

func synthesize(ctx context.Context, p *SyntheticParams, seed uint64) (*artifact.Dataset, error) {
	d := &artifact.Dataset{}
	items := random.New(seed, "synthetic/items")
	factor, popularity := make([]vector, p.Items), make([]float64, p.Items)
	for rank, i := range items.Perm(p.Items) {
		popularity[i] = -0.6 * math.Log(float64(rank+1))
	}
	for i := range factor {
		factor[i].add(1/math.Sqrt(factors), normal(items))
		d.Items.ID = append(d.Items.ID, "i"+strconv.Itoa(i+1))
	}
	effects := random.New(seed, "synthetic/effects")
	genderTaste, ageTaste := unit(effects), unit(effects)

	users, draws := random.New(seed, "synthetic/users"), random.New(seed, "synthetic/interactions")
	gender, age := artifact.Attribute{Name: "gender"}, artifact.Attribute{Name: "age"}
	score := make([]scored, p.Items)
	for u := range p.Users {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		sex, side := "f", -1.0
		if users.Float64() < shareOfMen {
			sex, side = "m", 1
		}
		years := drawAge(users)
		d.Users.ID = append(d.Users.ID, "u"+strconv.Itoa(u+1))
		gender.Category = append(gender.Category, sex)
		age.Number = append(age.Number, float32(years))

		// 30.6 and 12.9 are the mean and standard deviation of MovieLens 1M's age codes.
		taste := normal(users)
		taste.add(float64(p.GenderEffect*side), genderTaste)
		taste.add(float64(p.AgeEffect*(float64(years)-30.6)/12.9), ageTaste)

		// The items with the largest score + Gumbel noise are a draw without replacement, with
		// probabilities in proportion to exp(score).
		for i := range score {
			score[i] = scored{int32(i), popularity[i] + taste.dot(&factor[i]) - math.Log(draws.ExpFloat64())}
		}
		slices.SortFunc(score, byScore)
		n := drawCount(draws, p)
		picked := make([]int32, n)
		for i := range picked {
			picked[i] = score[i].item
		}
		slices.Sort(picked)
		for _, item := range picked {
			d.Interactions.User = append(d.Interactions.User, int32(u))
			d.Interactions.Item = append(d.Interactions.Item, item)
		}
	}
	d.Users.Attributes = []artifact.Attribute{gender, age}
	return d, nil
}

type scored struct {
	item  int32
	score float64
}

func byScore(a, b scored) int {
	switch {
	case a.score > b.score:
		return -1
	case a.score < b.score:
		return 1
	}
	return int(a.item - b.item)
}

func drawAge(r *rand.Rand) int {
	n := 0
	for _, c := range ageCounts {
		n += c
	}
	x := r.IntN(n)
	for i, c := range ageCounts {
		if x -= c; x < 0 {
			return dataset.MovieLensAges[i]
		}
	}
	panic("unreachable")
}

// drawCount draws a user's number of interactions: log-normal around the mean.
func drawCount(r *rand.Rand, p *SyntheticParams) int {
	const sigma = 0.6
	n := p.Interactions * math.Exp(float64(sigma*r.NormFloat64())-sigma*sigma/2)
	return min(max(int(n), 5), p.Items/2)
}
