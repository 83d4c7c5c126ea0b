package local_test

import (
	"context"
	"errors"
	"testing"

	"foil/pipeline"
	"foil/pipeline/pipelinetest"
)

func TestCellsFindKinds(t *testing.T) {
	b := pipelinetest.New(t)
	b.During = func(_ context.Context, c *pipeline.Cell) error {
		if k := c.Kind("test/number"); k == nil || k.Name != "test/number" {
			return errors.New("test/number is not found")
		}
		if c.Kind("test/none") != nil {
			return errors.New("a kind is found that does not exist")
		}
		return nil
	}
	b.MustRun("name: x\nstages:\n  a: {uses: test/text}\n")
}
