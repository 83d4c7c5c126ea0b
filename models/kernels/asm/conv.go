package main

import "fmt"

// vectors are the registers of a processor: their letter, bytes, and how many hold a block of 16
// values. The first ones hold sums. From constants on they hold other values.
type vectors struct {
	letter    string
	bytes     int
	each      int
	constants int
}

var (
	avx512 = vectors{"Z", 64, 1, 16}
	avx2   = vectors{"Y", 32, 2, 12}
)

// reg is a register by its number.
func (v vectors) reg(n int) string { return fmt.Sprintf("%s%d", v.letter, n) }

// clear writes zeros to a register.
func (v vectors) clear(b *code, n int) {
	if v == avx512 {
		b.line("VPXORD %s, %s, %s", v.reg(n), v.reg(n), v.reg(n))
		return
	}
	b.line("VXORPS %s, %s, %s", v.reg(n), v.reg(n), v.reg(n))
}

// convTile writes the function of a tile of a convolution: pixels of a row by blocks of 16 outputs.
// The first registers hold the sums, those from v.constants on weights and values of the image.
func convTile(b *code, v vectors, name string, pixels, blocks int) {
	bases := []string{"SI", "R10", "R11", "R12"}
	// The value of pixel p is at one of four registers plus a multiple of the distance of pixels.
	at := func(p int) string {
		return fmt.Sprintf("(%s)%s", bases[p/4], []string{"", "(R8*1)", "(R8*2)", "(R9*1)"}[p%4])
	}
	used := (pixels + 3) / 4
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
	eachSum(b, v, pixels, blocks, "SI", "R12", func(sum, at int) { b.line("VMOVUPS %d(R10), %s", at, v.reg(sum)) })
	b.label("runs")
	b.line("MOVQ (BX), SI")
	b.line("ADDQ $8, BX")
	b.line("LEAQ (AX)(SI*4), SI")
	for i := 1; i < used; i++ {
		b.line("LEAQ (%s)(R8*4), %s", bases[i-1], bases[i])
	}
	b.line("MOVQ run+24(FP), DX")
	b.label("values")
	outputs(b, v, pixels, blocks, at, func(q, part int) string { return fmt.Sprintf("%d(DI)", (q*v.each+part)*v.bytes) })
	b.line("ADDQ $%d, DI", blocks*laneBytes)
	for i := range used {
		b.line("ADDQ $4, %s", bases[i])
	}
	b.line("DECQ DX")
	b.line("JNZ  values")
	b.line("DECQ CX")
	b.line("JNZ  runs")
	b.line("VBROADCASTSS floor+72(FP), %s", v.reg(v.constants))
	b.line("MOVQ y+80(FP), DI")
	b.line("MOVQ yPixel+88(FP), R13")
	b.line("MOVQ yBlock+96(FP), R8")
	b.line("SHLQ $2, R13")
	b.line("SHLQ $2, R8")
	eachSum(b, v, pixels, blocks, "DI", "R8", func(sum, at int) {
		// A sum that is NaN stays NaN: VMAXPS returns its second source then.
		b.line("VMAXPS %s, %s, %s", v.reg(sum), v.reg(v.constants), v.reg(sum))
		b.line("VMOVUPS %s, %d(R10)", v.reg(sum), at)
	})
	b.line("VZEROUPPER")
	b.line("RET")
}

// outputs writes the multiplications and additions of one value of each pixel with the weights of
// all blocks. at is where the value of a pixel is, weight where the weights are.
func outputs(b *code, v vectors, pixels, blocks int, at func(p int) string, weight func(q, part int) string) {
	values := v.constants + blocks*v.each
	for q := range blocks {
		for part := range v.each {
			b.line("VMOVUPS %s, %s", weight(q, part), v.reg(v.constants+q*v.each+part))
		}
	}
	for p := range pixels {
		if v == avx512 && blocks == 1 {
			b.line("VFMADD231PS.BCST %s, Z%d, Z%d", at(p), v.constants, p)
			continue
		}
		value := values + p%2
		b.line("VBROADCASTSS %s, %s", at(p), v.reg(value))
		for i := range blocks * v.each {
			b.line("VFMADD231PS %s, %s, %s", v.reg(v.constants+i), v.reg(value), v.reg(p*blocks*v.each+i))
		}
	}
}

// eachSum writes f for every register of sums of a tile and its distance from R10. from points to
// the first one, R13 has the distance of pixels, and apart that of blocks.
func eachSum(b *code, v vectors, pixels, blocks int, from, apart string, f func(sum, at int)) {
	for q := range blocks {
		b.line("MOVQ %s, R10", from)
		for p := range pixels {
			for part := range v.each {
				f((p*blocks+q)*v.each+part, part*v.bytes)
			}
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
func weightTile(b *code, v vectors, name string, channels, blocks int) {
	fmt.Fprintf(b, "\n// func %s(images, rows, columns int, x *float32, xImage, xRow, xPixel int, v *float32, vImage, vRow, vBlock int, w *float32, add bool)\n", name)
	fmt.Fprintf(b, "TEXT ·%s(SB), NOSPLIT, $0-97\n", name)
	b.line("MOVQ images+0(FP), AX")
	b.line("MOVQ x+24(FP), R8")
	b.line("MOVQ xPixel+48(FP), R12")
	b.line("MOVQ v+56(FP), R9")
	b.line("MOVQ vBlock+80(FP), R13")
	b.line("SHLQ $2, R12")
	b.line("SHLQ $2, R13")
	for i := range channels * blocks * v.each {
		v.clear(b, i)
	}
	b.line("MOVBLZX add+96(FP), DX")
	b.line("TESTB DX, DX")
	b.line("JZ images")
	b.line("MOVQ w+88(FP), DI")
	for i := range channels * blocks * v.each {
		b.line("VMOVUPS %d(DI), %s", i*v.bytes, v.reg(i))
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
	outputs(b, v, channels, blocks, func(c int) string { return fmt.Sprintf("%d(SI)", 4*c) },
		func(q, part int) string { return fmt.Sprintf("%d(DI)%s", part*v.bytes, []string{"", "(R13*1)"}[q]) })
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
	for i := range channels * blocks * v.each {
		b.line("VMOVUPS %s, %d(DI)", v.reg(i), i*v.bytes)
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
