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
	MinCountry int    `yaml:"min_country" min:"1" unit:"users"`
	Ages       string `yaml:"ages" oneof:"years,codes"`
}

// The values of LFMParams.Ages.
const (
	inYears = "years"
	asCodes = "codes"
)

var lfmParams = &spec.Params[LFMParams]{
	Defaults: func() LFMParams { return LFMParams{MinCountry: 200, Ages: inYears} },
	Docs: spec.Docs{
		"min_country": "smallest number of users of a country; smaller countries count as missing",
		"ages": "the attribute age, two readings of the published notebook. years: as in the files. " +
			"codes: 1 for 19 to 25 years, 2 to 35, 3 to 45, 4 to 55, 5 above; up to 18 years (code 0) count as missing.",
	},
}

// The range of plausible ages, both ends included. Users could enter any number.
const (
	youngest = 10
	oldest   = 100
)

// ageGroups are the ages above which the published notebook raises the code of an age by 1.
var ageGroups = []int32{18, 25, 35, 45, 55}

// LFM2b100k loads LFM-2b-100k from a local copy.
func LFM2b100k() pipeline.Kind {
	return pipeline.Define(pipeline.Kind{
		Name:    "load/lfm-2b-100k",
		Version: 2,
		Doc: "Loads LFM-2b-100k, the tracks that users of Last.fm played, " +
			"as positive interactions with gender, age and country of the users. " +
			"Its authors no longer distribute it: the folder lfm-2b-100k or the three files user_data.tsv, tracks.tsv and inter.tsv, " +
			"plain or packed as .bz2, must be in --data or FOIL_DATA. " +
			"Every pair is positive, whatever its play count. " +
			"Ages outside 10 to 100 and countries with few users count as missing (Escobedo et al. 2024). " +
			"Users and items without an interaction are dropped. Users are sorted by id, items by line number.",
		Output: artifact.TypeInteractions,
		Files:  interactionsFiles("gender (f, m), age (years or codes), country (as in the files)"),
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
	return played(m, p).Write(cell.Create)
}

// played keeps the users and tracks that occur in a pair.
func played(m *dataset.LFM, p *LFMParams) *artifact.Dataset {
	users, items := artifact.NewRenumbering(len(m.Users)), artifact.NewRenumbering(len(m.Tracks))
	users.Keep(m.User)
	items.Keep(m.Track)
	d := &artifact.Dataset{Interactions: artifact.Interactions{User: users.Apply(m.User), Item: items.Apply(m.Track)}}

	known := countries(m.Users, func(u dataset.LFMUser) string { return u.Country }, p.MinCountry)
	gender, age, country := artifact.Attribute{Name: "gender"}, artifact.Attribute{Name: "age"}, artifact.Attribute{Name: "country"}
	for _, row := range users.Kept() {
		u := m.Users[row]
		d.Users.ID = append(d.Users.ID, strconv.Itoa(int(u.ID)))
		gender.Category = append(gender.Category, u.Gender)
		age.Number = append(age.Number, ageOf(u.Age, p.Ages))
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
func countries[U any](users []U, country func(U) string, enough int) map[string]bool {
	n := map[string]int{}
	for _, u := range users {
		n[country(u)]++
	}
	known := map[string]bool{}
	for name, users := range n {
		known[name] = users >= enough && name != "" && name != ","
	}
	return known
}

// ageOf is the value of the attribute age; NaN is missing.
//
// Run from top to bottom, the published notebook replaces ages by codes from 0 to 5, divides them by
// 120, and keeps the users with more than 0. So the youngest group is dropped like users without an
// age. The division by 120 is meant for years. The counts that the notebook prints fit neither reading.
func ageOf(years int32, as string) float32 {
	missing := float32(math.NaN())
	if years < youngest || years > oldest {
		return missing
	}
	if as != asCodes {
		return float32(years)
	}
	code := 0
	for _, age := range ageGroups {
		if years > age {
			code++
		}
	}
	if code == 0 {
		return missing
	}
	return float32(code)
}
