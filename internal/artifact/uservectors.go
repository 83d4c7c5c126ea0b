package artifact

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"foil/internal/npy"
	"foil/internal/safetensors"
)

// UserVectors are vectors of users as a program writes them: a row for each user, in any order.
type UserVectors struct {
	User  []int32
	Split []string // of each row: Train, Validation or Test; nil: the vector is for all parts with the user
	Best  []bool   // the row belongs to the best checkpoint, and not to the last; nil: all are of the same
	Z     []float32
	Width int

	where func(row, column int) string // names a number in messages
}

// A UserPart is the vectors of the users of a part of a split.
type UserPart struct {
	User []int32   // rows of the users' table, ascending
	Z    []float32 // [len(User), width]
}

// ReadUserVectors reads vectors of users from a file, whose name tells its format:
//
//   - .npy: an array with a row for each row of users.arrow.
//   - .safetensors: for each part the tensors PART, [n, width], and PART.user, [n].
//   - .arrow: a table with the columns user and latent.
func ReadUserVectors(path string, users int) (*UserVectors, error) {
	switch {
	case strings.HasSuffix(path, ".npy"):
		return readVectorArray(path, users)
	case strings.HasSuffix(path, ".safetensors"):
		return readVectorTensors(path)
	}
	v, err := readVectorTable(path)
	if err == nil {
		v.where = func(row, column int) string { return fmt.Sprintf("column %q, row %d", latentColumn, row) }
	}
	return v, err
}

func readVectorArray(path string, users int) (*UserVectors, error) {
	raw, err := ReadRaw(path)
	if err != nil {
		return nil, err
	}
	a, err := npy.Parse(raw)
	switch {
	case err != nil:
		return nil, err
	case len(a.Shape) != 2 || a.Shape[0] != users || a.Shape[1] == 0:
		return nil, fmt.Errorf("the array has the shape %s; it must be (%d, n), with a row for each of the %d rows of %s", a.ShapeText(), users, users, UsersFile)
	case a.Type == "bool":
		return nil, errors.New("the values are bool; they must be numbers, such as float32")
	}
	v := &UserVectors{User: make([]int32, users), Z: a.Float32s(), Width: a.Shape[1]}
	for i := range v.User {
		v.User[i] = int32(i)
	}
	v.where = func(row, column int) string { return fmt.Sprintf("row %d, column %d", row, column) }
	return v, nil
}

func readVectorTensors(path string) (*UserVectors, error) {
	raw, err := ReadRaw(path)
	if err != nil {
		return nil, err
	}
	file, err := safetensors.Parse(raw)
	if err != nil {
		return nil, err
	}
	v := &UserVectors{Width: -1}
	type place struct {
		part string
		row  int
	}
	var places []place
	for _, part := range []string{Train, Validation, Test} {
		z, ok := file[part]
		if !ok {
			continue // reported if the part is needed
		}
		user, ok := file[part+".user"]
		switch {
		case !ok:
			return nil, fmt.Errorf("tensor %q is missing: the user of each row of %q, a row of %s", part+".user", part, UsersFile)
		case user.I32 == nil && user.I64 == nil:
			return nil, fmt.Errorf("tensor %q is %s; it must be I32 or I64", user.Name, user.Type())
		case z.F32 == nil:
			return nil, fmt.Errorf("tensor %q is %s; it must be F32: convert it, in PyTorch with float()", part, z.Type())
		case len(z.Shape) != 2 || len(user.Shape) != 1 || z.Shape[0] != user.Shape[0] || z.Shape[1] < 1:
			return nil, fmt.Errorf("tensor %q has the shape %v and %q has %v; they must be [n, width] and [n]", part, z.Shape, user.Name, user.Shape)
		case v.Width >= 0 && z.Shape[1] != v.Width:
			return nil, fmt.Errorf("tensor %q has %d columns, and others have %d", part, z.Shape[1], v.Width)
		}
		v.Width = z.Shape[1]
		for i := range z.Shape[0] {
			id := int64(0)
			if user.I32 != nil {
				id = int64(user.I32[i])
			} else if id = user.I64[i]; id != int64(int32(id)) {
				return nil, fmt.Errorf("tensor %q, row %d: %d is not a row of %s", user.Name, i, id, UsersFile)
			}
			v.User, v.Split = append(v.User, int32(id)), append(v.Split, part)
			places = append(places, place{part, i})
		}
		v.Z = append(v.Z, z.F32...)
	}
	if v.Width < 0 {
		return nil, fmt.Errorf("it has none of the tensors %s", quoted([]string{Train, Validation, Test}))
	}
	v.where = func(row, column int) string {
		return fmt.Sprintf("tensor %q, row %d, column %d", places[row].part, places[row].row, column)
	}
	return v, nil
}

// UsersOf are the users of a part that a model gets, ascending: those with items to encode them by.
func (s *Split) UsersOf(part string) []int32 {
	if part == Train {
		return NewRows(s.Train).User
	}
	input, _ := s.Held(part)
	return NewRows(input).User
}

// Place sorts the vectors of a checkpoint into the parts of a split. Every user of the required parts
// must have one vector; other parts are left out if none of their users has one. A row of NaN alone
// stands for no vector. what is a word for a vector.
func (v *UserVectors) Place(s *Split, best bool, what string, required ...string) (map[string]UserPart, error) {
	rows, err := v.rows(s.Users.Len(), best)
	if err != nil {
		return nil, err
	}
	parts := map[string]UserPart{}
	for _, part := range []string{Train, Validation, Test} {
		users := s.UsersOf(part)
		p := UserPart{User: users, Z: make([]float32, 0, len(users)*v.Width)}
		var missing []int32
		for _, u := range users {
			row, ok := rows[userOfPart{part, u}]
			if !ok {
				missing = append(missing, u)
				continue
			}
			z := v.Z[row*v.Width : (row+1)*v.Width]
			for column, x := range z {
				if err := Finite(x); err != nil {
					return nil, fmt.Errorf("%s: %w", v.where(row, column), err)
				}
			}
			p.Z = append(p.Z, z...)
		}
		switch {
		case len(missing) == 0 && len(users) > 0:
			parts[part] = p
		case len(missing) == 0: // a part without users
		case slices.Contains(required, part) || len(missing) < len(users):
			return nil, fmt.Errorf("%d of the %d %s users have no %s, such as user %d; each user with items in the split must have one", len(missing), len(users), part, what, missing[0])
		}
	}
	return parts, nil
}

type userOfPart struct {
	part string
	user int32
}

// rows finds the row of each user in each part.
func (v *UserVectors) rows(users int, best bool) (map[userOfPart]int, error) {
	rows := make(map[userOfPart]int, len(v.User))
	for row, user := range v.User {
		if v.Best != nil && v.Best[row] != best {
			continue
		}
		if user < 0 || int(user) >= users {
			return nil, fmt.Errorf("row %d: user %d is outside 0..%d, the rows of %s", row, user, users-1, UsersFile)
		}
		if !slices.ContainsFunc(v.Z[row*v.Width:(row+1)*v.Width], func(x float32) bool { return !math.IsNaN(float64(x)) }) {
			continue
		}
		parts := []string{Train, Validation, Test}
		if v.Split != nil {
			parts = v.Split[row : row+1]
		}
		for _, part := range parts {
			at := userOfPart{part, user}
			if before, ok := rows[at]; ok {
				return nil, fmt.Errorf("rows %d and %d are both user %d; each user may have one row for each split and checkpoint", before, row, user)
			}
			rows[at] = row
		}
	}
	return rows, nil
}

// ReadRaw reads a file of a program and checks that it is not empty.
func ReadRaw(path string) ([]byte, error) {
	raw, err := os.ReadFile(path)
	if err == nil && len(bytes.TrimSpace(raw)) == 0 {
		err = errors.New("the file is empty")
	}
	return raw, err
}
