package main

import "fmt"

// adam writes the loop of Adam for a multiple of 16 weights, n in registers. Its operations are those
// of the other forms, in the same order. Each turn loads lines a distance ahead: the processor's own
// prefetching ends with each page.
func adam(b *code) {
	fmt.Fprint(b, "\n// func adam16(s *AdamStep, n int, w, grad, m, v *float32, ahead int)\n")
	fmt.Fprint(b, "TEXT ·adam16(SB), NOSPLIT, $0-56\n")
	b.line("MOVQ s+0(FP), AX")
	b.line("MOVQ n+8(FP), CX")
	b.line("MOVQ w+16(FP), BX")
	b.line("MOVQ grad+24(FP), DX")
	b.line("MOVQ m+32(FP), SI")
	b.line("MOVQ v+40(FP), DI")
	b.line("MOVQ ahead+48(FP), R8")
	const beta1, beta2, rest1, rest2, decay, epsilon, rate, root = 0, 1, 2, 3, 4, 5, 6, 7
	for i, field := range []string{"Beta1", "Beta2", "Rest1", "Rest2", "Decay", "Epsilon", "Rate", "RootScale"} {
		b.line("VBROADCASTSS AdamStep_%s(AX), Z%d", field, i)
	}
	b.label("loop")
	for _, x := range []string{"BX", "SI", "DI"} {
		b.line("PREFETCHT0 (%s)(R8*1)", x)
	}
	b.line("VMOVUPS (BX), Z8")
	b.line("VMOVUPS (DX), Z9")
	b.line("VFMADD231PS Z%d, Z8, Z9", decay)
	b.line("VMULPS Z%d, Z9, Z10", rest1)
	b.line("VFMADD231PS (SI), Z%d, Z10", beta1)
	b.line("VMULPS Z9, Z9, Z9")
	b.line("VMULPS Z%d, Z9, Z9", rest2)
	b.line("VFMADD231PS (DI), Z%d, Z9", beta2)
	b.line("VMOVUPS Z10, (SI)")
	b.line("VMOVUPS Z9, (DI)")
	b.line("VSQRTPS Z9, Z9")
	b.line("VFMADD213PS Z%d, Z%d, Z9", epsilon, root)
	b.line("VMULPS Z%d, Z10, Z10", rate)
	b.line("VDIVPS Z9, Z10, Z10")
	b.line("VSUBPS Z10, Z8, Z8")
	b.line("VMOVUPS Z8, (BX)")
	for _, x := range []string{"BX", "DX", "SI", "DI"} {
		b.line("ADDQ $%d, %s", laneBytes, x)
	}
	b.line("DECQ CX")
	b.line("JNZ  loop")
	b.line("VZEROUPPER")
	b.line("RET")
}
