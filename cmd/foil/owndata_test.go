package main

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// makeOwnData is `owndata DIR`: it writes the files that docs/data.md describes, of 60 users and 30
// items, and images. Women prefer the first items; images of one class are dark, of the other bright.
func makeOwnData(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: owndata DIR")
	}
	r := rand.New(rand.NewPCG(1, 2))
	var ratings, users strings.Builder
	ratings.WriteString("user,item,stars,when\n")
	users.WriteString("user\tgender\tage\n")
	for u := range 60 {
		fmt.Fprintf(&users, "%d\t%s\t%d\n", u, []string{"f", "m"}[u%2], 20+u%30)
		for i := range 30 {
			if likes := r.IntN(30) > i == (u%2 == 0); likes && r.IntN(3) > 0 {
				fmt.Fprintf(&ratings, "%d,B%03d,%d,2024-%02d-%02d 10:15:00\n", u, i, 3+r.IntN(3), 1+r.IntN(12), 1+r.IntN(28))
			}
		}
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o777))
	for name, text := range map[string]string{"ratings.csv": ratings.String(), "users.tsv": users.String()} {
		ts.Check(os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666))
	}
	for part, n := range map[string]int{"train": 24, "test": 6} {
		for class, level := range map[string]int{"dark": 40, "bright": 180} {
			folder := filepath.Join(dir, "pictures", part, class)
			ts.Check(os.MkdirAll(folder, 0o777))
			for i := range n {
				m := image.NewGray(image.Rect(0, 0, 16, 16))
				for at := range m.Pix {
					m.Pix[at] = uint8(level + r.IntN(40))
				}
				var b bytes.Buffer
				ts.Check(png.Encode(&b, m))
				ts.Check(os.WriteFile(filepath.Join(folder, fmt.Sprint(i, ".png")), b.Bytes(), 0o666))
			}
		}
	}
}
