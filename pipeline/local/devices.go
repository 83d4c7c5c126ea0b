package local

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// visibleDevices is the environment variable that restricts the devices of CUDA and the libraries
// on top of it.
const visibleDevices = "CUDA_VISIBLE_DEVICES"

// environment is the environment of a child that may use these GPUs. Their numbers count the GPUs
// that this process may use. nil: the environment of this process.
func environment(gpus []int) ([]string, error) {
	if len(gpus) == 0 {
		return nil, nil
	}
	var ours []string
	if list, ok := os.LookupEnv(visibleDevices); ok {
		ours = strings.Split(list, ",")
	}
	var names []string
	for _, i := range gpus {
		name := strconv.Itoa(i)
		if ours != nil {
			if i >= len(ours) || ours[i] == "" {
				return nil, fmt.Errorf("GPU %d is not in %s=%s", i, visibleDevices, os.Getenv(visibleDevices))
			}
			name = ours[i]
		}
		names = append(names, name)
	}
	return append(os.Environ(), visibleDevices+"="+strings.Join(names, ",")), nil
}
