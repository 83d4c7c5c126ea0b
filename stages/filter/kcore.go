// Package filter holds the kinds that drop users, items and their interactions.
package filter

import (
	"context"
	"fmt"

	"foil/internal/artifact"
	"foil/pipeline"
	"foil/spec"
)

// KCoreParams are the parameters of filter/k-core.
type KCoreParams struct {
	Users int `yaml:"users" min:"1" unit:"interactions"`
	Items int `yaml:"items" min:"1" unit:"interactions"`
}

var kCoreParams = &spec.Params[KCoreParams]{
	Defaults: func() KCoreParams { return KCoreParams{Users: 5, Items: 5} },
	Docs: spec.Docs{
		"users": "users with fewer interactions are dropped",
		"items": "items with fewer interactions are dropped",
	},
}

// KCore drops users and items with few interactions.
func KCore() pipeline.Kind {
	return pipeline.Define(pipeline.Kind{
		Name:    "filter/k-core",
		Version: 1,
		Doc: "Drops users and items with few interactions, in rounds, until all remaining ones have enough. " +
			"A round counts the interactions of users and items, then drops both (Escobedo et al. 2024). " +
			"Rows keep their order.",
		Inputs: []pipeline.Port{{Name: "interactions", Type: artifact.TypeInteractions, Doc: "the interactions to filter"}},
		Output: artifact.TypeInteractions,
		Files:  filteredFiles(),
	}, kCoreParams, pipeline.Work[KCoreParams]{Facts: pipeline.PassOn[KCoreParams]("interactions"), Run: runKCore})
}

func runKCore(ctx context.Context, cell *pipeline.Cell, p *KCoreParams) error {
	in, err := artifact.ReadDataset(func(file string) (string, error) { return cell.Input("interactions", file) })
	if err != nil {
		return err
	}
	out, err := kCore(ctx, in, p, cell.Logf)
	if err != nil {
		return err
	}
	return out.Write(cell.Create)
}

func filteredFiles() []pipeline.FileDoc {
	return []pipeline.FileDoc{
		{Name: artifact.InteractionsFile, Doc: "the remaining pairs, as row numbers of the next two files"},
		{Name: artifact.UsersFile, Doc: "the remaining users, with their attributes"},
		{Name: artifact.ItemsFile, Doc: "the remaining items"},
	}
}

func kCore(ctx context.Context, in *artifact.Dataset, p *KCoreParams, logf func(string, ...any)) (*artifact.Dataset, error) {
	x := in.Interactions
	for round := 1; ; round++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		ofUser, ofItem := make([]int, in.Users.Len()), make([]int, in.Items.Len())
		for i, u := range x.User {
			ofUser[u]++
			ofItem[x.Item[i]]++
		}
		left := x.Where(func(i int) bool { return ofUser[x.User[i]] >= p.Users && ofItem[x.Item[i]] >= p.Items })
		logf("round %d: %d of %d interactions remain", round, left.Len(), x.Len())
		if left.Len() == 0 {
			return nil, fmt.Errorf("none of %d interactions remain after round %d: there is no core of users with %d and items with %d interactions; lower users or items",
				in.Interactions.Len(), round, p.Users, p.Items)
		}
		if left.Len() == x.Len() {
			return artifact.Compact(in, left), nil
		}
		x = left
	}
}
