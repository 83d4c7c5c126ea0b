package app

import "path/filepath"

// gpuFiles are the device files of GPUs: of NVIDIA's driver one for each GPU, of others at least
// one.
var gpuFiles = struct {
	each string
	some []string
}{"/dev/nvidia[0-9]*", []string{"/dev/kfd", "/dev/dri/renderD*", "/dev/accel*", "/dev/dxg"}}

// gpus is the number of GPUs, as far as it is known.
func gpus() (n int, known bool) {
	found, _ := filepath.Glob(gpuFiles.each)
	if len(found) > 0 {
		return len(found), true
	}
	for _, pattern := range gpuFiles.some {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return 0, false
		}
	}
	return 0, true
}
