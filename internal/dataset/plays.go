package dataset

// parsePlays reads inter.tsv and returns its pairs as row numbers, sorted by user, then track. The
// file has two million lines, so play parses valid lines directly from the bytes. A line that play
// rejects is parsed again for an error message. Play counts are checked and dropped.
func parsePlays(b []byte, users []LFMUser, tracks int) (user, track []int32, err error) {
	rows := newRowIndex(users, func(u LFMUser) int32 { return u.ID })
	n := min(countLines(b), len(b)/len("1\t0\t1")+1) // lines may be empty
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

// play reads the line that begins at b[i]. It returns the start of the next line, or -1 if the line
// is not valid.
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

// playLines are the lines of inter.tsv after the first `before` lines.
func playLines(rest []byte, before int) *lines {
	l := newTabLines(LFMPlaysFile, rest, "userID, itemID, play count between tabs")
	l.n = before
	return l
}

// explainPlay returns the error in the next line.
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

// explainTwice finds the first two lines with the same pair.
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

// sortPairs sorts pairs by user, then track. It groups them by track, and then, in the order of the
// tracks, by user: two passes without comparisons.
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

// group returns the values sorted by key 0..keys-1, and the end of the values of each key.
func group(key, value []int32, keys int) (values, ends []int32) {
	ends = starts(key, keys)
	values = make([]int32, len(key))
	for i, k := range key {
		values[ends[k]] = value[i]
		ends[k]++
	}
	return values, ends
}

// starts returns the start of each key in the sorted order.
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
