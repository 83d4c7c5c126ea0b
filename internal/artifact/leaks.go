package artifact

import "slices"

// SharedUsers is the number of test users, and how many of them are training users, too. In a split
// of users none is; in a split within users all may be.
func (s *Split) SharedUsers() (shared, test int) {
	trained := NewRows(s.Train).User
	for _, u := range NewRows(s.TestTarget).User {
		test++
		if _, found := slices.BinarySearch(trained, u); found {
			shared++
		}
	}
	return shared, test
}

// FromFuture is the number of training interactions that are later than the first test target. known
// is false without times.
func (s *Split) FromFuture() (later int, known bool) {
	if len(s.Train.Time) == 0 || len(s.TestTarget.Time) == 0 {
		return 0, false
	}
	first := slices.Min(s.TestTarget.Time)
	for _, t := range s.Train.Time {
		if t > first {
			later++
		}
	}
	return later, true
}
