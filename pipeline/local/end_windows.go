package local

import "os"

// killChild kills a child. The system ends its descendants.
func killChild(child *os.Process) { child.Kill() }
