package pipeline

import (
	"context"
	"fmt"
	"runtime/debug"
)

// call runs the kind on a cell. A panic is an error, with its stack in the log.
func (k *Kind) call(ctx context.Context, c *Cell) (err error) {
	defer func() {
		if p := recover(); p != nil {
			c.Logf("panic: %v\n\n%s", p, debug.Stack())
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return k.Run(ctx, c)
}
