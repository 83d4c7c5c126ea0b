package load

import (
	"context"
	"fmt"
	"math"

	"foil/internal/artifact"
	"foil/internal/dataset"
	"foil/pipeline"
	"foil/spec"
)

// LastFMParams are the parameters of load/lastfm-360k.
type LastFMParams struct {
	Users      int `yaml:"users" min:"0" unit:"users"`
	MinPlays   int `yaml:"min_plays" min:"1" max:"4294967295" unit:"plays"`
	MinAge     int `yaml:"min_age" min:"0" unit:"years"`
	MaxAge     int `yaml:"max_age" min:"0" unit:"years"`
	MinCountry int `yaml:"min_country" min:"1" unit:"users"`
}

var lastFMParams = &spec.Params[LastFMParams]{
	Defaults: func() LastFMParams {
		return LastFMParams{MinPlays: 1, MinAge: youngest, MaxAge: oldest, MinCountry: 200}
	},
	Docs: spec.Docs{
		"users":       "number of users, those with the lowest SHA-1, which is as good as a random draw; 0: all",
		"min_plays":   "smallest number of plays of an artist that counts as a positive interaction",
		"min_age":     "lowest age that counts; lower ones are missing",
		"max_age":     "highest age that counts; higher ones are missing",
		"min_country": "smallest number of users of a country; smaller countries count as missing",
	},
	Check: (*LastFMParams).check,
}

func (p *LastFMParams) check(report spec.Reporter) {
	if p.MaxAge < p.MinAge {
		report("max_age", "%d is below min_age, %d", p.MaxAge, p.MinAge)
	}
}

// LastFM360k loads Last.fm 360K from a local copy.
func LastFM360k() pipeline.Kind {
	return pipeline.Define(pipeline.Kind{
		Name:    "load/lastfm-360k",
		Version: 1,
		Doc: "Loads Last.fm 360K (Celma 2010), the artists that users of Last.fm played most, " +
			"as positive interactions with gender, age and country of the users. " +
			"lastfm-dataset-360K.tar.gz, a folder lastfm-dataset-360K or the two .tsv files must be in --data or FOIL_DATA. " +
			"Zenodo (record 6090214) has the archive, and publishes an MD5 sum but no SHA-256, so foil does not download it. " +
			"The loader compares the MD5 sum, and adds a note if the copy is another one. " +
			"An artist is its MusicBrainz id, or its name where the id is missing. " +
			"Identical lines count once; the plays of different lines of a user and an artist are added up. " +
			"Lines without a user's SHA-1 or without an artist are dropped and counted in a note. " +
			"Users and artists without an interaction are dropped. The others are sorted by id.",
		Output: artifact.TypeInteractions,
		Files:  interactionsFiles("gender (f, m), age (years), country (as in the file)"),
	}, lastFMParams, pipeline.Work[LastFMParams]{Sources: findLastFM, Run: runLastFM})
}

func runLastFM(ctx context.Context, cell *pipeline.Cell, p *LastFMParams) error {
	m, err := readLastFM(ctx, cell)
	if err != nil {
		return err
	}
	lines := m.Lines
	users := p.Users
	if users == 0 {
		users = math.MaxInt
	}
	d := listened(m.Pairs(users, uint32(p.MinPlays)), p)
	if d.Interactions.Len() == 0 {
		return fmt.Errorf("none of the %d lines of %s that count has %d plays or more; lower min_plays", lines, dataset.LastFMPlaysFile, p.MinPlays)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return d.Write(cell.Create)
}

// listened keeps the users and artists that occur in a pair.
func listened(m *dataset.LastFMPairs, p *LastFMParams) *artifact.Dataset {
	users, items := artifact.NewRenumbering(len(m.Users)), artifact.NewRenumbering(len(m.Artists))
	users.Keep(m.User)
	items.Keep(m.Artist)
	d := &artifact.Dataset{Interactions: artifact.Interactions{User: users.Apply(m.User), Item: items.Apply(m.Artist)}}

	known := countries(m.Users, func(u dataset.LastFMUser) string { return u.Country }, p.MinCountry)
	gender, age, country := artifact.Attribute{Name: "gender"}, artifact.Attribute{Name: "age"}, artifact.Attribute{Name: "country"}
	for _, row := range users.Kept() {
		u := m.Users[row]
		d.Users.ID = append(d.Users.ID, u.ID)
		gender.Category = append(gender.Category, u.Gender)
		years := float32(u.Age)
		if u.Age == dataset.NoAge || int(u.Age) < p.MinAge || int(u.Age) > p.MaxAge {
			years = float32(math.NaN())
		}
		age.Number = append(age.Number, years)
		if !known[u.Country] {
			u.Country = ""
		}
		country.Category = append(country.Category, u.Country)
	}
	d.Users.Attributes = []artifact.Attribute{gender, age, country}
	for _, row := range items.Kept() {
		d.Items.ID = append(d.Items.ID, m.Artists[row].ID)
		d.Items.Title = append(d.Items.Title, m.Artists[row].Name)
	}
	return d
}
