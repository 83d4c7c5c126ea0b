// Package numeric describes what can change the last bits of a result under the same key: the
// processor, the build of the program, and the build of a numeric library. None of it is part of a
// key, so that machines can share results. Records hold it, so that people can see where a result
// comes from.
package numeric

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"foil/internal/words"
)

// A Signature is what the process that computed a result took for its floating-point work. Two
// processes with the same signature, that do the same work, write the same bytes. With different
// signatures the last bits may differ. An empty field means that the work does not depend on it.
type Signature struct {
	Arch  string `json:"arch"`            // GOARCH of the program
	Level string `json:"level,omitempty"` // the instruction level of its build, such as GOAMD64=v1
	Go    string `json:"go"`              // the release of Go that it was built with, such as go1.26
	FMA   FMA    `json:"fma"`             // fused multiply-add in its Go code

	Products SIMD `json:"products,omitempty"` // matrix products in GoMLX's Go backend
	Kernels  SIMD `json:"kernels,omitempty"`  // foil's own loops

	Engine *Engine `json:"engine,omitempty"` // nil: the Go backend computed, or none
}

// An Engine is a numeric library that is not written in Go, on this machine.
type Engine struct {
	Build   string `json:"build"`             // version and digest of the library's file
	CPU     string `json:"cpu,omitempty"`     // processor features that it chooses its code by
	Device  string `json:"device,omitempty"`  // GPUs, with the version of their driver
	Threads int    `json:"threads,omitempty"` // it may sum in another order on another number
}

// FMA says where Go code rounds once for a product and a sum, instead of twice.
type FMA string

const (
	NoFMA    FMA = "none"
	ExpFMA   FMA = "exp"      // only in math.Exp, which looks at the processor
	FusedFMA FMA = "compiler" // wherever the compiler finds a product and a sum
)

// SIMD is the vector code that a loop runs.
type SIMD string

const (
	NoSIMD SIMD = "none"
	AVX2   SIMD = "AVX2"
	AVX512 SIMD = "AVX-512"
)

// Equal reports whether two results were computed in the same way, as far as that is known. nil
// stands for a signature that is not known, and is equal to none.
func Equal(a, b *Signature) bool {
	return a != nil && b != nil && a.program() == b.program() && a.engine() == b.engine()
}

// program is the part that belongs to the processor and the build of the program.
func (s *Signature) program() Signature {
	p := *s
	p.Engine = nil
	return p
}

func (s *Signature) engine() Engine {
	if s.Engine == nil {
		return Engine{}
	}
	return *s.Engine
}

// A field is one fact of a signature. format puts its value into words.
type field struct{ format, value string }

func (f field) String() string { return fmt.Sprintf(f.format, f.value) }

func (s *Signature) fields() []field {
	e := s.engine()
	threads := ""
	if e.Threads > 0 {
		threads = words.Count(e.Threads, "thread")
	}
	return []field{
		{"%s", s.Arch}, {"%s", s.Level}, {"%s", s.Go},
		{"%s in matrix products", simdText(s.Products)}, {"%s in kernels", simdText(s.Kernels)},
		{"fused multiply-add %s", fmaText(s.FMA)},
		{"%s", e.Build}, {"processor features %s", e.CPU}, {"%s", e.Device}, {"%s", threads},
	}
}

func simdText(s SIMD) string {
	if s == NoSIMD {
		return "no SIMD"
	}
	return string(s)
}

func fmaText(f FMA) string {
	switch f {
	case NoFMA:
		return "nowhere"
	case ExpFMA:
		return "in exp"
	case FusedFMA:
		return "everywhere"
	}
	return string(f)
}

// String is the signature in words: "amd64, GOAMD64=v1, go1.26, AVX-512 in matrix products, ...".
func (s *Signature) String() string {
	if s == nil {
		return "a processor that is not known"
	}
	var known []string
	for _, f := range s.fields() {
		if f.value != "" {
			known = append(known, f.String())
		}
	}
	return strings.Join(known, ", ")
}

// Differences returns the facts in which two signatures differ, in the words of each: "AVX-512
// in matrix products" and "AVX2 in matrix products". One that is not known is in words, too.
func Differences(a, b *Signature) (ofA, ofB string) {
	texts := distinguish([]*Signature{a, b})
	return texts[0], texts[1]
}

// distinguish describes each signature by the facts in which they differ.
func distinguish(list []*Signature) []string {
	var known []*Signature
	for _, s := range list {
		if s != nil {
			known = append(known, s)
		}
	}
	varies := varying(known)
	texts := make([]string, len(list))
	for i, s := range list {
		if s == nil {
			texts[i] = s.String()
			continue
		}
		var facts []string
		for j, f := range s.fields() {
			if varies[j] && f.value != "" {
				facts = append(facts, f.String())
			}
		}
		if texts[i] = strings.Join(facts, ", "); len(facts) == 0 {
			texts[i] = s.String()
		}
	}
	return texts
}

// varying tells for each field whether signatures have different values.
func varying(list []*Signature) map[int]bool {
	varies := map[int]bool{}
	for _, s := range list {
		for j, f := range s.fields() {
			varies[j] = varies[j] || f != list[0].fields()[j]
		}
	}
	return varies
}

// maxText is longer than any fact of a signature that foil writes.
const maxText = 400

// UnmarshalJSON reads a signature from a record, which may come from somebody else and is shown on
// terminals. So it refuses text that is no plain line.
func (s *Signature) UnmarshalJSON(text []byte) error {
	type plain Signature // without this method
	var p plain
	if err := json.Unmarshal(text, &p); err != nil {
		return err
	}
	read := Signature(p)
	if read.Arch == "" || read.Go == "" || read.FMA == "" {
		return fmt.Errorf("numeric signature: arch, go and fma must not be empty")
	}
	for _, f := range read.fields() {
		if len(f.value) > maxText || strings.ContainsFunc(f.value, func(r rune) bool { return !unicode.IsPrint(r) }) {
			return fmt.Errorf("numeric signature: %.40q is not a short line of text", f.value)
		}
	}
	*s = read
	return nil
}
