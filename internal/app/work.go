package app

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"time"

	"foil/pipeline/history"
	"foil/pipeline/plan"
	"foil/pipeline/run"
)

// Work makes the missing cells of a View that no other worker makes: see run.Worker. The group is
// the workers that were started together; empty: none.
func (v *View) Work(ctx context.Context, r Running, group string) (*run.Result, error) {
	if err := v.checkMachine(); err != nil {
		return nil, err
	}
	v.Cache.SetGroup(group)
	o := v.options(r)
	o.Deliver = nil // it reads no reports
	o.Worker = v.worker(ctx, group)
	o.Worker.Idle = r.Idle
	defer v.share(ctx, r.OnNote)
	return run.Run(ctx, v.Plan, o)
}

// worker is a worker of a name that no other one has.
func (v *View) worker(ctx context.Context, group string) *run.Worker {
	host, _ := os.Hostname()
	w := &run.Worker{
		Name: fmt.Sprintf("%s %d %s", host, os.Getpid(), rand.Text()), Group: group, Failures: v.Cache,
		Settle: time.Second,
	}
	if costs := v.costs(ctx); costs != nil {
		w.Costs = costs
	}
	return w
}

// costs are the costs of the missing cells, or nil if there are none or the records cannot be read.
func (v *View) costs(ctx context.Context) plan.Costs {
	if v.Plan.Hits == len(v.Plan.Cells) {
		return nil
	}
	past, err := history.Read(ctx, v.Cache)
	if err != nil {
		return nil
	}
	return history.NewCosts(past, v.Plan)
}
