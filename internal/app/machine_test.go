package app

import (
	"testing"

	"foil/pipeline"
)

// Not every cluster enforces the limits of a job.
func TestJobHasAPartOfTheMachine(t *testing.T) {
	all := pipeline.Limits{Cores: 64, Memory: 256 << 30}
	for name, test := range map[string]struct {
		env  map[string]string
		want pipeline.Limits
	}{
		"no job":        {map[string]string{"SLURM_CPUS_PER_TASK": "4", "SLURM_MEM_PER_NODE": "1024"}, all},
		"a job":         {map[string]string{"SLURM_JOB_ID": "7", "SLURM_CPUS_PER_TASK": "4", "SLURM_MEM_PER_NODE": "1024"}, pipeline.Limits{Cores: 4, Memory: 1 << 30}},
		"all memory":    {map[string]string{"SLURM_JOB_ID": "7", "SLURM_MEM_PER_NODE": "0"}, all},
		"more than all": {map[string]string{"SLURM_JOB_ID": "7", "SLURM_CPUS_PER_TASK": "128", "SLURM_MEM_PER_NODE": "999999999"}, all},
		"not a number":  {map[string]string{"SLURM_JOB_ID": "7", "SLURM_CPUS_PER_TASK": "x", "SLURM_MEM_PER_NODE": "-1"}, all},
	} {
		if got := ofJob(all, func(name string) string { return test.env[name] }); got != test.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
