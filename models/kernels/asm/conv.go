package main

import "fmt"

// convTile writes the function of a tile of a convolution: pixels of a row by blocks of 16 outputs.
// Registers Z0 to Z15 hold the sums, Z16 to Z19 weights, Z20 to Z23 values of the image.
func convTile(b *code, pixels, blocks int) {
	bases := []string{"SI", "R10", "R11", "R12"}
	// The value of pixel p is at one of four registers plus a multiple of the distance of pixels.
	at := func(p int) string {
		return fmt.Sprintf("(%s)%s", bases[p/4], []string{"", "(R8*1)", "(R8*2)", "(R9*1)"}[p%4])
	}
	used := (pixels + 3) / 4
	name := fmt.Sprintf("conv%dx%d", pixels, blocks)
	fmt.Fprintf(b, "\n// func %s(x *float32, offsets *int, runs, run int, w *float32, pixel int, "+
		"start *float32, startPixel, startBlock int, floor float32, y *float32, yPixel, yBlock int)\n", name)
	fmt.Fprintf(b, "TEXT ·%s(SB), NOSPLIT, $0-104\n", name)
	b.line("MOVQ x+0(FP), AX")
	b.line("MOVQ offsets+8(FP), BX")
	b.line("MOVQ runs+16(FP), CX")
	b.line("MOVQ w+32(FP), DI")
	b.line("MOVQ pixel+40(FP), R8")
	b.line("SHLQ $2, R8")
	b.line("LEAQ (R8)(R8*2), R9")
	b.line("MOVQ start+48(FP), SI")
	b.line("MOVQ startPixel+56(FP), R13")
	b.line("MOVQ startBlock+64(FP), R12")
	b.line("SHLQ $2, R13")
	b.line("SHLQ $2, R12")
	eachSum(b, pixels, blocks, "SI", "R12", func(sum int) { b.line("VMOVUPS (R10), Z%d", sum) })
	b.label("runs")
	b.line("MOVQ (BX), SI")
	b.line("ADDQ $8, BX")
	b.line("LEAQ (AX)(SI*4), SI")
	for i := 1; i < used; i++ {
		b.line("LEAQ (%s)(R8*4), %s", bases[i-1], bases[i])
	}
	b.line("MOVQ run+24(FP), DX")
	b.label("values")
	for q := range blocks {
		b.line("VMOVUPS %d(DI), Z%d", q*laneBytes, 16+q)
	}
	for p := range pixels {
		if blocks == 1 {
			b.line("VFMADD231PS.BCST %s, Z16, Z%d", at(p), p)
			continue
		}
		value := 20 + p%4
		b.line("VBROADCASTSS %s, Z%d", at(p), value)
		for q := range blocks {
			b.line("VFMADD231PS Z%d, Z%d, Z%d", 16+q, value, p*blocks+q)
		}
	}
	b.line("ADDQ $%d, DI", blocks*laneBytes)
	for i := range used {
		b.line("ADDQ $4, %s", bases[i])
	}
	b.line("DECQ DX")
	b.line("JNZ  values")
	b.line("DECQ CX")
	b.line("JNZ  runs")
	b.line("VBROADCASTSS floor+72(FP), Z16")
	b.line("MOVQ y+80(FP), DI")
	b.line("MOVQ yPixel+88(FP), R13")
	b.line("MOVQ yBlock+96(FP), R8")
	b.line("SHLQ $2, R13")
	b.line("SHLQ $2, R8")
	eachSum(b, pixels, blocks, "DI", "R8", func(sum int) {
		// A sum that is NaN stays NaN: VMAXPS returns its second source then.
		b.line("VMAXPS Z%d, Z16, Z%d", sum, sum)
		b.line("VMOVUPS Z%d, (R10)", sum)
	})
	b.line("VZEROUPPER")
	b.line("RET")
}

// eachSum writes f for every sum of a tile, for which R10 points to its place. from points to the
// first one, R13 has the distance of pixels, and apart that of blocks.
func eachSum(b *code, pixels, blocks int, from, apart string, f func(sum int)) {
	for q := range blocks {
		b.line("MOVQ %s, R10", from)
		for p := range pixels {
			f(p*blocks + q)
			if p < pixels-1 {
				b.line("ADDQ R13, R10")
			}
		}
		if q < blocks-1 {
			b.line("ADDQ %s, %s", apart, from)
		}
	}
}

// weightTile writes the function that sums the products of some channels of images and blocks of 16
// gradients over all pixels of all images, and adds earlier sums if it is told to.
func weightTile(b *code, channels, blocks int) {
	name := fmt.Sprintf("weights%dx%d", channels, blocks)
	fmt.Fprintf(b, "\n// func %s(images, rows, columns int, x *float32, xImage, xRow, xPixel int, v *float32, vImage, vRow, vBlock int, w *float32, add bool)\n", name)
	fmt.Fprintf(b, "TEXT ·%s(SB), NOSPLIT, $0-97\n", name)
	b.line("MOVQ images+0(FP), AX")
	b.line("MOVQ x+24(FP), R8")
	b.line("MOVQ xPixel+48(FP), R12")
	b.line("MOVQ v+56(FP), R9")
	b.line("MOVQ vBlock+80(FP), R13")
	b.line("SHLQ $2, R12")
	b.line("SHLQ $2, R13")
	for i := range channels * blocks {
		b.line("VPXORD Z%d, Z%d, Z%d", i, i, i)
	}
	b.line("MOVBLZX add+96(FP), DX")
	b.line("TESTB DX, DX")
	b.line("JZ images")
	b.line("MOVQ w+88(FP), DI")
	for i := range channels * blocks {
		b.line("VMOVUPS %d(DI), Z%d", i*laneBytes, i)
	}
	b.label("images")
	b.line("MOVQ R8, R10")
	b.line("MOVQ R9, R11")
	b.line("MOVQ rows+8(FP), BX")
	b.label("rows")
	b.line("MOVQ R10, SI")
	b.line("MOVQ R11, DI")
	b.line("MOVQ columns+16(FP), CX")
	b.label("pixels")
	for q := range blocks {
		b.line("VMOVUPS (DI)%s, Z%d", []string{"", "(R13*1)", "(R13*2)"}[q], 16+q)
	}
	for c := range channels {
		if blocks == 1 {
			b.line("VFMADD231PS.BCST %d(SI), Z16, Z%d", 4*c, c)
			continue
		}
		value := 20 + c%4
		b.line("VBROADCASTSS %d(SI), Z%d", 4*c, value)
		for q := range blocks {
			b.line("VFMADD231PS Z%d, Z%d, Z%d", 16+q, value, c*blocks+q)
		}
	}
	b.line("ADDQ R12, SI")
	b.line("ADDQ $%d, DI", laneBytes)
	b.line("DECQ CX")
	b.line("JNZ  pixels")
	b.line("MOVQ xRow+40(FP), DX")
	b.line("LEAQ (R10)(DX*4), R10")
	b.line("MOVQ vRow+72(FP), DX")
	b.line("LEAQ (R11)(DX*4), R11")
	b.line("DECQ BX")
	b.line("JNZ  rows")
	b.line("MOVQ xImage+32(FP), DX")
	b.line("LEAQ (R8)(DX*4), R8")
	b.line("MOVQ vImage+64(FP), DX")
	b.line("LEAQ (R9)(DX*4), R9")
	b.line("DECQ AX")
	b.line("JNZ  images")
	b.line("MOVQ w+88(FP), DI")
	for i := range channels * blocks {
		b.line("VMOVUPS Z%d, %d(DI)", i, i*laneBytes)
	}
	b.line("VZEROUPPER")
	b.line("RET")
}

// peak writes a function that does 24 independent multiplications and additions n times, and nothing
// else: what the processor can do at most.
func peak(b *code) {
	fmt.Fprintf(b, "\n// func peak(n int)\nTEXT ·peak(SB), NOSPLIT, $0-8\n")
	b.line("MOVQ n+0(FP), CX")
	for i := range 26 {
		b.line("VPXORD Z%d, Z%d, Z%d", i, i, i)
	}
	b.label("loop")
	for i := range 24 {
		b.line("VFMADD231PS Z24, Z25, Z%d", i)
	}
	b.line("DECQ CX")
	b.line("JNZ  loop")
	b.line("VZEROUPPER")
	b.line("RET")
}
