//go:build unix

package command

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/internal/attributes"
	"foil/internal/kindtest"
	"foil/internal/kindtest/trained"
	"foil/internal/safetensors"
	"foil/pipeline"
	"foil/stages/attack"
	"foil/stages/encode"
	"foil/stages/erase"
	"foil/stages/evaluate"
	"foil/stages/load"
	"foil/stages/train/ease"
)

func kinds(name string) *pipeline.Kind {
	for _, k := range []pipeline.Kind{Command(), ease.Kind()} {
		if k.Name == name {
			return &k
		}
	}
	return trained.Kinds(name)
}

// metricsBy runs a kind with inputs and returns its metrics.
func metricsBy(t *testing.T, kind pipeline.Kind, params any, inputs map[string]pipeline.Artifact) []artifact.Metric {
	t.Helper()
	return kindtest.Metrics(t, kindtest.MustRun(t, kind, params, &pipeline.Cell{Kind: kinds, Inputs: inputs, Seed: 1}))
}

func mustWrite(t *testing.T, w written, of string, inputs map[string]pipeline.Artifact) pipeline.Artifact {
	t.Helper()
	a, _, err := w.run(t, of, inputs)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Latent vectors that a program copies are the artifact of foil's own stage, byte for byte, so that
// attacks and erasures cannot tell them apart.
func TestCopiedLatentsAreTheSameArtifact(t *testing.T) {
	data := kindtest.Split(t)
	model := trained.Model(t, data, 2)
	own := trained.Latents(t, model, data)
	w := written{}
	for _, name := range []string{bestWeights, lastWeights} {
		w[name] = []byte(read(t, own, name))
	}
	copied := mustWrite(t, w, artifact.TypeLatents, map[string]pipeline.Artifact{"data": data, "latents": own})
	if copied.Digest() != own.Digest() {
		t.Errorf("got %v\nwant %v", copied.Files, own.Files)
	}
	// The model may also be the input itself.
	given := mustWrite(t, w, artifact.TypeLatents, map[string]pipeline.Artifact{"data": data, "model": model})
	if given.Digest() != own.Digest() {
		t.Errorf("got %v\nwant %v", given.Files, own.Files)
	}
}

func TestLatentsOfAProgramAreAttackedAndErased(t *testing.T) {
	data := kindtest.Split(t)
	split, err := artifact.ReadSplit(data.Path)
	if err != nil {
		t.Fatal(err)
	}
	z := make([]float64, 60*2)
	user, rows := make([]int64, 60), make([][]float64, 60)
	for u, g := range split.Users.Attributes[0].Category {
		z[2*u+1] = float64(u % 7)
		if g == "f" {
			z[2*u] = 1
		}
		at := (u + 13) % 60 // rows of a table may be in any order
		user[at], rows[at] = int64(u), z[2*u:2*u+2]
	}
	inputs := map[string]pipeline.Artifact{"data": data}
	l := mustWrite(t, written{"latents.npy": npyFile("<f8", z, 60, 2)}, artifact.TypeLatents, inputs)
	table := mustWrite(t, written{"latents.arrow": arrowTable(t, tableColumn{"latent", rows}, tableColumn{"user", user})}, artifact.TypeLatents, inputs)
	if l.Digest() != table.Digest() {
		t.Error("a table and an array with the same vectors are different artifacts")
	}
	p := attack.LatentProbe().Params().(*attack.LatentProbeParams)
	p.Attributes = []attack.Attribute{{Param: attributes.Param{Attribute: "gender"}, Hidden: 5}}
	p.Epochs, p.Batch, p.Rate = 100, 16, 1e-2
	accuracy := func(l pipeline.Artifact) float64 {
		for _, m := range metricsBy(t, attack.LatentProbe(), p, map[string]pipeline.Artifact{"latents": l, "data": data}) {
			if m.Name == "bacc" && m.Checkpoint == checkpoints.Best {
				return m.Value
			}
		}
		t.Fatal("no bacc")
		return 0
	}
	if got := accuracy(l); got < 0.9 {
		t.Errorf("bacc is %g, but the vectors hold the gender", got)
	}
	e := erase.LEACE().Params().(*erase.LEACEParams)
	e.Attributes = []erase.Attribute{{Attribute: "gender"}}
	erased := kindtest.MustRun(t, erase.LEACE(), e, &pipeline.Cell{Kind: kinds, Inputs: map[string]pipeline.Artifact{"latents": l, "data": data}})
	if got := accuracy(erased); got > 0.75 {
		t.Errorf("bacc is %g after the erasure", got)
	}
}

// A recommender of foil's, its weights with a description, its scores and its lists are ranked alike.
func TestAllFormsOfARecommenderAreRankedAlike(t *testing.T) {
	data := kindtest.Split(t)
	split, err := artifact.ReadSplit(data.Path)
	if err != nil {
		t.Fatal(err)
	}
	const items = 20
	inputs := map[string]pipeline.Artifact{"data": data}
	own := kindtest.MustRun(t, ease.Kind(), nil, &pipeline.Cell{Inputs: inputs})
	file, err := safetensors.Parse([]byte(read(t, own, lastWeights)))
	if err != nil {
		t.Fatal(err)
	}
	w := file["weights"].F32
	transposed := make([]float32, len(w))
	for i := range items {
		for j := range items {
			transposed[j*items+i] = w[i*items+j]
		}
	}
	weights := mustWrite(t, written{
		"model.json":       []byte(`{"input": "binary", "decoder": [{"weight": "B.weight"}]}`),
		"last.safetensors": tensorFile(t, safetensors.Tensor{Name: "B.weight", Shape: []int{items, items}, F32: transposed}),
	}, artifact.TypeRecommender, inputs)

	matrix := make([]float32, 60*items)
	var user, item []int32
	var score []float64
	for _, part := range []string{artifact.Train, artifact.Validation, artifact.Test} {
		used := split.Train
		if part != artifact.Train {
			used, _ = split.Held(part)
		}
		rows := artifact.NewRows(used)
		for u, id := range rows.User {
			for _, i := range rows.Items(u) {
				for j := range items {
					matrix[int(id)*items+j] += w[int(i)*items+j]
				}
			}
			for j := range items {
				user, item, score = append(user, id), append(item, int32(j)), append(score, float64(matrix[int(id)*items+j]))
			}
		}
	}
	dense := mustWrite(t, written{"scores.npy": npyFile("<f4", matrix, 60, items)}, artifact.TypeScores, inputs)
	lists := mustWrite(t, written{"scores.arrow": arrowTable(t, tableColumn{"user", user}, tableColumn{"item", item}, tableColumn{"score", score})}, artifact.TypeScores, inputs)

	p := evaluate.Ranking().Params().(*evaluate.RankingParams)
	p.K, p.Splits, p.Groups = []int{3, 5}, []string{artifact.Test, artifact.Validation}, []string{"gender"}
	want := metricsBy(t, evaluate.Ranking(), p, map[string]pipeline.Artifact{"model": own, "data": data})
	for name, model := range map[string]pipeline.Artifact{"weights": weights, "matrix": dense, "lists": lists} {
		if got := metricsBy(t, evaluate.Ranking(), p, map[string]pipeline.Artifact{"model": model, "data": data}); !slices.Equal(got, want) {
			t.Errorf("%s: got %v\nwant %v", name, got, want)
		}
	}
	a := attack.ListFamily().Params().(*attack.ListFamilyParams)
	a.K, a.MinUsers = 3, 1
	a.Attributes = []attack.FamilyAttribute{{Attribute: "gender"}}
	want = metricsBy(t, attack.ListFamily(), a, map[string]pipeline.Artifact{"model": own, "data": data})
	if got := metricsBy(t, attack.ListFamily(), a, map[string]pipeline.Artifact{"model": lists, "data": data}); !slices.Equal(got, want) {
		t.Errorf("attack on lists: got %v\nwant %v", got, want)
	}

	// What the scores of a program cannot do is told.
	few := []int{}
	for i := range user {
		if item[i] < 4 {
			few = append(few, i)
		}
	}
	pick := func(v []int32) (out []int32) {
		for _, i := range few {
			out = append(out, v[i])
		}
		return out
	}
	short := mustWrite(t, written{"scores.arrow": arrowTable(t, tableColumn{"user", pick(user)}, tableColumn{"item", pick(item)}, tableColumn{"score", make([]float64, len(few))})}, artifact.TypeScores, inputs)
	zero := *p
	zero.Seen = "zero"
	for _, c := range []struct {
		params *evaluate.RankingParams
		inputs map[string]pipeline.Artifact
		want   string
	}{
		{p, map[string]pipeline.Artifact{"model": short, "data": data}, "items that the user has not used, but k is 5; let the program write longer lists, or lower k"},
		{&zero, map[string]pipeline.Artifact{"model": lists, "data": data}, "seen: zero needs the scores of all items"},
		{p, map[string]pipeline.Artifact{"model": dense, "data": data, "latents": dense}, "leave out the input latents"},
	} {
		_, err := kindtest.Run(t, evaluate.Ranking(), c.params, &pipeline.Cell{Kind: kinds, Inputs: c.inputs})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
	_, err = kindtest.Run(t, encode.Latents(), nil, &pipeline.Cell{Kind: kinds, Inputs: map[string]pipeline.Artifact{"model": weights, "data": data}})
	if err == nil || !strings.Contains(err.Error(), "has no latent vectors") {
		t.Errorf("got %v", err)
	}
}

// An autoencoder of a program has latent vectors, from which its scores are computed.
func TestEncoderOfAProgramHasLatents(t *testing.T) {
	data := kindtest.Split(t)
	inputs := map[string]pipeline.Artifact{"data": data}
	down, up, bias := make([]float32, 4*20), make([]float32, 20*4), []float32{0.1, 0, -0.1, 0}
	for i := range down {
		down[i], up[i] = float32(i%9)-4, float32(i%7)-3
	}
	model := mustWrite(t, written{
		"model.json": []byte(`{"input": "l2", "encoder": [{"weight": "e.weight", "bias": "e.bias", "activation": "tanh"}], "decoder": [{"weight": "d.weight"}]}`),
		"last.safetensors": tensorFile(t, safetensors.Tensor{Name: "e.weight", Shape: []int{4, 20}, F32: down}, safetensors.Tensor{Name: "e.bias", Shape: []int{4}, F32: bias},
			safetensors.Tensor{Name: "d.weight", Shape: []int{20, 4}, F32: up}),
	}, artifact.TypeRecommender, inputs)
	l := kindtest.MustRun(t, encode.Latents(), nil, &pipeline.Cell{Kind: kinds, Inputs: map[string]pipeline.Artifact{"model": model, "data": data}})
	p := evaluate.Ranking().Params().(*evaluate.RankingParams)
	p.K = []int{5}
	with := metricsBy(t, evaluate.Ranking(), p, map[string]pipeline.Artifact{"model": model, "latents": l, "data": data})
	without := metricsBy(t, evaluate.Ranking(), p, map[string]pipeline.Artifact{"model": model, "data": data})
	if !slices.Equal(with, without) || len(with) == 0 {
		t.Errorf("with latent vectors %v, without %v", with, without)
	}
}

func TestImagesOfAProgramAreThoseOfFoil(t *testing.T) {
	p := load.SyntheticImages().Params().(*load.SyntheticImagesParams)
	p.Classes, p.Size, p.PerClassTrain, p.PerClassTest = 4, 16, 2, 1
	own := kindtest.MustRun(t, load.SyntheticImages(), p, &pipeline.Cell{Seed: 1})
	m, err := artifact.ReadImages(own.Path)
	if err != nil {
		t.Fatal(err)
	}
	arrays := map[string][]byte{}
	tables := written{"image.json": []byte(fmt.Sprintf(`{"channels": %d, "height": 16, "width": 16}`, m.Shape.Channels)), "classes.arrow": arrowTable(t, tableColumn{"name", m.Classes})}
	for name, set := range map[string]artifact.ImageSet{"train": m.Train, "test": m.Test} {
		n, size := set.Len(), m.Shape.Size()
		var images [][]byte
		last := make([]byte, 0, n*size) // channels last, as Pillow has them
		for i := range n {
			image := set.Pixels[i*size : (i+1)*size]
			images = append(images, image)
			for at := range 256 {
				for c := range m.Shape.Channels {
					last = append(last, image[c*256+at])
				}
			}
		}
		tables[name+".arrow"] = arrowTable(t, tableColumn{"image", images}, tableColumn{"label", set.Label})
		arrays[name+"_image"], arrays[name+"_label"] = npyFile("|u1", last, n, 16, 16, m.Shape.Channels), npyFile("<i4", set.Label, n)
	}
	for name, w := range map[string]written{"tables": tables, "arrays": {"images.npz": npzFile(arrays), "classes.arrow": tables["classes.arrow"]}} {
		got := mustWrite(t, w, artifact.TypeImages, nil)
		if got.Digest() != own.Digest() {
			t.Errorf("%s: got %v\nwant %v", name, got.Files, own.Files)
		}
	}
}

func TestOutcomesStandForMetrics(t *testing.T) {
	a := mustWrite(t, written{"outcomes.csv": []byte("user,split,bacc [balance=label],label,ndcg@10\n0,test,1,0,0.5\n1,test,0,0,1\n2,test,1,1,\n")}, artifact.TypeMetrics, nil)
	want := []artifact.Metric{{Name: "bacc", Value: 0.75, Split: "test"}, {Name: "ndcg", K: 10, Value: 0.75, Split: "test"}}
	if got := kindtest.Metrics(t, a); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
