package multvae

// lists are lists of small numbers, one after the other: the items of each user
// of a batch, or the users of each item.
type lists struct {
	all  []int32
	ends []int32
}

func (l *lists) reset() { l.all, l.ends = l.all[:0], l.ends[:0] }

// add appends to the list that is being written.
func (l *lists) add(values ...int32) { l.all = append(l.all, values...) }

// end ends the list that is being written.
func (l *lists) end() { l.ends = append(l.ends, int32(len(l.all))) }

func (l *lists) list(i int) []int32 {
	if i == 0 {
		return l.all[:l.ends[0]]
	}
	return l.all[l.ends[i-1]:l.ends[i]]
}

// turn sets l to the transpose of the lists in of: for each of 0, 1, ... n-1, the numbers of the
// lists that contain it, ascending.
func (l *lists) turn(of *lists, n int) {
	l.ends = resized(l.ends, n)
	l.all = resized(l.all, len(of.all))
	clear(l.ends)
	for _, v := range of.all {
		l.ends[v]++
	}
	var sum int32
	for v, count := range l.ends {
		l.ends[v] = sum // start of the list; the loop below moves it to the end
		sum += count
	}
	for i := range of.ends {
		for _, v := range of.list(i) {
			l.all[l.ends[v]] = int32(i)
			l.ends[v]++
		}
	}
}

// resized returns a slice of length n: x if it is large enough. Its values are undefined.
func resized(x []int32, n int) []int32 {
	if cap(x) < n {
		return make([]int32, n)
	}
	return x[:n]
}
