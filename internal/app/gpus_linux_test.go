package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestGPUsThatAreNotThereAreRefused(t *testing.T) {
	usual := gpuFiles
	t.Cleanup(func() { gpuFiles = usual })
	for _, c := range []struct {
		name    string
		files   []string
		visible string // "unset": not in the environment
		want    int
		err     string // "": it is accepted
	}{
		{"none wanted", nil, "unset", 0, ""},
		{"none there", nil, "unset", 1, "--gpus 1: this machine has no GPU"},
		{"two there", []string{"nvidia0", "nvidia1", "nvidiactl"}, "unset", 2, ""},
		{"three of two", []string{"nvidia0", "nvidia1"}, "unset", 3, "--gpus 3: this machine has 2 GPUs"},
		{"another vendor's, of unknown number", []string{"renderD128"}, "unset", 4, ""},
		{"as named", nil, "3,5", 2, ""},
		{"more than named", []string{"nvidia0", "nvidia1"}, "1", 2, "--gpus 2: CUDA_VISIBLE_DEVICES=1 allows 1 GPU"},
		{"none named", []string{"nvidia0"}, "", 1, "--gpus 1: CUDA_VISIBLE_DEVICES= allows 0 GPUs"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			gpuFiles.each, gpuFiles.some = filepath.Join(dir, "nvidia[0-9]*"), []string{filepath.Join(dir, "renderD*")}
			for _, f := range c.files {
				if err := os.WriteFile(filepath.Join(dir, f), nil, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			t.Setenv("CUDA_VISIBLE_DEVICES", c.visible)
			if c.visible == "unset" {
				os.Unsetenv("CUDA_VISIBLE_DEVICES")
			}
			err := CheckGPUs(c.want)
			if (err == nil) != (c.err == "") || err != nil && !strings.HasPrefix(err.Error(), c.err) {
				t.Errorf("got %v, want %q", err, c.err)
			}
		})
	}
}
