package run

import "time"

// StartedAt sets when a worker started.
func (w *Worker) StartedAt(t time.Time) { w.started = t }
