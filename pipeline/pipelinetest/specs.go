package pipelinetest

import (
	"fmt"
	"strings"
)

// Paper is a spec in the shape of an experiment: axes that are inherited and joined, and a
// table that gathers.
const Paper = `name: paper
seed: 42
stages:
  ratings: {uses: test/text}
  fold:    {uses: test/text, needs: {a: ratings}, matrix: {fold: [1, 0]}, with: {value: "${matrix.fold}"}}
  model:   {uses: test/draws, needs: {a: fold}, matrix: {gender: [0, 400], age: [200]}, with: {value: ["${matrix.gender}", "${matrix.age}"]}}
  privacy: {uses: test/numeric, needs: {b: model, a: fold}}
  table:   {uses: test/gather, gather: {privacy: privacy, folds: fold}}
`

// Chain is a spec of a chain of cells, where the last two have the same input.
const Chain = `name: x
stages:
  a: {uses: test/text, with: {text: a}}
  b: {uses: test/text, needs: {a: a}}
  c: {uses: test/text, needs: {a: b}, with: {n: 0}}
  d: {uses: test/text, needs: {a: b}, with: {n: 1}}
`

// One is a spec of a single cell.
const One = "name: x\nstages:\n  a: {uses: test/text}\n"

// Every is a spec with needs, gathers, seeds, sources and parameters of every type.
const Every = `name: x
seed: 7
stages:
  s: {uses: test/source, with: {text: "a: b\n\t\"\\é\x07"}}
  a: {uses: test/draws, needs: {a: s}, matrix: {i: [0, 1.5, "1", true]}, with: {value: "${matrix.i}"}}
  b: {uses: test/numeric, needs: {a: a, b: s}, with: {value: {deep: [1.0, null, {x: "no"}]}, quiet: true}}
  c: {uses: test/gather, gather: {all: b, same: a}}
  d: {uses: test/plain, needs: {text: c}, gather: {all: a}}
`

// Many is a spec of n cells, half of which depend on the other half.
func Many(n int) string {
	var src strings.Builder
	src.WriteString("name: many\nstages:\n  a: {uses: test/text, matrix: {i: [")
	for i := range n / 2 {
		fmt.Fprint(&src, i, ",")
	}
	src.WriteString("]}, with: {n: \"${matrix.i}\"}}\n  b: {uses: test/text, needs: {a: a}}\n")
	return src.String()
}
