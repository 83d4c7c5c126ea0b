package pipeline

import "os"

// Killed returns "": Windows has no signals.
func Killed(*os.ProcessState) string { return "" }
