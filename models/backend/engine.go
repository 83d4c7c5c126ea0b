package backend

import (
	"runtime"
	"strings"

	"golang.org/x/sys/cpu"
)

// engineThreads is the number of threads that the library of a backend uses: see Open.
func engineThreads(name string, threads int) int {
	if strings.HasPrefix(name, "onnx") && limitsONNXThreads {
		return max(threads, 1)
	}
	return runtime.NumCPU()
}

// cpuFeatures names the features of the processor by which numeric libraries choose their code for
// 32-bit floating-point numbers.
func cpuFeatures() string {
	var names []string
	add := func(has bool, name string) {
		if has {
			names = append(names, name)
		}
	}
	switch runtime.GOARCH {
	case "amd64":
		add(cpu.X86.HasSSE41, "sse4.1")
		add(cpu.X86.HasAVX, "avx")
		add(cpu.X86.HasFMA, "fma")
		add(cpu.X86.HasAVX2, "avx2")
		add(cpu.X86.HasAVX512F, "avx512f")
		add(cpu.X86.HasAVX512DQ, "avx512dq")
		add(cpu.X86.HasAVX512VNNI, "avx512vnni")
		add(cpu.X86.HasAVX512BF16, "avx512bf16")
		add(cpu.X86.HasAMXBF16, "amxbf16")
	case "arm64":
		add(cpu.ARM64.HasASIMD, "asimd")
		add(cpu.ARM64.HasFPHP, "fphp")
		add(cpu.ARM64.HasASIMDDP, "dotprod")
		add(cpu.ARM64.HasSVE, "sve")
		add(cpu.ARM64.HasSVE2, "sve2")
	}
	return strings.Join(names, " ")
}
