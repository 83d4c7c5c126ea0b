package filter

import (
	"context"
	"fmt"
	"math"
	"strings"

	"foil/internal/artifact"
	"foil/internal/attributes"
	"foil/pipeline"
)

// KnownAttributesParams are the parameters of filter/known-attributes.
type KnownAttributesParams struct {
	Attributes []string `yaml:"attributes" required:"true" nonempty:"true" doc:"columns of the users' table, such as gender or age; a user who lacks one of them is dropped"`
}

// Check reports what no single field shows.
func (p *KnownAttributesParams) Check(report func(path, format string, args ...any)) {
	attributes.CheckUnique("attributes", "", p.Attributes, report)
}

// KnownAttributes drops users of whom an attribute is missing.
func KnownAttributes() pipeline.Kind {
	return pipeline.Kind{
		Name:    "filter/known-attributes",
		Version: 1,
		Doc: "Drops users of whom an attribute is missing, and the items that only they had. " +
			"Rows stay in their order. Where it stands before filter/k-core, that one counts the users that are left.",
		Inputs: []pipeline.Port{{Name: "interactions", Type: artifact.TypeInteractions, Doc: "what is filtered"}},
		Output: artifact.TypeInteractions,
		Files:  filteredFiles(),
		Params: func() any { return &KnownAttributesParams{} },
		Run: func(ctx context.Context, cell *pipeline.Cell) error {
			in, err := artifact.ReadDataset(func(file string) (string, error) { return cell.Input("interactions", file) })
			if err != nil {
				return err
			}
			out, err := knownAttributes(in, cell.Params.(*KnownAttributesParams).Attributes, cell.Logf)
			if err != nil {
				return err
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			return out.Write(cell.Create)
		},
	}
}

func knownAttributes(in *artifact.Dataset, names []string, logf func(string, ...any)) (*artifact.Dataset, error) {
	unknown := make([]bool, in.Users.Len())
	for _, name := range names {
		a, err := in.Users.Attribute(name)
		if err != nil {
			return nil, err
		}
		n := 0
		for u := range unknown {
			if missing(a, u) {
				unknown[u] = true
				n++
			}
		}
		logf("%s is missing of %d of %d users", name, n, len(unknown))
	}
	var left artifact.Interactions
	for i, u := range in.Interactions.User {
		if !unknown[u] {
			left.User, left.Item = append(left.User, u), append(left.Item, in.Interactions.Item[i])
		}
	}
	if left.Len() == 0 {
		return nil, fmt.Errorf("nothing is left: each of the %d users lacks one of %s; name fewer attributes", len(unknown), strings.Join(names, ", "))
	}
	out := artifact.Compact(in, left)
	logf("%d users, %d items and %d interactions stay", out.Users.Len(), out.Items.Len(), left.Len())
	return out, nil
}

func missing(a *artifact.Attribute, user int) bool {
	if a.IsNumeric() {
		return math.IsNaN(float64(a.Number[user]))
	}
	return a.Category[user] == ""
}
