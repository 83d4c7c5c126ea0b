package kernels

import "sync"

// A weightJob is a part of the gradient of the weights: some channels of a run by blocks of outputs.
type weightJob struct {
	run, first, channels, b int
	sums                    [16 * block]float32
}

// groupBytes is the size of the images that all jobs go over before they go on to the next ones, so
// that these stay in the processor's second-level cache.
const groupBytes = 1 << 20

// WeightGradient writes the gradient of the weights, [o, c, k, k], for images x and the gradient v of
// the result, whose border must be zero.
func (c *Convolution) WeightGradient(images int, x, v, gradient []float32, threads int) {
	blocks := 1
	if c.Out.blocks()%2 == 0 && weightTiles[level][2] != nil {
		blocks = 2
	}
	list := weightTiles[level][blocks]
	var jobs []weightJob
	for b := 0; b < c.Out.blocks(); b += blocks {
		for r := range c.offsets {
			used := c.run
			if !c.In.Packed {
				used = min(block, c.In.Channels-r/(c.Kernel*c.Kernel)*block)
			}
			for first := 0; first < used; {
				n := list.fit(used - first).pixels
				jobs = append(jobs, weightJob{run: r, first: first, channels: n, b: b})
				first += n
			}
		}
	}
	group := max(1, groupBytes/(4*(c.In.Size()+c.Out.Size())))
	inParts(len(jobs), threads, func(from, to int) {
		for n := 0; n < images; n += group {
			for i := from; i < to; i++ {
				j := &jobs[i]
				if list == nil {
					c.sumPlain(j, n, min(images, n+group), x, v)
					continue
				}
				list.fit(j.channels).sum(min(group, images-n), c.Out.Height, c.Out.Width,
					&x[n*c.In.Size()+c.offsets[j.run]+j.first], c.In.Size(), c.step[0], c.step[1],
					&v[n*c.Out.Size()+c.Out.at(j.b, 0, 0)], c.Out.Size(), c.Out.row(), c.Out.plane(), &j.sums[0], n > 0)
			}
		}
		for i := from; i < to; i++ {
			c.unpack(&jobs[i], blocks, gradient)
		}
	})
}

// sumPlain adds the products of images first to last-1 to a job without vector instructions.
func (c *Convolution) sumPlain(j *weightJob, first, last int, x, v []float32) {
	for n := first; n < last; n++ {
		for row := range c.Out.Height {
			for column := range c.Out.Width {
				from := n*c.In.Size() + c.offsets[j.run] + j.first + row*c.step[0] + column*c.step[1]
				values := v[n*c.Out.Size()+c.Out.at(j.b, row, column):][:block]
				for i, u := range x[from : from+j.channels] {
					sums := j.sums[i*block : (i+1)*block]
					for lane, w := range values {
						sums[lane] += u * w
					}
				}
			}
		}
	}
}

// term is the channel and the place in the kernel of value j of a run.
func (c *Convolution) term(r, j int) (i, tap int) {
	if c.In.Packed {
		return j % c.In.Channels, c.taps[r] + j/c.In.Channels
	}
	return r/(c.Kernel*c.Kernel)*block + j, c.taps[r]
}

// unpack writes the sums of a job to the gradient, [o, c, k, k].
func (c *Convolution) unpack(j *weightJob, blocks int, gradient []float32) {
	for n := range j.channels {
		i, tap := c.term(j.run, j.first+n)
		for q := range blocks {
			for lane := range block {
				if o := (j.b+q)*block + lane; o < c.Out.Channels {
					gradient[(o*c.In.Channels+i)*c.Kernel*c.Kernel+tap] = j.sums[(n*blocks+q)*block+lane]
				}
			}
		}
	}
}

// inParts calls f for ranges that are 0 to n-1 together, each in a goroutine.
func inParts(n, threads int, f func(from, to int)) {
	if threads = min(threads, n); threads <= 1 {
		f(0, n)
		return
	}
	var wait sync.WaitGroup
	for t := range threads {
		wait.Go(func() { f(n*t/threads, n*(t+1)/threads) })
	}
	wait.Wait()
}
