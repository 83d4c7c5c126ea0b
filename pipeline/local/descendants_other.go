//go:build unix && !linux

package local

import (
	"context"
	"time"
)

// knowsAll: a child does not know the processes that a task started. So it serves one task.
const knowsAll = false

// descendants are not known on this system.
type descendants struct{ peak peak }

func adopt() *descendants { return &descendants{} }

func (*descendants) reapExcept(int) {}

func (*descendants) await(context.Context, time.Duration) bool { return true }

func (*descendants) names() []string { return nil }

func (*descendants) terminate() {}

func (*descendants) kill(time.Duration) bool { return true }
