package filter

import (
	"context"
	"fmt"
	"math"
	"strings"

	"foil/internal/artifact"
	"foil/internal/attributes"
	"foil/pipeline"
	"foil/spec"
)

// KnownAttributesParams are the parameters of filter/known-attributes.
type KnownAttributesParams struct {
	Attributes []string `yaml:"attributes" required:"true" nonempty:"true"`
}

var knownAttributesParams = &spec.Params[KnownAttributesParams]{
	Docs: spec.Docs{
		"attributes": "columns of the users' table, such as gender or age; users without a value in one of them are dropped",
	},
	Check: func(p *KnownAttributesParams, report spec.Reporter) {
		attributes.CheckUnique("attributes", "", p.Attributes, report)
	},
}

// KnownAttributes drops users with a missing attribute.
func KnownAttributes() pipeline.Kind {
	return pipeline.Define(pipeline.Kind{
		Name:    "filter/known-attributes",
		Version: 1,
		Doc: "Drops users with a missing attribute, and the items that only these users had. " +
			"Rows keep their order. Put it before filter/k-core to let that stage count the remaining users only.",
		Inputs: []pipeline.Port{{Name: "interactions", Type: artifact.TypeInteractions, Doc: "the interactions to filter"}},
		Output: artifact.TypeInteractions,
		Files:  filteredFiles(),
	}, knownAttributesParams, pipeline.Work[KnownAttributesParams]{Facts: pipeline.PassOn[KnownAttributesParams]("interactions"), Run: runKnownAttributes})
}

func runKnownAttributes(ctx context.Context, cell *pipeline.Cell, p *KnownAttributesParams) error {
	in, err := artifact.ReadDataset(func(file string) (string, error) { return cell.Input("interactions", file) })
	if err != nil {
		return err
	}
	out, err := knownAttributes(in, p.Attributes, cell.Logf)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return out.Write(cell.Create)
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
		logf("%s is missing for %d of %d users", name, n, len(unknown))
	}
	left := in.Interactions.Where(func(i int) bool { return !unknown[in.Interactions.User[i]] })
	if left.Len() == 0 {
		return nil, fmt.Errorf("no users remain: each of the %d users lacks one of %s; name fewer attributes", len(unknown), strings.Join(names, ", "))
	}
	out := artifact.Compact(in, left)
	logf("%d users, %d items and %d interactions remain", out.Users.Len(), out.Items.Len(), left.Len())
	return out, nil
}

func missing(a *artifact.Attribute, user int) bool {
	if a.IsNumeric() {
		return math.IsNaN(float64(a.Number[user]))
	}
	return a.Category[user] == ""
}
