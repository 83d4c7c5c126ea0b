package load

import (
	"context"
	"math"
	"strconv"

	"foil/internal/artifact"
	"foil/internal/dataset"
	"foil/pipeline"
	"foil/spec"
)

// LFMParams are the parameters of load/lfm-2b-100k.
type LFMParams struct {
	MinCountry int `yaml:"min_country" min:"1" unit:"users"`
}

var lfmParams = &spec.Params[LFMParams]{
	Defaults: func() LFMParams { return LFMParams{MinCountry: 200} },
	Docs:     spec.Docs{"min_country": "smallest number of users of a country; smaller countries count as missing"},
}

// The range of plausible ages, both ends included. Users could enter any number.
const (
	youngest = 10
	oldest   = 100
)

// LFM2b100k loads LFM-2b-100k from a local copy.
func LFM2b100k() pipeline.Kind {
	return pipeline.Define(pipeline.Kind{
		Name:    "load/lfm-2b-100k",
		Version: 1,
		Doc: "Loads LFM-2b-100k, the tracks that users of Last.fm played, " +
			"as positive interactions with gender, age and country of the users. " +
			"Its authors no longer distribute it: the folder lfm-2b-100k or the three files user_data.tsv, tracks.tsv and inter.tsv, " +
			"plain or packed as .bz2, must be in --data or FOIL_DATA. " +
			"Every pair is positive, whatever its play count. " +
			"Ages outside 10 to 100 and countries with few users count as missing (Escobedo et al. 2024). " +
			"Users and items without an interaction are dropped. Users are sorted by id, items by line number.",
		Output: artifact.TypeInteractions,
		Files:  interactionsFiles("gender (f, m), age (years), country (as in the files)"),
	}, lfmParams, pipeline.Work[LFMParams]{Sources: findLFM, Run: runLFM})
}

func runLFM(ctx context.Context, cell *pipeline.Cell, p *LFMParams) error {
	raw, err := readLFM(ctx, cell)
	if err != nil {
		return err
	}
	m, err := dataset.ParseLFM(raw)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return played(m, p.MinCountry).Write(cell.Create)
}

// played keeps the users and tracks that occur in a pair.
func played(m *dataset.LFM, minCountry int) *artifact.Dataset {
	users, items := artifact.NewRenumbering(len(m.Users)), artifact.NewRenumbering(len(m.Tracks))
	users.Keep(m.User)
	items.Keep(m.Track)
	d := &artifact.Dataset{Interactions: artifact.Interactions{User: users.Apply(m.User), Item: items.Apply(m.Track)}}

	known := countries(m.Users, minCountry)
	gender, age, country := artifact.Attribute{Name: "gender"}, artifact.Attribute{Name: "age"}, artifact.Attribute{Name: "country"}
	for _, row := range users.Kept() {
		u := m.Users[row]
		d.Users.ID = append(d.Users.ID, strconv.Itoa(int(u.ID)))
		gender.Category = append(gender.Category, u.Gender)
		age.Number = append(age.Number, years(u.Age))
		if !known[u.Country] {
			u.Country = ""
		}
		country.Category = append(country.Category, u.Country)
	}
	d.Users.Attributes = []artifact.Attribute{gender, age, country}
	for _, row := range items.Kept() {
		t := m.Tracks[row]
		d.Items.ID = append(d.Items.ID, strconv.Itoa(int(row)))
		d.Items.Title = append(d.Items.Title, t.Artist+" - "+t.Title)
	}
	return d
}

// countries returns the countries with enough users. Some users entered a comma.
func countries(users []dataset.LFMUser, enough int) map[string]bool {
	n := map[string]int{}
	for _, u := range users {
		n[u.Country]++
	}
	known := map[string]bool{}
	for name, users := range n {
		known[name] = users >= enough && name != "" && name != ","
	}
	return known
}

func years(age int32) float32 {
	if age < youngest || age > oldest {
		return float32(math.NaN())
	}
	return float32(age)
}
