package app

import (
	"os"
	"path/filepath"
	"testing"
)

// The limit of a job is on a group above that of the process.
func TestMemoryOfControlGroups(t *testing.T) {
	const none = "9223372036854771712\n" // of the first version
	for name, test := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"nothing":            {nil, 0},
		"no limit":           {map[string]string{"proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/memory.max": "max\n"}, 0},
		"a container":        {map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "100\n"}, 100},
		"the host's path":    {map[string]string{"proc/self/cgroup": "0::/docker/x\n", "sys/fs/cgroup/memory.max": "100\n"}, 100},
		"a job":              {map[string]string{"proc/self/cgroup": "0::/slurm/job_7/step_batch/task_0\n", "sys/fs/cgroup/slurm/job_7/memory.max": "100\n", "sys/fs/cgroup/slurm/job_7/step_batch/task_0/memory.max": "max\n", "sys/fs/cgroup/slurm/memory.max": "1000\n"}, 100},
		"the first version":  {map[string]string{"proc/self/cgroup": "5:cpu,cpuacct:/x\n4:memory:/slurm/uid_1/job_7\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": none, "sys/fs/cgroup/memory/slurm/uid_1/memory.limit_in_bytes": "100\n", "sys/fs/cgroup/memory/slurm/uid_1/job_7/memory.limit_in_bytes": none}, 100},
		"another controller": {map[string]string{"proc/self/cgroup": "5:cpu:/x\n", "sys/fs/cgroup/memory/x/memory.limit_in_bytes": "100\n"}, 0},
	} {
		root := t.TempDir()
		for file, text := range test.files {
			path := filepath.Join(root, file)
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if got := groupMemory(root); got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
	}
}
