package local

import (
	"os"
	"time"
)

// A meter measures nothing: the parent knows the processor time of a child.
type meter struct{}

func startMeter(bool) *meter { return &meter{} }

func (*meter) cpu() time.Duration { return 0 }

func (*meter) peakMemory() int64 { return 0 }

func programMemory(*os.ProcessState) int64 { return 0 }
