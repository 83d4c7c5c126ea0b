package kernels

// A weightJob is a part of the gradient of the weights: some channels of a run by blocks of outputs.
type weightJob struct {
	run, first, channels, b int
	unit                    int // of jobs for the same block of channels and the same outputs
	sums                    []float32
}

// groupBytes is the size of the images that all jobs go over before they go on to the next ones, so
// that these stay in the processor's second-level cache. If the sums are larger, so is the group:
// what one job reads of it still fits, and the sums are read and written less often.
const groupBytes = 1 << 20

// WeightGradient adds the gradient of the weights to gradient, [o, c, k, k], for images x, whose
// border must be zero, and the gradient v of the result. Its bits do not depend on the number of
// threads.
func (c *Convolution) WeightGradient(images int, x, v, gradient []float32, threads int) {
	p := &c.phase
	x, v = x[:images*c.In.Size()], v[:images*c.Out.Size()]
	gradient = gradient[:c.Out.Channels*c.In.Channels*c.Kernel*c.Kernel]
	blocks := min(p.blocks, len(weightTiles[p.level])-1)
	tiles := weightTiles[p.level][blocks]
	buffer, ok := c.sums.Get().(*[]float32)
	if !ok {
		buffer = new([]float32)
		*buffer = make([]float32, p.weights())
	}
	defer c.sums.Put(buffer)
	sums := *buffer
	jobs := make([]weightJob, 0, c.Out.blocks()/blocks*len(p.offsets)*((p.run+len(tiles)-1)/len(tiles)))
	unit := 0
	for b := 0; b < c.Out.blocks(); b += blocks {
		for r := range p.offsets {
			if r%(len(p.offsets)/c.In.blocks()) == 0 {
				unit++
			}
			used := p.run
			if !c.In.Packed {
				used = min(block, c.In.Channels-r/(c.Kernel*c.Kernel)*block)
			}
			for first, n := range parts(used, len(tiles)) {
				size := n * blocks * block
				jobs = append(jobs, weightJob{run: r, first: first, channels: n, b: b, unit: unit, sums: sums[:size]})
				sums = sums[size:]
			}
		}
	}
	group := max(1, max(groupBytes, 4*p.weights())/(4*(c.In.Size()+c.Out.Size())))
	InParallel(len(jobs), threads, func(from, to int) {
		a := weightArgs{
			rows: c.Out.Height, columns: c.Out.Width,
			xImage: c.In.Size(), xRow: c.Stride * c.In.row(), xPixel: c.Stride * c.In.pixel(),
			vImage: c.Out.Size(), vRow: c.Out.row(), vBlock: c.Out.plane(),
		}
		for n := 0; n < images; n += group {
			a.images = min(group, images-n)
			for i := from; i < to; {
				first, unit := i, jobs[i].unit
				for ; i < to && jobs[i].unit == unit; i++ {
					j := &jobs[i]
					a.x, a.v = x[n*a.xImage+p.offsets[j.run]+j.first:], v[n*a.vImage+c.Out.at(j.b, 0, 0):]
					if a.sums = j.sums; n == 0 {
						clear(a.sums)
					}
					p.level.sumWeights(tiles[j.channels-1], &a)
				}
				if n+group >= images {
					c.unpack(jobs[first:i], blocks, gradient)
				}
			}
		}
	})
}

// unpack adds the sums of jobs of a unit to the gradient, [o, c, k, k], as soon as they are complete:
// they are in the cache, and values of an output lie together.
func (c *Convolution) unpack(jobs []weightJob, blocks int, gradient []float32) {
	taps := c.Kernel * c.Kernel
	outputs := c.In.Channels * taps // distance of outputs
	first := jobs[0].b * block
	for lane := range min(blocks*block, c.Out.Channels-first) {
		to := gradient[(first+lane)*outputs:][:outputs]
		for i := range jobs {
			j := &jobs[i]
			if c.In.Packed {
				for n := range j.channels {
					at := (j.first+n)%c.In.Channels*taps + j.run*c.Kernel + (j.first+n)/c.In.Channels
					to[at] += j.sums[n*blocks*block+lane]
				}
				continue
			}
			at := (j.run/taps*block+j.first)*taps + j.run%taps
			for n := lane; n < len(j.sums); n += blocks * block {
				to[at] += j.sums[n]
				at += taps
			}
		}
	}
}
