//go:build !(linux && cgo)

package backend

// limitONNXThreads does nothing where the linker can't put a function in another's
// place: ONNX Runtime takes a thread for each of the machine's cores there.
func limitONNXThreads(int) {}
