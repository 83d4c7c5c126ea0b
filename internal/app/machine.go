package app

import (
	"os"
	"runtime"
	"strconv"

	"foil/pipeline"
)

// Machine is the default limits of a run on this machine: all cores, all memory and no GPU. Memory
// is 0 if it is not known. In a job of Slurm, they are those of the job.
func Machine() pipeline.Limits {
	return ofJob(pipeline.Limits{Cores: runtime.GOMAXPROCS(0), Memory: machineMemory()}, os.Getenv)
}

// ofJob returns the part of a machine that a job of Slurm has. Not every cluster enforces it.
func ofJob(l pipeline.Limits, getenv func(string) string) pipeline.Limits {
	number := func(name string) int64 {
		n, err := strconv.ParseInt(getenv(name), 10, 32)
		if err != nil || getenv("SLURM_JOB_ID") == "" {
			return 0
		}
		return n
	}
	if n := number("SLURM_CPUS_PER_TASK"); n > 0 {
		l.Cores = min(l.Cores, int(n))
	}
	if n := number("SLURM_MEM_PER_NODE") << 20; n > 0 && (l.Memory == 0 || n < l.Memory) { // 0: all
		l.Memory = n
	}
	return l
}
