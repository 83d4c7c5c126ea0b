package app

import (
	"context"
	"slices"

	"foil/internal/store"
	"foil/pipeline/history"
	"foil/pipeline/plan"
	"foil/pipeline/run"
)

// Reasons returns a function that says why a cell of the run that follows runs, in the words of
// foil plan. It reads the records of the cache now, so that the run's own records do not count. If
// they cannot be read, the reasons are those of the run, which are shorter.
func (v *View) Reasons(ctx context.Context) func(run.CellStarted) string {
	short := func(e run.CellStarted) string { return e.Reason }
	if !slices.ContainsFunc(v.Plan.Cells, func(c *plan.Cell) bool { return c.State != plan.Hit }) {
		return short
	}
	past, err := history.Read(ctx, v.Cache)
	if err != nil {
		return short
	}
	explainer := history.NewExplainer(v.Plan, past)
	return func(e run.CellStarted) string {
		if e.Reason == store.NeverMade.Reason {
			if why := explainer.Reason(e.Node); why != "" {
				return why
			}
		}
		return e.Reason // something happened since the plan, such as damage
	}
}
