package app

import (
	"runtime"

	"foil/pipeline"
)

// Machine is what a run may use of this machine unless flags say otherwise: all cores and
// all memory, and no GPU. Memory is 0 where it is not known.
func Machine() pipeline.Limits {
	return pipeline.Limits{Cores: runtime.GOMAXPROCS(0), Memory: machineMemory()}
}
