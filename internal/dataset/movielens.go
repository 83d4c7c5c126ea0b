package dataset

import "slices"

// The files of MovieLens 1M: fields between "::", text in Latin-1.
const (
	RatingsFile = "ratings.dat" // user::movie::rating::timestamp
	UsersFile   = "users.dat"   // user::gender::age::occupation::zip-code
	MoviesFile  = "movies.dat"  // movie::title::genres
)

// MovieLensFiles are the names to read a Raw with.
func MovieLensFiles() []string { return []string{RatingsFile, UsersFile, MoviesFile} }

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
	if err := raw.filled(MovieLensFiles()); err != nil {
		return nil, err
	}
	users, err := parseUsers(raw[UsersFile])
	if err != nil {
		return nil, err
	}
	movies, err := parseMovies(raw[MoviesFile])
	if err != nil {
		return nil, err
	}
	m := &MovieLens{Users: users, Movies: movies}
	m.Ratings, err = parseRatings(raw[RatingsFile], users, movies)
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

func parseMovies(b []byte) ([]Movie, error) {
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
		movies = append(movies, Movie{ID: int32(id), Title: fromLatin1(f[1])})
	}
	slices.SortFunc(movies, func(a, b Movie) int { return int(a.ID - b.ID) })
	return movies, nil
}

// fromLatin1 returns UTF-8; Latin-1's codes are Unicode's first 256.
func fromLatin1(b []byte) string {
	r := make([]rune, len(b))
	for i, c := range b {
		r[i] = rune(c)
	}
	return string(r)
}
