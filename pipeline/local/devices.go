package local

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// visibleDevices is the variable that tells CUDA, and what is built on it, which
// devices it may use.
const visibleDevices = "CUDA_VISIBLE_DEVICES"

// environment is that of a child with these GPUs, numbered among those that this
// process may use; nil: the same as ours.
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
				return nil, fmt.Errorf("GPU %d is not among those of %s=%s", i, visibleDevices, os.Getenv(visibleDevices))
			}
			name = ours[i]
		}
		names = append(names, name)
	}
	return append(os.Environ(), visibleDevices+"="+strings.Join(names, ",")), nil
}
