package split

// mt19937 is numpy's legacy generator (numpy.random.RandomState): the Mersenne
// Twister of Matsumoto and Nishimura (1998), seeded by their init_genrand.
type mt19937 struct {
	state [624]uint32
	next  int
}

func newMT19937(seed uint32) *mt19937 {
	g := &mt19937{next: 624}
	for i := range g.state {
		g.state[i] = seed
		seed = 1812433253*(seed^seed>>30) + uint32(i) + 1
	}
	return g
}

func (g *mt19937) uint32() uint32 {
	if g.next == len(g.state) {
		g.twist()
	}
	y := g.state[g.next]
	g.next++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

func (g *mt19937) twist() {
	const n, m = 624, 397
	for i := range n {
		y := g.state[i]&0x80000000 | g.state[(i+1)%n]&0x7fffffff
		v := g.state[(i+m)%n] ^ y>>1
		if y&1 != 0 {
			v ^= 0x9908b0df
		}
		g.state[i] = v
	}
	g.next = 0
}

// upTo draws a number from 0 to limit. It draws as many bits as limit has, and repeats while the
// number is larger than limit (numpy's random_interval).
func (g *mt19937) upTo(limit uint32) uint32 {
	mask := limit
	for s := 1; s < 32; s *= 2 {
		mask |= mask >> s
	}
	for {
		if v := g.uint32() & mask; v <= limit {
			return v
		}
	}
}

// permutation returns numpy's permutation of 0..n-1: a Fisher-Yates shuffle from the end.
func (g *mt19937) permutation(n int) []int32 {
	p := make([]int32, n)
	for i := range p {
		p[i] = int32(i)
	}
	for i := n - 1; i > 0; i-- {
		j := g.upTo(uint32(i))
		p[i], p[j] = p[j], p[i]
	}
	return p
}
