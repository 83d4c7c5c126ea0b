package local

import (
	"os"
	"testing"
)

func TestChildSeesItsDevicesOnly(t *testing.T) {
	t.Setenv(visibleDevices, "4,GPU-ab,6")
	env, err := environment([]int{2, 1})
	if err != nil || env[len(env)-1] != "CUDA_VISIBLE_DEVICES=6,GPU-ab" {
		t.Errorf("%v, %v", env, err)
	}
	if _, err := environment([]int{3}); err == nil {
		t.Error("a device that is not ours was handed on")
	}
	if env, err := environment(nil); env != nil || err != nil {
		t.Errorf("%v, %v", env, err)
	}
	os.Unsetenv(visibleDevices)
	if env, err := environment([]int{1}); err != nil || env[len(env)-1] != "CUDA_VISIBLE_DEVICES=1" {
		t.Errorf("%v, %v", env, err)
	}
}
