//go:build !unix

package bench

import "os"

// PeakMemory is 0: it is not known on this system.
func PeakMemory(*os.ProcessState) int64 { return 0 }
