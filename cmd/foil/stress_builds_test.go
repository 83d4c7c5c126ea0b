package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"foil/internal/digest"
	"foil/internal/numeric"
	"foil/internal/store"
	"foil/stages"
)

const buildsSpec = `name: builds
seed: 1
stages:
  ratings: {uses: load/synthetic, with: {users: 200, items: 100}}
  core: {uses: filter/k-core, needs: {interactions: ratings}}
  fold: {uses: split/user-kfold, needs: {interactions: core}, with: {fold: 0}}
  vae: {uses: train/advx-multvae, needs: {data: fold}, with: {epochs: 3, latent: 16, adversaries: [{attribute: gender, lambda: 5}, {attribute: age, range: [1, 80], lambda: 5}]}}
  bpr: {uses: train/bpr, needs: {data: fold}, with: {epochs: 3, width: 16}}
  ease: {uses: train/ease, needs: {data: fold}}
  popular: {uses: recommend/popularity, needs: {data: fold}}
  latents: {uses: encode/latents, needs: {model: vae, data: fold}}
  privacy: {uses: attack/latent-probe, needs: {latents: latents, data: fold}, with: {epochs: 5, attributes: [{attribute: gender}]}}
  u-vae: {uses: evaluate/ranking, needs: {model: vae, data: fold}, with: {k: [10]}}
  u-bpr: {uses: evaluate/ranking, needs: {model: bpr, data: fold}, with: {k: [10]}}
  u-ease: {uses: evaluate/ranking, needs: {model: ease, data: fold}, with: {k: [10]}}
  u-popular: {uses: evaluate/ranking, needs: {model: popular, data: fold}, with: {k: [10]}}
  course: {uses: evaluate/training, needs: {model: vae}}
  table:
    uses: report/table
    gather: {vae: u-vae, bpr: u-bpr, ease: u-ease, popular: u-popular}
    with:
      columns: [{title: A, from: vae, metric: ndcg, checkpoint: last}, {title: B, from: bpr, metric: ndcg, checkpoint: last}, {title: C, from: ease, metric: ndcg, checkpoint: last}, {title: D, from: popular, metric: ndcg, checkpoint: last}]
      tables: [{title: T, rows: [{name: all}]}]
  images: {uses: load/synthetic-images, with: {classes: 2, size: 16, per_class_train: 16, per_class_test: 8}}
  classifier: {uses: train/classifier, needs: {data: images}, with: {method: fgsm, network: {name: small-cnn}, epochs: 1, batch: 8}}
  attacked: {uses: attack/fgsm, needs: {model: classifier, data: images}}
  strongest: {uses: evaluate/strongest, needs: {fgsm: attacked}}
`

// A variant is a build of foil on a machine, which GODEBUG and GoMLX's variables stand for.
type variant struct {
	name    string
	program string
	env     []string
}

// TestMixedBuilds makes the same cells with several builds of foil on several kinds of machines.
// Two records of one key have the same outputs where their signatures are the same, and where the
// kind gives the same output everywhere.
func TestMixedBuilds(t *testing.T) {
	if os.Getenv("FOIL_STRESS") == "" {
		t.Skip("it builds foil three times; make stress runs it")
	}
	if !hasFeatures() {
		t.Skip("the processor has no features that GODEBUG could turn off")
	}
	dir := t.TempDir()
	spec := filepath.Join(dir, "builds.yaml")
	if err := os.WriteFile(spec, []byte(buildsSpec), 0o666); err != nil {
		t.Fatal(err)
	}
	build := func(name string, env ...string) string {
		program := filepath.Join(dir, name)
		cmd := exec.Command("go", "build", "-o", program, ".")
		cmd.Env = append(os.Environ(), env...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("building %s: %v\n%s", name, err, out)
		}
		return program
	}
	simd, v3, plain := build("simd", "GOEXPERIMENT=simd", "GOAMD64=v1"), build("v3", "GOEXPERIMENT=simd", "GOAMD64=v3"), build("plain", "GOEXPERIMENT=", "GOAMD64=v1")
	made := map[digest.Key][]*store.Record{}
	for _, v := range []variant{
		{"simd", simd, nil}, {"plain", plain, nil}, {"v3", v3, nil},
		{"again", simd, nil},
		{"avx2", simd, []string{"GODEBUG=cpu.avx512f=off"}},
		{"no-avx", simd, []string{"GODEBUG=cpu.avx512f=off,cpu.avx2=off"}},
		{"no-fma", simd, []string{"GODEBUG=cpu.fma=off"}},
		{"gomlx", simd, []string{"GOMLX_SIMD_AVX512=0"}},
	} {
		for _, r := range runVariant(t, dir, v) {
			made[r.Key] = append(made[r.Key], r)
		}
	}
	signatures, differ := map[string]bool{}, 0
	for _, records := range made {
		for i, a := range records {
			if a.Numeric != nil {
				signatures[a.Numeric.String()] = true
			}
			for _, b := range records[:i] {
				if !slices.Equal(a.Outputs, b.Outputs) {
					differ++
					checkDifference(t, a, b)
				}
			}
		}
	}
	if differ == 0 || len(signatures) < 5 {
		t.Errorf("%d pairs of outputs differ and there are %d signatures: does this test still mix builds?", differ, len(signatures))
	}
	t.Logf("%d keys, %d signatures, %d pairs with different outputs", len(made), len(signatures), differ)
}

func checkDifference(t *testing.T, a, b *store.Record) {
	t.Helper()
	for _, k := range stages.All() {
		if k.Name == a.Kind && !k.Rounded() {
			t.Errorf("%s: another output, and the kind does not say that it rounds (%v and %v)", a.Cell, a.Outputs, b.Outputs)
		}
	}
	if numeric.Equal(a.Numeric, b.Numeric) {
		t.Errorf("%s: other outputs with the same signature %s", a.Cell, a.Numeric)
	}
}

// runVariant runs the spec in a cache of its own, and returns the records.
func runVariant(t *testing.T, dir string, v variant) (records []*store.Record) {
	t.Helper()
	cache := filepath.Join(dir, "cache-"+v.name)
	cmd := exec.Command(v.program, "run", "builds.yaml", "--cache", cache, "--results", cache+"-results")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), v.env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", v.name, err, out)
	}
	err := filepath.WalkDir(filepath.Join(cache, "actions"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var key digest.Key
		if err := key.UnmarshalText([]byte(strings.TrimSuffix(d.Name(), ".json"))); err != nil {
			return err
		}
		r, err := store.DecodeRecord(path, text, key)
		if err != nil {
			return fmt.Errorf("%s %w", path, err)
		}
		records = append(records, r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s on %s: %d records", v.name, runtime.GOARCH, len(records))
	return records
}
