package dataset

import (
	"bytes"
	"slices"
)

// The files of MovieLens 1M: fields between "::", text in Latin-1. Converted copies are UTF-8.
const (
	RatingsFile = "ratings.dat" // user::movie::rating::timestamp
	UsersFile   = "users.dat"   // user::gender::age::occupation::zip-code
	MoviesFile  = "movies.dat"  // movie::title::genres
)

// MovieLensFiles are the files to read a Raw with. The published ones have 24,594,131, 134,368 and
// 171,308 bytes.
func MovieLensFiles() []Member {
	return []Member{{RatingsFile, 64 << 20}, {UsersFile, 32 << 20}, {MoviesFile, 32 << 20}}
}

// MovieLensAges are the codes of the age groups, by their first year: under 18, 18-24, 25-34,
// 35-44, 45-49, 50-55, 56 and older.
var MovieLensAges = []int{1, 18, 25, 35, 45, 50, 56}

// MovieLens is the checked content of MovieLens 1M: users and movies sorted by id, ratings by user,
// then movie, without repeated pairs.
type MovieLens struct {
	Users   []MovieLensUser
	Movies  []Movie
	Ratings []Rating
}

// A MovieLensUser is a line of users.dat.
type MovieLensUser struct {
	ID         int32
	Female     bool
	Age        uint8 // one of MovieLensAges
	Occupation uint8 // 0..20
}

// A Movie is a line of movies.dat; the title in UTF-8.
type Movie struct {
	ID    int32
	Title string
}

// A Rating is a line of ratings.dat, with user and movie as row numbers of
// Users and Movies.
type Rating struct {
	User, Movie int32
	Stars       uint8 // 1..5
}

// ParseMovieLens reads the three files.
func ParseMovieLens(raw Raw) (*MovieLens, error) {
	text, err := raw.text(MovieLensFiles())
	if err != nil {
		return nil, err
	}
	users, err := parseUsers(text[UsersFile])
	if err != nil {
		return nil, err
	}
	claimsUTF8 := bytes.HasPrefix(raw[MoviesFile], []byte(byteOrderMark))
	movies, err := parseMovies(text[MoviesFile], claimsUTF8)
	if err != nil {
		return nil, err
	}
	m := &MovieLens{Users: users, Movies: movies}
	m.Ratings, err = parseRatings(text[RatingsFile], users, movies)
	return m, err
}

func parseUsers(b []byte) ([]MovieLensUser, error) {
	l := newLines(UsersFile, b, "user::gender::age::occupation::zip-code")
	users := make([]MovieLensUser, 0, len(b)/16)
	seen := make(map[int]int)
	for l.next() {
		f, err := l.fields(5)
		if err != nil {
			return nil, err
		}
		id, err1 := l.number("user", f[0], 1, maxID)
		age, err2 := l.number("age", f[2], 0, 999)
		occupation, err3 := l.number("occupation", f[3], 0, 20)
		if err := firstOf(err1, err2, err3); err != nil {
			return nil, err
		}
		if err := l.once("user", id, seen); err != nil {
			return nil, err
		}
		gender := string(f[1])
		if gender != "F" && gender != "M" {
			return nil, l.errorf("gender is %q; F or M is needed", clip(f[1]))
		}
		if !slices.Contains(MovieLensAges, age) {
			return nil, l.errorf("age is %d; one of the codes %v is needed", age, MovieLensAges)
		}
		users = append(users, MovieLensUser{ID: int32(id), Female: gender == "F", Age: uint8(age), Occupation: uint8(occupation)})
	}
	slices.SortFunc(users, func(a, b MovieLensUser) int { return int(a.ID - b.ID) })
	return users, nil
}

// parseMovies reads movies.dat. claimsUTF8 says that it begins with a byte order mark.
func parseMovies(b []byte, claimsUTF8 bool) ([]Movie, error) {
	title, err := latin1OrUTF8(MoviesFile, b, claimsUTF8)
	if err != nil {
		return nil, err
	}
	l := newLines(MoviesFile, b, "movie::title::genres")
	movies := make([]Movie, 0, len(b)/32)
	seen := make(map[int]int)
	for l.next() {
		f, err := l.fields(3)
		if err != nil {
			return nil, err
		}
		id, err := l.number("movie", f[0], 1, maxID)
		if err != nil {
			return nil, err
		}
		if err := l.once("movie", id, seen); err != nil {
			return nil, err
		}
		movies = append(movies, Movie{ID: int32(id), Title: title(f[1])})
	}
	slices.SortFunc(movies, func(a, b Movie) int { return int(a.ID - b.ID) })
	return movies, nil
}
