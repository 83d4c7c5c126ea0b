package main

import "os"

// endingSignals end the program like Ctrl-C.
var endingSignals []os.Signal
