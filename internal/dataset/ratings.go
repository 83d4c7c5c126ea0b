package dataset

// parseRatings reads ratings.dat. The file has a million lines, so parseRating parses valid lines
// directly. A line that it rejects is parsed again for an error message.
func parseRatings(b []byte, users []MovieLensUser, movies []Movie) ([]Rating, error) {
	user := newRowIndex(users, func(u MovieLensUser) int32 { return u.ID })
	movie := newRowIndex(movies, func(m Movie) int32 { return m.ID })
	l := newLines(RatingsFile, b, "user::movie::rating::timestamp")
	ratings := make([]Rating, 0, min(countLines(b), len(b)/len("1::1::1::0")+1)) // lines may be empty
	for l.next() {
		r, ok := parseRating(l.line, user, movie)
		if !ok {
			return nil, l.explainRating(user, movie)
		}
		ratings = append(ratings, r)
	}
	order := sortRatings(ratings, len(users), len(movies))
	sorted := make([]Rating, len(ratings))
	for i, line := range order {
		r := ratings[line]
		if i > 0 && r.User == sorted[i-1].User && r.Movie == sorted[i-1].Movie {
			l.n = int(line) + 1
			return nil, l.errorf("user %d and movie %d stand already on line %d; each pair is needed once",
				users[r.User].ID, movies[r.Movie].ID, order[i-1]+1)
		}
		sorted[i] = r
	}
	return sorted, nil
}

func parseRating(b []byte, users, movies rowIndex) (r Rating, ok bool) {
	user, i := digits(b, 0)
	if i == 0 || i+1 >= len(b) || b[i] != ':' || b[i+1] != ':' {
		return r, false
	}
	movie, j := digits(b, i+2)
	if j == i+2 || j+1 >= len(b) || b[j] != ':' || b[j+1] != ':' {
		return r, false
	}
	if b = b[j+2:]; len(b) < 4 || b[1] != ':' || b[2] != ':' {
		return r, false
	}
	stars := b[0] - '0'
	if _, end := digits(b, 3); stars < 1 || stars > 5 || end != len(b) || user > maxID || movie > maxID {
		return r, false
	}
	r = Rating{User: users.of(uint32(user)), Movie: movies.of(uint32(movie)), Stars: stars}
	return r, r.User >= 0 && r.Movie >= 0
}

// explainRating returns the error in the line.
func (l *lines) explainRating(users, movies rowIndex) error {
	f, err := l.fields(4)
	if err != nil {
		return err
	}
	user, err1 := l.number("user", f[0], 1, maxID)
	movie, err2 := l.number("movie", f[1], 1, maxID)
	_, err3 := l.number("rating", f[2], 1, 5)
	_, err4 := l.number("timestamp", f[3], 0, 9_999_999_999)
	switch err := firstOf(err1, err2, err3, err4); {
	case err != nil:
		return err
	case users.of(uint32(user)) < 0:
		return l.errorf("user %d is not in %s", user, UsersFile)
	case movies.of(uint32(movie)) < 0:
		return l.errorf("movie %d is not in %s", movie, MoviesFile)
	}
	return l.errorf("rating is %q; one digit from 1 to 5 is needed", clip(f[2]))
}

// sortRatings returns the order by user, then movie, then line, with counting sort.
func sortRatings(ratings []Rating, users, movies int) []int32 {
	byMovie := countingSort(movies, len(ratings),
		func(i int) int32 { return ratings[i].Movie }, func(i int) int32 { return int32(i) })
	return countingSort(users, len(ratings),
		func(i int) int32 { return ratings[byMovie[i]].User }, func(i int) int32 { return byMovie[i] })
}

// countingSort returns value(0), ..., value(n-1), stably sorted by key(i) in 0..keys-1.
func countingSort(keys, n int, key, value func(i int) int32) []int32 {
	next := make([]int32, keys+1)
	for i := range n {
		next[key(i)+1]++
	}
	for k := range keys {
		next[k+1] += next[k]
	}
	out := make([]int32, n)
	for i := range n {
		k := key(i)
		out[next[k]] = value(i)
		next[k]++
	}
	return out
}
