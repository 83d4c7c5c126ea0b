package dataset

import "bytes"

// parsePlays reads inter.tsv and returns its pairs by user, then track, as row
// numbers. Two million lines are most of the work, so play takes sound lines
// from the bytes as they come, and only one that it does not take is looked at
// again, to say what is wrong. Play counts are read and dropped.
func parsePlays(b []byte, users []LFMUser, tracks int) (user, track []int32, err error) {
	rows := newRowIndex(users, func(u LFMUser) int32 { return u.ID })
	n := bytes.Count(b, []byte("\n")) + 1
	user, track = make([]int32, 0, n), make([]int32, 0, n)
	for i := 0; i < len(b); {
		u, t, end := play(b, i)
		row := rows.of(u)
		if end < 0 || row < 0 || t >= uint32(tracks) {
			l := playLines(b[i:], len(user))
			return nil, nil, l.explainPlay(rows, tracks)
		}
		user, track, i = append(user, row), append(track, int32(t)), end
	}
	byUser, byTrack := sortPairs(user, track, len(users), tracks)
	for i := 1; i < len(byUser); i++ {
		if byUser[i] == byUser[i-1] && byTrack[i] == byTrack[i-1] {
			return nil, nil, explainTwice(users, user, track, byUser[i], byTrack[i])
		}
	}
	return byUser, byTrack, nil
}

// play reads the line that begins at b[i], and returns where the next one
// does; -1 if this one is not sound.
func play(b []byte, i int) (user, track uint32, next int) {
	u, tab := digits(b, i)
	if tab == i || u > maxID || tab >= len(b) || b[tab] != '\t' {
		return 0, 0, -1
	}
	i = tab + 1
	t, tab := digits(b, i)
	if tab == i || t > maxID || tab >= len(b) || b[tab] != '\t' {
		return 0, 0, -1
	}
	i = tab + 1
	count, end := digits(b, i)
	if end == i || count == 0 {
		return 0, 0, -1
	}
	if end < len(b) && b[end] == '\r' {
		end++
	}
	if end < len(b) {
		if b[end] != '\n' {
			return 0, 0, -1
		}
		end++
	}
	return uint32(u), uint32(t), end
}

// playLines are the lines of inter.tsv behind the first `before`.
func playLines(rest []byte, before int) *lines {
	l := newTabLines(LFMPlaysFile, rest, "userID, itemID, play count between tabs")
	l.n = before
	return l
}

// explainPlay says what is wrong with the next line.
func (l *lines) explainPlay(users rowIndex, tracks int) error {
	l.next()
	f, err := l.fields(3)
	if err != nil {
		return err
	}
	user, err1 := l.number("user", f[0], 0, maxID)
	track, err2 := l.number("item", f[1], 0, maxID)
	_, err3 := l.number("play count", f[2], 1, 9_999_999_999)
	switch err := firstOf(err1, err2, err3); {
	case err != nil:
		return err
	case users.of(uint32(user)) < 0:
		return l.errorf("user %d is not in %s", user, LFMUsersFile)
	}
	return l.errorf("item %d is not in %s, whose %d lines are the items 0 to %d", track, LFMTracksFile, tracks, tracks-1)
}

// explainTwice finds the first two lines that have the pair; each line is one.
func explainTwice(users []LFMUser, user, track []int32, u, t int32) error {
	first := -1
	for i := range user {
		switch {
		case user[i] != u || track[i] != t:
		case first < 0:
			first = i
		default:
			l := playLines(nil, i+1)
			return l.errorf("user %d and item %d stand already on line %d; each pair is needed once", users[u].ID, t, first+1)
		}
	}
	panic("unreachable: a pair that is there twice")
}

// sortPairs sorts pairs by user, then track. It groups them by track and, going
// through the tracks, gives each to the users that it has: two passes without
// a comparison.
func sortPairs(user, track []int32, users, tracks int) (byUser, byTrack []int32) {
	usersOf, ends := group(track, user, tracks)
	next := starts(user, users)
	byUser, byTrack = make([]int32, len(user)), make([]int32, len(user))
	begin := int32(0)
	for t, end := range ends {
		for _, u := range usersOf[begin:end] {
			byUser[next[u]], byTrack[next[u]] = u, int32(t)
			next[u]++
		}
		begin = end
	}
	return byUser, byTrack
}

// group returns the values of each key 0..keys-1 side by side, and where each
// key's end.
func group(key, value []int32, keys int) (values, ends []int32) {
	ends = starts(key, keys)
	values = make([]int32, len(key))
	for i, k := range key {
		values[ends[k]] = value[i]
		ends[k]++
	}
	return values, ends
}

// starts says where each key begins when the keys are sorted.
func starts(key []int32, keys int) []int32 {
	at := make([]int32, keys+1)
	for _, k := range key {
		at[k+1]++
	}
	for k := range keys {
		at[k+1] += at[k]
	}
	return at[:keys]
}
