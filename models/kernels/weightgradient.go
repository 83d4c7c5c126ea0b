package kernels

import "sync"

// A weightJob is a part of the gradient of the weights: some channels of a run by blocks of outputs.
type weightJob struct {
	run, first, channels, b int
	sums                    []float32 // by channel, block and lane
}

// groupBytes is the size of the images that all jobs go over before they go on to the next ones, so
// that these stay in the processor's second-level cache.
const groupBytes = 1 << 20

// WeightGradient adds the gradient of the weights to gradient, [o, c, k, k], for images x and the
// gradient v of the result, whose border must be zero. It is not for several goroutines at once.
func (c *Convolution) WeightGradient(images int, x, v, gradient []float32, threads int) {
	if c.jobs == nil {
		c.plan()
	}
	group := max(1, groupBytes/(4*(c.In.Size()+c.Out.Size())))
	inParts(len(c.jobs), threads, func(from, to int) {
		for n := 0; n < images; n += group {
			for i := from; i < to; i++ {
				c.sum(&c.jobs[i], n, min(images, n+group), x, v)
			}
		}
	})
	inParts(c.Out.Channels, threads, func(from, to int) {
		for o := from; o < to; o++ {
			c.unpack(o, gradient)
		}
	})
}

// plan divides the work into jobs. The sums of a run are one after the other.
func (c *Convolution) plan() {
	c.together = 1
	if c.Out.blocks()%2 == 0 && weightTiles[level][2] != nil {
		c.together = 2
	}
	c.sumTiles = weightTiles[level][c.together]
	c.sums = make([]float32, c.Weights())
	lanes := c.together * block
	for b := 0; b < c.Out.blocks(); b += c.together {
		for r := range c.offsets {
			used := c.run
			if !c.In.Packed {
				used = min(block, c.In.Channels-r/(c.Kernel*c.Kernel)*block)
			}
			sums := c.sums[(b*len(c.offsets)+r*c.together)*c.run*block:]
			for first := 0; first < used; {
				n := c.sumTiles.fit(used - first).pixels
				c.jobs = append(c.jobs, weightJob{r, first, n, b, sums[first*lanes : (first+n)*lanes]})
				first += n
			}
		}
	}
}

// sum adds the products of images first to last-1 to those of the images before them.
func (c *Convolution) sum(j *weightJob, first, last int, x, v []float32) {
	if c.sumTiles == nil {
		if first == 0 {
			clear(j.sums)
		}
		c.sumPlain(j, first, last, x, v)
		return
	}
	c.sumTiles.fit(j.channels).sum(last-first, c.Out.Height, c.Out.Width,
		&x[first*c.In.Size()+c.offsets[j.run]+j.first], c.In.Size(), c.step[0], c.step[1],
		&v[first*c.Out.Size()+c.Out.at(j.b, 0, 0)], c.Out.Size(), c.Out.row(), c.Out.plane(), &j.sums[0], first > 0)
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

// unpack adds the sums of an output to the gradient.
func (c *Convolution) unpack(o int, gradient []float32) {
	area, lanes := c.Kernel*c.Kernel, c.together*block
	from := c.sums[o/lanes*len(c.offsets)*c.run*lanes+o%lanes:]
	to := gradient[o*c.In.Channels*area : (o+1)*c.In.Channels*area]
	if c.In.Packed {
		// The values of a row of the kernel are a run: column by column, channel by channel.
		for i := range to {
			channel, tap := i/area, i%area
			to[i] += from[(tap/c.Kernel*c.run+tap%c.Kernel*c.In.Channels+channel)*lanes]
		}
		return
	}
	for channel := range c.In.Channels {
		at := (channel/block*area*block + channel%block) * lanes
		for tap := range to[channel*area : (channel+1)*area] {
			to[channel*area+tap] += from[at]
			at += block * lanes
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
