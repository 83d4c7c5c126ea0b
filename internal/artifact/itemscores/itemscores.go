// Package itemscores writes and reads the artifact of type "scores": the scores of items for the
// users of a split, made by a program whose model foil cannot run. They are either a matrix with the
// scores of all items, or lists with those of the best items of each user.
package itemscores

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"

	"foil/internal/artifact"
	"foil/internal/digest"
	"foil/internal/safetensors"
	"foil/pipeline"
)

// The files in which a program may write scores. The last is also that of the artifact.
const (
	TableFile  = "scores.arrow"
	ArrayFile  = "scores.npy"
	TensorFile = "scores.safetensors"
)

const configFile = "scores.json"

// Docs documents the files.
var Docs = []pipeline.FileDoc{
	{Name: TensorFile, Doc: "for each part of the split (test, and validation and train where the program scored them): " +
		"PART.user, rows of users.arrow, and either PART, the scores of all items, [users, items], or lists. " +
		"Lists are PART.item and PART.score, best first; those of user i are from PART.start[i] to PART.start[i+1]"},
	{Name: configFile, Doc: "the digest of the split, the number of items, and whether the scores are lists"},
}

// Config is scores.json.
type Config struct {
	Data  digest.Digest `json:"data"` // of the split
	Items int           `json:"items"`
	Lists bool          `json:"lists"`
}

// A Part is the scores for the users of a part of the split.
type Part struct {
	User   []int32   // ascending
	Matrix []float32 // [len(User), items]; nil: lists

	// The items of User[i] and their scores, best first, are those from Start[i] to Start[i+1].
	Start, Item []int32
	Score       []float32
}

// Scores are the content of the artifact.
type Scores struct {
	Config
	Parts map[string]*Part
}

var parts = []string{artifact.Train, artifact.Validation, artifact.Test}

// FromProgram reads the scores that a program wrote to a file. Test users must have scores.
func FromProgram(path artifact.PathFunc, file string, split *artifact.Split, data digest.Digest) (*Scores, error) {
	p, err := path(file)
	if err != nil {
		return nil, err
	}
	s := &Scores{Config: Config{Data: data, Items: split.Items.Len(), Lists: file == TableFile}, Parts: map[string]*Part{}}
	if s.Lists {
		table, err := artifact.ReadItemScores(p)
		if err == nil {
			err = s.fromTable(table, split)
		}
		return s, err
	}
	if file == TensorFile {
		lists := s.Config
		lists.Lists = true
		if found, err := read(p, lists); err == nil { // in foil's own form, from another stage
			return found, found.fit(split)
		}
	}
	v, err := artifact.ReadUserVectors(p, split.Users.Len())
	if err != nil {
		return nil, err
	}
	if v.Width != s.Items {
		return nil, fmt.Errorf("each user has %d scores; it must be %d, one for each row of %s", v.Width, s.Items, artifact.ItemsFile)
	}
	found, err := v.Place(split, false, "scores", artifact.Test)
	for name, part := range found {
		s.Parts[name] = &Part{User: part.User, Matrix: part.Z}
	}
	return s, err
}

// fit checks that the scores are for the users and items of a split.
func (s *Scores) fit(split *artifact.Split) error {
	for name, p := range s.Parts {
		if !slices.Equal(p.User, split.UsersOf(name)) {
			return fmt.Errorf("the %s users are not those of the split", name)
		}
	}
	return nil
}

// fromTable makes lists of the rows of a table.
func (s *Scores) fromTable(t *artifact.ItemScores, split *artifact.Split) error {
	for row, item := range t.Item {
		if user := t.User[row]; user < 0 || int(user) >= split.Users.Len() {
			return fmt.Errorf("column %q, row %d: %d is outside 0..%d, the rows of %s", "user", row, user, split.Users.Len()-1, artifact.UsersFile)
		}
		if item < 0 || int(item) >= s.Items {
			return fmt.Errorf("column %q, row %d: %d is outside 0..%d, the rows of %s", "item", row, item, s.Items-1, artifact.ItemsFile)
		}
	}
	for _, part := range parts {
		var rows []int
		for row := range t.Item {
			if t.Split == nil || t.Split[row] == part {
				rows = append(rows, row)
			}
		}
		slices.SortStableFunc(rows, func(a, b int) int {
			return cmp.Or(cmp.Compare(t.User[a], t.User[b]), -cmp.Compare(t.Score[a], t.Score[b]), cmp.Compare(t.Item[a], t.Item[b]))
		})
		p := &Part{User: split.UsersOf(part)}
		at := 0
		for _, user := range p.User {
			for at < len(rows) && t.User[rows[at]] < user {
				at++ // a user of another part
			}
			p.Start = append(p.Start, int32(len(p.Item)))
			seen := map[int32]int{}
			for ; at < len(rows) && t.User[rows[at]] == user; at++ {
				row := rows[at]
				if before, twice := seen[t.Item[row]]; twice {
					return fmt.Errorf("rows %d and %d are both item %d of user %d; each pair may occur once", min(before, row), max(before, row), t.Item[row], user)
				}
				seen[t.Item[row]] = row
				p.Item, p.Score = append(p.Item, t.Item[row]), append(p.Score, t.Score[row])
			}
		}
		p.Start = append(p.Start, int32(len(p.Item)))
		if err := s.addLists(part, p); err != nil {
			return err
		}
	}
	return nil
}

// addLists adds the lists of a part, in which all users must have one, or none of them.
func (s *Scores) addLists(part string, p *Part) error {
	var missing []int32
	for i, user := range p.User {
		if p.Start[i] == p.Start[i+1] {
			missing = append(missing, user)
		}
	}
	switch {
	case len(missing) == 0 && len(p.User) > 0:
		s.Parts[part] = p
	case part == artifact.Test || len(missing) < len(p.User):
		return fmt.Errorf("%d of the %d %s users have no scores, such as user %d; each user with items in the split must have some",
			len(missing), len(p.User), part, slices.Concat(missing, []int32{-1})[0])
	}
	return nil
}

// Write writes both files.
func (s *Scores) Write(create artifact.CreateFunc) error {
	var tensors []safetensors.Tensor
	ints := func(name string, v []int32) {
		tensors = append(tensors, safetensors.Tensor{Name: name, Shape: []int{len(v)}, I32: append([]int32{}, v...)})
	}
	for name, p := range s.Parts {
		ints(name+".user", p.User)
		if !s.Lists {
			tensors = append(tensors, safetensors.Tensor{Name: name, Shape: []int{len(p.User), s.Items}, F32: p.Matrix})
			continue
		}
		ints(name+".start", p.Start)
		ints(name+".item", p.Item)
		tensors = append(tensors, safetensors.Tensor{Name: name + ".score", Shape: []int{len(p.Score)}, F32: p.Score})
	}
	err := artifact.WriteFile(create, TensorFile, func(w io.Writer) error { return safetensors.Write(w, tensors) })
	if err != nil {
		return err
	}
	return artifact.WriteJSON(create, configFile, s.Config)
}

// IsArtifact says whether an artifact holds scores.
func IsArtifact(a pipeline.Artifact) bool { return a.Has(configFile) }

// Open reads the scores. data is the split of the stage that uses them, which must be the split whose
// users were scored.
func Open(a, data pipeline.Artifact) (*Scores, error) {
	var c Config
	if err := artifact.ReadJSON(a.Path, configFile, &c); err != nil {
		return nil, err
	}
	if used := data.Digest(); used != c.Data {
		return nil, fmt.Errorf("the scores are for the split %s, but this stage uses the split %s; use the same split for both", c.Data.Short(), used.Short())
	}
	path, err := a.Path(TensorFile)
	if err != nil {
		return nil, err
	}
	return read(path, c)
}

func read(path string, c Config) (*Scores, error) {
	file, err := safetensors.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s := &Scores{Config: c, Parts: map[string]*Part{}}
	for _, name := range parts {
		user, ok := file[name+".user"]
		if !ok {
			continue
		}
		p := &Part{User: user.I32}
		if !s.Lists {
			if p.Matrix, err = file.Float32(name, []int{len(p.User), c.Items}); err != nil {
				return nil, err
			}
		} else {
			p.Start, p.Item, p.Score = file[name+".start"].I32, file[name+".item"].I32, file[name+".score"].F32
		}
		if err := p.check(c.Items); err != nil {
			return nil, fmt.Errorf("the scores of the %s users %w", name, err)
		}
		s.Parts[name] = p
	}
	if s.Parts[artifact.Test] == nil {
		return nil, fmt.Errorf("no scores of the %s users", artifact.Test)
	}
	return s, nil
}

// check refuses lists that do not belong together, and values that are not finite.
func (p *Part) check(items int) error {
	for _, values := range [][]float32{p.Matrix, p.Score} {
		for _, v := range values {
			if artifact.Finite(v) != nil {
				return fmt.Errorf("hold %g", v)
			}
		}
	}
	if p.Matrix != nil || len(p.User) == 0 {
		return nil
	}
	if len(p.Start) != len(p.User)+1 || len(p.Item) != len(p.Score) || p.Start[0] != 0 || int(p.Start[len(p.User)]) != len(p.Item) || !slices.IsSorted(p.Start) {
		return fmt.Errorf("are not lists for %d users", len(p.User))
	}
	for _, item := range p.Item {
		if item < 0 || int(item) >= items {
			return fmt.Errorf("hold the item %d, which is outside 0..%d", item, items-1)
		}
	}
	return nil
}

// Each calls f with the scores of all items for each user of a part, in order. Items that are not in
// the list of a user have -Inf. users are those that the split has. f may overwrite the scores but
// must not keep them.
func (s *Scores) Each(part string, users []int32, f func(user int, scores []float32) error) error {
	p := s.Parts[part]
	if p == nil {
		return fmt.Errorf("the program wrote no scores of the %s users; let it score them, too", part)
	}
	if !slices.Equal(users, p.User) {
		return fmt.Errorf("the %s users of the split and those of the scores differ", part)
	}
	all := make([]float32, s.Items)
	for i := range users {
		if s.Lists {
			for j := range all {
				all[j] = float32(math.Inf(-1))
			}
			for j := p.Start[i]; j < p.Start[i+1]; j++ {
				all[p.Item[j]] = p.Score[j]
			}
		} else {
			copy(all, p.Matrix[i*s.Items:])
		}
		if err := f(i, all); err != nil {
			return err
		}
	}
	return nil
}

// Reach checks that the lists of the users of a part hold k items that the users have not used.
func (s *Scores) Reach(part string, used artifact.Rows, k int) error {
	p := s.Parts[part]
	if p == nil || !s.Lists || !slices.Equal(used.User, p.User) {
		return nil // reported by Each
	}
	for i, user := range p.User {
		unused, left := 0, s.Items-len(used.Items(i))
		for _, item := range p.Item[p.Start[i]:p.Start[i+1]] {
			if _, is := slices.BinarySearch(used.Items(i), item); !is {
				unused++
			}
		}
		if unused < min(k, left) {
			return fmt.Errorf("the list of %s user %d has %d items that the user has not used, but k is %d; let the program write longer lists, or lower k", part, user, unused, k)
		}
	}
	return nil
}
