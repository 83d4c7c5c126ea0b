package load

import (
	"context"
	"fmt"
	"strconv"

	"foil/internal/artifact"
	"foil/internal/dataset"
	"foil/pipeline"
	"foil/spec"
)

// MovieLensParams are the parameters of load/movielens-1m.
type MovieLensParams struct {
	MinRating int `yaml:"min_rating" min:"1" max:"5" unit:"stars"`
}

var movieLensParams = &spec.Params[MovieLensParams]{
	Defaults: func() MovieLensParams { return MovieLensParams{MinRating: 4} },
	Docs:     spec.Docs{"min_rating": "lowest rating that counts as a positive interaction; lower ones are dropped"},
}

// MovieLens1M loads MovieLens 1M from a local copy or from its publisher.
func MovieLens1M() pipeline.Kind { return movieLens(dataset.Downloader{}, dataset.MovieLens1M) }

// movieLens takes the download and its source as arguments, so that a test can replace them.
func movieLens(d dataset.Downloader, original dataset.Original) pipeline.Kind {
	s := published{
		title: "MovieLens 1M", downloader: d, original: original,
		folder: "ml-1m", files: dataset.MovieLensFiles(), unpack: dataset.ReadZip,
	}
	return pipeline.Define(pipeline.Kind{
		Name:    "load/movielens-1m",
		Version: 2, // 2: titles in UTF-8 are read as such
		Doc: "Loads MovieLens 1M as positive interactions with gender, age and occupation of the users. " +
			"It reads ml-1m.zip, a folder ml-1m or the three .dat files from --data or FOIL_DATA. " +
			"Without a data folder it downloads the original and verifies its published checksum. " +
			"Users and items without a positive interaction are dropped. The others are sorted by id. " +
			"Titles are Latin-1, as published, or UTF-8 if all of movies.dat is.",
		Output: artifact.TypeInteractions,
		Files:  interactionsFiles("gender (f, m), age (MovieLens's code), occupation (MovieLens's code, categorical)"),
	}, movieLensParams, pipeline.Work[MovieLensParams]{
		Sources: func(ctx context.Context, env *pipeline.Env, _ *MovieLensParams) ([]pipeline.Source, error) {
			return s.find(ctx, env)
		},
		Run: func(ctx context.Context, cell *pipeline.Cell, p *MovieLensParams) error {
			raw, err := s.read(ctx, cell)
			if err != nil {
				return err
			}
			m, err := dataset.ParseMovieLens(raw)
			if err != nil {
				return err
			}
			s.noteForeign(cell)
			if err := ctx.Err(); err != nil {
				return err
			}
			d, err := positives(m, p.MinRating)
			if err != nil {
				return err
			}
			return d.Write(cell.Create)
		},
	})
}

func interactionsFiles(attributes string) []pipeline.FileDoc {
	return []pipeline.FileDoc{
		{Name: artifact.InteractionsFile, Doc: "pairs of user and item, as row numbers of the next two files"},
		{Name: artifact.UsersFile, Doc: "user_id, " + attributes},
		{Name: artifact.ItemsFile, Doc: "item_id, title"},
	}
}

// positives keeps the ratings of at least minRating, and the users and movies with such a rating.
func positives(m *dataset.MovieLens, minRating int) (*artifact.Dataset, error) {
	rated := artifact.Interactions{User: make([]int32, 0, len(m.Ratings)), Item: make([]int32, 0, len(m.Ratings))}
	for _, r := range m.Ratings {
		if int(r.Stars) >= minRating {
			rated.User = append(rated.User, r.User)
			rated.Item = append(rated.Item, r.Movie)
		}
	}
	if rated.Len() == 0 {
		return nil, fmt.Errorf("none of the %d ratings is %d or more; lower min_rating", len(m.Ratings), minRating)
	}
	users, items := artifact.NewRenumbering(len(m.Users)), artifact.NewRenumbering(len(m.Movies))
	users.Keep(rated.User)
	items.Keep(rated.Item)
	d := &artifact.Dataset{Interactions: artifact.Interactions{User: users.Apply(rated.User), Item: items.Apply(rated.Item)}}

	gender, age, occupation := artifact.Attribute{Name: "gender"}, artifact.Attribute{Name: "age"}, artifact.Attribute{Name: "occupation"}
	for _, row := range users.Kept() {
		u := m.Users[row]
		d.Users.ID = append(d.Users.ID, strconv.Itoa(int(u.ID)))
		gender.Category = append(gender.Category, map[bool]string{true: "f", false: "m"}[u.Female])
		age.Number = append(age.Number, float32(u.Age))
		occupation.Category = append(occupation.Category, strconv.Itoa(int(u.Occupation)))
	}
	d.Users.Attributes = []artifact.Attribute{gender, age, occupation}
	for _, row := range items.Kept() {
		v := m.Movies[row]
		d.Items.ID = append(d.Items.ID, strconv.Itoa(int(v.ID)))
		d.Items.Title = append(d.Items.Title, v.Title)
	}
	return d, nil
}
