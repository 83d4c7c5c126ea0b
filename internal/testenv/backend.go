package testenv

import (
	"os"
	"strings"
	"testing"
)

// Backend returns the numeric backend that models are tested on, in GoMLX's notation:
// FOIL_TEST_BACKEND if it is set, else "go". If ONNX Runtime is selected and its library is
// missing, the test is skipped, because the backend would download it.
func Backend(t testing.TB) string {
	t.Helper()
	name := os.Getenv("FOIL_TEST_BACKEND")
	if name == "" {
		return "go"
	}
	if family, _, _ := strings.Cut(name, ":"); family == "onnxruntime" || family == "onnx" {
		const variable = "ONNXRUNTIME_SHARED_LIBRARY_PATH"
		if _, err := os.Stat(os.Getenv(variable)); err != nil {
			t.Skipf("%s has to name the library of ONNX Runtime, see README.md: %v", variable, err)
		}
	}
	return name
}
