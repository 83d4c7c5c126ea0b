package app

import (
	"fmt"
	"os"
	"strings"

	"foil/internal/words"
)

// CheckGPUs reports that this machine has fewer GPUs than a run wants to use. The number is taken
// from CUDA_VISIBLE_DEVICES if it is set, and from the device files of the system otherwise.
func CheckGPUs(want int) error {
	if want == 0 {
		return nil
	}
	if list, ok := os.LookupEnv("CUDA_VISIBLE_DEVICES"); ok {
		if have := len(strings.FieldsFunc(list, func(r rune) bool { return r == ',' })); have < want {
			return fmt.Errorf("--gpus %d: CUDA_VISIBLE_DEVICES=%s allows %s", want, list, words.Count(have, "GPU"))
		}
		return nil
	}
	have, known := gpus()
	switch {
	case !known || have >= want:
		return nil
	case have == 0:
		return fmt.Errorf("--gpus %d: this machine has no GPU, or its driver is not installed; if it has one, name it in CUDA_VISIBLE_DEVICES", want)
	}
	return fmt.Errorf("--gpus %d: this machine has %s; CUDA_VISIBLE_DEVICES can name others", want, words.Count(have, "GPU"))
}
