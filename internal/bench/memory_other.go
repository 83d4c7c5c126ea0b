//go:build !unix

package bench

import "os"

// PeakMemory is not known on this system: 0.
func PeakMemory(*os.ProcessState) int64 { return 0 }
