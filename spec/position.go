package spec

import "fmt"

// A Pos is a place in a YAML file (or in a --set flag). Lines and columns count from 1.
type Pos struct {
	File   string
	Line   int
	Column int
}

func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// IsValid says whether the position is known.
func (p Pos) IsValid() bool { return p.File != "" || p.Line != 0 }
