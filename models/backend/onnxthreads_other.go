//go:build !(linux && cgo)

package backend

// limitONNXThreads does nothing, because the linker cannot replace a function here. ONNX Runtime
// uses a thread for each core of the machine.
func limitONNXThreads(int) {}
