package backends

import (
	"slices"

	"foil/models/backend"
)

// A State is what this machine has of a backend.
type State struct {
	Backend string          // in GoMLX's notation
	Native  *backend.Native // its library, if it is not written in Go
	Library string          // what is written into keys; "" if the library is missing
	Err     error           // why it cannot be used
}

// List describes the backends of this program that people name, and loads none.
func List() []State {
	var states []State
	for _, name := range []string{backend.Default, "onnxruntime:cpu", "onnxruntime:cuda", "xla:cpu", "xla:cuda"} {
		if !slices.Contains(backend.Names(), backend.Family(name)) {
			continue
		}
		s := State{Backend: name}
		if s.Native, s.Err = backend.NativeOf(name); s.Err == nil {
			s.Library, s.Err = backend.Library(name)
		}
		states = append(states, s)
	}
	return states
}
