package main

import (
	"bytes"
	"fmt"
)

// convTile writes the function of a tile of a convolution: pixels of a row by blocks of 16 outputs.
// Registers Z0 to Z15 hold the sums, Z16 to Z19 weights, Z20 to Z23 values of the image.
func convTile(b *bytes.Buffer, pixels, blocks int) {
	line := func(format string, args ...any) { fmt.Fprintf(b, "\t"+format+"\n", args...) }
	bases := []string{"SI", "R10", "R11", "R12"}
	// The value of pixel p is at one of four registers plus a multiple of the distance of pixels.
	at := func(p int) string {
		return fmt.Sprintf("(%s)%s", bases[p/4], []string{"", "(R8*1)", "(R8*2)", "(R9*1)"}[p%4])
	}
	used := (pixels + 3) / 4
	name := fmt.Sprintf("conv%dx%d", pixels, blocks)
	fmt.Fprintf(b, "\n// func %s(x *float32, offsets *int, runs, run int, w *float32, pixel int, y *float32, yBlock int)\n", name)
	fmt.Fprintf(b, "TEXT ·%s(SB), NOSPLIT, $0-64\n", name)
	line("MOVQ x+0(FP), AX")
	line("MOVQ offsets+8(FP), BX")
	line("MOVQ runs+16(FP), CX")
	line("MOVQ w+32(FP), DI")
	line("MOVQ pixel+40(FP), R8")
	line("SHLQ $2, R8")
	line("LEAQ (R8)(R8*2), R9")
	for i := range pixels * blocks {
		line("VPXORD Z%d, Z%d, Z%d", i, i, i)
	}
	fmt.Fprintf(b, "\nruns:\n")
	line("MOVQ (BX), SI")
	line("ADDQ $8, BX")
	line("LEAQ (AX)(SI*4), SI")
	for i := 1; i < used; i++ {
		line("LEAQ (%s)(R8*4), %s", bases[i-1], bases[i])
	}
	line("MOVQ run+24(FP), DX")
	fmt.Fprintf(b, "\nvalues:\n")
	for q := range blocks {
		line("VMOVUPS %d(DI), Z%d", q*laneBytes, 16+q)
	}
	for p := range pixels {
		if blocks == 1 {
			line("VFMADD231PS.BCST %s, Z16, Z%d", at(p), p)
			continue
		}
		value := 20 + p%4
		line("VBROADCASTSS %s, Z%d", at(p), value)
		for q := range blocks {
			line("VFMADD231PS Z%d, Z%d, Z%d", 16+q, value, p*blocks+q)
		}
	}
	line("ADDQ $%d, DI", blocks*laneBytes)
	for i := range used {
		line("ADDQ $4, %s", bases[i])
	}
	line("DECQ DX")
	line("JNZ  values")
	line("DECQ CX")
	line("JNZ  runs")
	line("MOVQ y+48(FP), DI")
	line("MOVQ yBlock+56(FP), R8")
	line("SHLQ $2, R8")
	for q := range blocks {
		for p := range pixels {
			line("VMOVUPS Z%d, %d(DI)", p*blocks+q, p*laneBytes)
		}
		if q < blocks-1 {
			line("ADDQ R8, DI")
		}
	}
	line("VZEROUPPER")
	line("RET")
}

// weightTile writes the function that sums the products of some channels of images and blocks of 16
// gradients over all pixels of all images, and adds earlier sums if it is told to.
func weightTile(b *bytes.Buffer, channels, blocks int) {
	line := func(format string, args ...any) { fmt.Fprintf(b, "\t"+format+"\n", args...) }
	name := fmt.Sprintf("weights%dx%d", channels, blocks)
	fmt.Fprintf(b, "\n// func %s(images, rows, columns int, x *float32, xImage, xRow, xPixel int, v *float32, vImage, vRow, vBlock int, w *float32, add bool)\n", name)
	fmt.Fprintf(b, "TEXT ·%s(SB), NOSPLIT, $0-97\n", name)
	line("MOVQ images+0(FP), AX")
	line("MOVQ x+24(FP), R8")
	line("MOVQ xPixel+48(FP), R12")
	line("MOVQ v+56(FP), R9")
	line("MOVQ vBlock+80(FP), R13")
	line("SHLQ $2, R12")
	line("SHLQ $2, R13")
	for i := range channels * blocks {
		line("VPXORD Z%d, Z%d, Z%d", i, i, i)
	}
	line("MOVBLZX add+96(FP), DX")
	line("TESTB DX, DX")
	line("JZ images")
	line("MOVQ w+88(FP), DI")
	for i := range channels * blocks {
		line("VMOVUPS %d(DI), Z%d", i*laneBytes, i)
	}
	fmt.Fprintf(b, "\nimages:\n")
	line("MOVQ R8, R10")
	line("MOVQ R9, R11")
	line("MOVQ rows+8(FP), BX")
	fmt.Fprintf(b, "\nrows:\n")
	line("MOVQ R10, SI")
	line("MOVQ R11, DI")
	line("MOVQ columns+16(FP), CX")
	fmt.Fprintf(b, "\npixels:\n")
	for q := range blocks {
		line("VMOVUPS (DI)%s, Z%d", []string{"", "(R13*1)", "(R13*2)"}[q], 16+q)
	}
	for c := range channels {
		if blocks == 1 {
			line("VFMADD231PS.BCST %d(SI), Z16, Z%d", 4*c, c)
			continue
		}
		value := 20 + c%4
		line("VBROADCASTSS %d(SI), Z%d", 4*c, value)
		for q := range blocks {
			line("VFMADD231PS Z%d, Z%d, Z%d", 16+q, value, c*blocks+q)
		}
	}
	line("ADDQ R12, SI")
	line("ADDQ $%d, DI", laneBytes)
	line("DECQ CX")
	line("JNZ  pixels")
	line("MOVQ xRow+40(FP), DX")
	line("LEAQ (R10)(DX*4), R10")
	line("MOVQ vRow+72(FP), DX")
	line("LEAQ (R11)(DX*4), R11")
	line("DECQ BX")
	line("JNZ  rows")
	line("MOVQ xImage+32(FP), DX")
	line("LEAQ (R8)(DX*4), R8")
	line("MOVQ vImage+64(FP), DX")
	line("LEAQ (R9)(DX*4), R9")
	line("DECQ AX")
	line("JNZ  images")
	line("MOVQ w+88(FP), DI")
	for i := range channels * blocks {
		line("VMOVUPS Z%d, %d(DI)", i, i*laneBytes)
	}
	line("VZEROUPPER")
	line("RET")
}

// peak writes a function that does 24 independent multiplications and additions n times, and nothing
// else: what the processor can do at most.
func peak(b *bytes.Buffer) {
	line := func(format string, args ...any) { fmt.Fprintf(b, "\t"+format+"\n", args...) }
	fmt.Fprintf(b, "\n// func peak(n int)\nTEXT ·peak(SB), NOSPLIT, $0-8\n")
	line("MOVQ n+0(FP), CX")
	for i := range 26 {
		line("VPXORD Z%d, Z%d, Z%d", i, i, i)
	}
	fmt.Fprintf(b, "\nloop:\n")
	for i := range 24 {
		line("VFMADD231PS Z24, Z25, Z%d", i)
	}
	line("DECQ CX")
	line("JNZ  loop")
	line("VZEROUPPER")
	line("RET")
}
