package load_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"foil/internal/dataset"
	"foil/internal/testenv"
	"foil/pipeline"
	"foil/stages/filter"
	"foil/stages/load"
)

// run finds the kind's sources, as planning does, and runs it.
func run(b *testing.B, kind pipeline.Kind, cell *pipeline.Cell) pipeline.Artifact {
	b.Helper()
	cell.OutDir = b.TempDir()
	params := kind.Params()
	var err error
	if cell.Sources, err = kind.Sources(b.Context(), cell.Env, params); err != nil {
		b.Fatal(err)
	}
	if err := kind.Run(b.Context(), cell, params); err != nil {
		b.Fatal(err)
	}
	a, err := pipeline.DirArtifact(cell.OutDir)
	if err != nil {
		b.Fatal(err)
	}
	return a
}

// The whole road of MovieLens 1M from its zip to filtered Arrow tables, with
// all digests. The target is 0.4 s.
func BenchmarkMovieLens1MFromZipToFilteredTables(b *testing.B) {
	env := &pipeline.Env{DataDir: testenv.DataDir(b, "ml-1m.zip")}
	for b.Loop() {
		ratings := run(b, load.MovieLens1M(), &pipeline.Cell{Env: env})
		run(b, filter.KCore(), &pipeline.Cell{Inputs: map[string]pipeline.Artifact{"interactions": ratings}})
	}
}

// Files of the size of LFM-2b-100k's to Arrow tables, with all digests. The
// target is 1.5 s, packed or not.
func BenchmarkLFM2b100kToTables(b *testing.B) {
	plain := b.TempDir()
	writeLFM(b, plain)
	b.Run("plain", func(b *testing.B) { loadLFM(b, plain) })
	b.Run("bzip2", func(b *testing.B) { loadLFM(b, packedLFM(b, plain)) })
}

func loadLFM(b *testing.B, dir string) {
	for b.Loop() {
		run(b, load.LFM2b100k(), &pipeline.Cell{Env: &pipeline.Env{DataDir: dir}})
	}
}

// 60,000 images of CIFAR-10's layout to Arrow tables, with all digests.
func BenchmarkCIFAR10ToTables(b *testing.B) {
	set := dataset.CIFAR10
	folder, archive := b.TempDir(), b.TempDir()
	writeCIFAR(b, folder)
	tar := exec.Command("tar", "-C", folder, "-czf", filepath.Join(archive, set.Original.Name), ".")
	b.Run("folder", func(b *testing.B) { loadCIFAR(b, folder) })
	b.Run("archive", func(b *testing.B) {
		if text, err := tar.CombinedOutput(); err != nil {
			b.Skipf("there is no tar to pack the files with: %v\n%s", err, text)
		}
		loadCIFAR(b, archive)
	})
}

func loadCIFAR(b *testing.B, dir string) {
	b.ReportAllocs()
	for b.Loop() {
		run(b, load.CIFAR10(), &pipeline.Cell{Env: &pipeline.Env{DataDir: dir}})
	}
}

// writeCIFAR makes up 10,000 images to a file. Like photographs, they are hard to
// pack: neighbours differ by a few levels.
func writeCIFAR(b *testing.B, dir string) {
	const each, pixels = 10_000, dataset.CIFARChannels * dataset.CIFARSide * dataset.CIFARSide
	r := rand.New(rand.NewPCG(1, 2))
	set := dataset.CIFAR10
	for _, file := range slices.Concat(set.Train, set.Test) {
		content := make([]byte, 0, each*(1+pixels))
		for i := range each {
			content = append(content, byte(i%10))
			level := byte(r.IntN(256))
			for range pixels {
				level += byte(r.IntN(17)) - 8
				content = append(content, level)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, file.Name), content, 0o666); err != nil {
			b.Fatal(err)
		}
	}
	names := "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n"
	if err := os.WriteFile(filepath.Join(dir, set.Labels[0].File), []byte(names), 0o666); err != nil {
		b.Fatal(err)
	}
}

// packedLFM packs copies of the files with the machine's bzip2.
func packedLFM(b *testing.B, plain string) string {
	if _, err := exec.LookPath("bzip2"); err != nil {
		b.Skip("there is no bzip2 to pack the files with")
	}
	dir := b.TempDir()
	files, err := filepath.Glob(filepath.Join(plain, "*.tsv"))
	if err != nil {
		b.Fatal(err)
	}
	for _, file := range files {
		out, err := exec.Command("bzip2", "--stdout", file).Output()
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, filepath.Base(file)+".bz2"), out, 0o666)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	return dir
}

// writeLFM makes up 9,364 users, 99,973 tracks and 1.8 million pairs, in the
// order of the published file: by user, a user's tracks in none. Some tracks
// are far more popular than others.
func writeLFM(b *testing.B, dir string) {
	const numUsers, numTracks, each = 9_364, 99_973, 194
	r := rand.New(rand.NewPCG(1, 2))
	var users, tracks, plays strings.Builder
	for i := range numTracks {
		fmt.Fprintf(&tracks, "Artist of Some Name %d\tTitle of a Track %d\n", r.IntN(9000), i)
	}
	for u := range numUsers {
		country, gender := string(rune('A'+r.IntN(12)))+"X", []string{"m", "f"}[r.IntN(5)/4]
		fmt.Fprintf(&users, "%d\t%s\t%d\t%s\t2006-06-18 21:07:33\n", u, country, 9+r.IntN(60), gender)
		for seen := make(map[int]bool, each); len(seen) < each; {
			x := r.Float64()
			if track := int(x * x * x * numTracks); !seen[track] {
				seen[track] = true
				fmt.Fprintf(&plays, "%d\t%d\t%d\n", u, track, 2+int(r.ExpFloat64()*5))
			}
		}
	}
	for name, text := range map[string]string{"user_data.tsv": users.String(), "tracks.tsv": tracks.String(), "inter.tsv": plays.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			b.Fatal(err)
		}
	}
}
