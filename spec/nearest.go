package spec

import (
	"fmt"
	"strings"
)

// Nearest returns the candidate that is most similar to name, or "" if none is similar. At most a
// third of the letters may be changed, added, left out or swapped. Nearest also finds
// "split/user-kfold" for "user-kfold".
func Nearest(name string, candidates []string) string {
	const tooLong = 64
	if len(name) > tooLong {
		return ""
	}
	best, bestDistance := "", 0
	for _, c := range candidates {
		if len(c) > tooLong {
			continue
		}
		if strings.HasSuffix(c, "/"+name) {
			return c
		}
		d := distance(strings.ToLower(name), strings.ToLower(c))
		if limit := (max(len(name), len(c)) + 1) / 3; d <= limit && (best == "" || d < bestDistance) {
			best, bestDistance = c, d
		}
	}
	return best
}

// distance counts the edits between two words (optimal string alignment).
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	rows := make([][]int, len(s)+1)
	for i := range rows {
		rows[i] = make([]int, len(t)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(s); i++ {
		for j := 1; j <= len(t); j++ {
			changed := 1
			if s[i-1] == t[j-1] {
				changed = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+changed)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(s)][len(t)]
}

// Suggestion returns the end of an error about an unknown name: the nearest valid name, or all
// valid names if there are few.
func Suggestion(name string, valid []string) string {
	if near := Nearest(name, valid); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	const few = 12
	switch {
	case len(valid) == 0 || len(valid) > few:
		return ""
	case len(valid) == 1:
		return "; there is only " + valid[0]
	}
	return "; there are " + strings.Join(valid[:len(valid)-1], ", ") + " and " + valid[len(valid)-1]
}
