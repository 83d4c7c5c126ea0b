package app

import (
	"runtime"

	"foil/pipeline"
)

// Machine is the default limits of a run on this machine: all cores, all memory and no GPU. Memory
// is 0 if it is not known.
func Machine() pipeline.Limits {
	return pipeline.Limits{Cores: runtime.GOMAXPROCS(0), Memory: machineMemory()}
}
