//go:build unix

package command

import (
	"math"
	"slices"
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/internal/kindtest"
	"foil/internal/safetensors"
	"foil/pipeline"
)

// Whatever is wrong with what a program wrote is told once, with file, place, what was found and what
// is wanted, and nothing becomes part of the output.
func TestWrongOutputsAreExplained(t *testing.T) {
	data := kindtest.Split(t)
	split, err := artifact.ReadSplit(data.Path)
	if err != nil {
		t.Fatal(err)
	}
	const users, items, width = 60, 20, 3
	if split.Users.Len() != users || split.Items.Len() != items {
		t.Fatal("the split is another one")
	}
	splitInput := map[string]pipeline.Artifact{"data": data}

	// What a program writes when all is well.
	everybody := make([]int64, users)
	vectors := make([][]float64, users)
	flat := make([]float32, users*width)
	matrix := make([]float32, users*items)
	for u := range everybody {
		everybody[u] = int64(u)
		vectors[u] = []float64{float64(u), 0.1, -1}
	}
	var pairUser, pairItem []int64
	var pairScore []float64
	for u := range users {
		for i := range items {
			pairUser, pairItem, pairScore = append(pairUser, int64(u)), append(pairItem, int64(i)), append(pairScore, float64(i))
		}
	}
	latentTable := func(change func(user []int64, z [][]float64)) written {
		user, z := slices.Clone(everybody), slices.Clone(vectors)
		for i := range z {
			z[i] = slices.Clone(z[i])
		}
		change(user, z)
		return written{"latents.arrow": arrowTable(t, tableColumn{"user", user}, tableColumn{"latent", z})}
	}
	scoreTable := func(change func(user, item []int64, score []float64)) written {
		user, item, score := slices.Clone(pairUser), slices.Clone(pairItem), slices.Clone(pairScore)
		change(user, item, score)
		return written{"scores.arrow": arrowTable(t, tableColumn{"user", user}, tableColumn{"item", item}, tableColumn{"score", score})}
	}
	latentArray := func(at int, v float32) written {
		z := slices.Clone(flat)
		z[at] = v
		return written{"latents.npy": npyFile("<f4", z, users, width)}
	}
	square := func(change func(w []float32)) safetensors.Tensor {
		w := make([]float32, items*items)
		change(w)
		return safetensors.Tensor{Name: "w", Shape: []int{items, items}, F32: w}
	}
	nothing := func([]float32) {}
	model := written{"model.json": []byte(`{"input": "binary", "decoder": [{"weight": "w"}]}`), "last.safetensors": tensorFile(t, square(nothing))}
	shape := []byte(`{"channels": 1, "height": 2, "width": 2}`)
	imageTable := func(label []int64, image ...[]byte) []byte {
		return arrowTable(t, tableColumn{"label", label}, tableColumn{"image", image})
	}
	pixels := []byte{0, 50, 100, 255}
	images := written{"train.arrow": imageTable([]int64{0, 1}, pixels, pixels), "test.arrow": imageTable([]int64{1}, pixels), "image.json": shape}
	archive := func(name string, content []byte) written {
		arrays := map[string][]byte{
			"train_image": npyFile("|u1", make([]uint8, 2*8*8*3), 2, 8, 8, 3), "train_label": npyFile("<i8", []int64{0, 1}, 2),
			"test_image": npyFile("|u1", make([]uint8, 8*8*3), 1, 8, 8, 3), "test_label": npyFile("<i8", []int64{0}, 1),
		}
		if arrays[name] = content; content == nil {
			delete(arrays, name)
		}
		return written{"images.npz": npzFile(arrays)}
	}
	pictures, _, err := archive("none", npyFile("|u1", []uint8{0}, 1)).run(t, artifact.TypeImages, nil)
	if err != nil {
		t.Fatal(err)
	}
	imageInput := map[string]pipeline.Artifact{"data": pictures}
	nan := float32(math.NaN())
	none := func(user []int64, z [][]float64) {}

	for _, c := range []struct {
		name   string
		of     string
		files  written
		inputs map[string]pipeline.Artifact
		want   string
	}{
		// Latent vectors.
		{"text ids", "latents", written{"latents.arrow": arrowTable(t, tableColumn{"user", []string{"a"}}, tableColumn{"latent", [][]float64{{1}}})}, splitInput,
			`out/latents.arrow: column "user" is text (utf8); it must be a whole number: cast it, in pyarrow with cast(pa.int32())`},
		{"fractional ids", "latents", written{"latents.arrow": arrowTable(t, tableColumn{"user", []float64{1, 2.5}}, tableColumn{"latent", [][]float64{{1}, {2}}})}, splitInput,
			`out/latents.arrow: column "user", row 1: 2.5 is not a whole number of 32 bits`},
		{"numbers, not lists", "latents", written{"latents.arrow": arrowTable(t, tableColumn{"user", []int64{0}}, tableColumn{"latent", []float64{1}})}, splitInput,
			`out/latents.arrow: column "latent" is float64; it must be lists of numbers: cast it`},
		{"a column is missing", "latents", written{"latents.arrow": arrowTable(t, tableColumn{"user", everybody}, tableColumn{"z", vectors})}, splitInput,
			`out/latents.arrow: column "latent" is missing; the columns are "user", "z"`},
		{"an unknown column", "latents", written{"latents.arrow": arrowTable(t, tableColumn{"user", everybody}, tableColumn{"latent", vectors}, tableColumn{"age", everybody})}, splitInput,
			`out/latents.arrow: column "age" is not known here, and would be lost; remove it`},
		{"an unknown split", "latents", written{"latents.arrow": arrowTable(t, tableColumn{"user", []int64{0}}, tableColumn{"latent", [][]float64{{1}}}, tableColumn{"split", []string{"valid"}})}, splitInput,
			`out/latents.arrow: column "split", row 0: "valid" is not one of "train", "validation", "test"`},
		{"NaN in a list", "latents", latentTable(func(_ []int64, z [][]float64) { z[7][1] = math.NaN() }), splitInput,
			`out/latents.arrow: column "latent", row 7: number 1: it is NaN, and must be a finite number`},
		{"lists of different lengths", "latents", latentTable(func(_ []int64, z [][]float64) { z[9] = z[9][:2] }), splitInput,
			`out/latents.arrow: column "latent", row 9: the list has 2 numbers, and the first row has 3`},
		{"a user outside", "latents", latentTable(func(user []int64, _ [][]float64) { user[4] = 60 }), splitInput,
			`out/latents.arrow: row 4: user 60 is outside 0..59, the rows of users.arrow`},
		{"a user twice", "latents", latentTable(func(user []int64, _ [][]float64) { user[4] = 3 }), splitInput,
			`out/latents.arrow: rows 3 and 4 are both user 3; each user may have one row`},
		{"users without vectors", "latents", written{"latents.arrow": arrowTable(t, tableColumn{"user", everybody[:59]}, tableColumn{"latent", vectors[:59]})}, splitInput,
			`out/latents.arrow: 1 of the 12 test users have no latent vector, such as user 59; each user with items in the split must have one`},
		{"an empty file", "latents", written{"latents.arrow": {}}, splitInput, `out/latents.arrow: the file is empty`},
		{"a truncated file", "latents", written{"latents.arrow": latentTable(none)["latents.arrow"][:900]}, splitInput, `out/latents.arrow: not a valid Arrow stream: it is truncated`},
		{"CSV, called Arrow", "latents", written{"latents.arrow": []byte("user,latent\n")}, splitInput, `out/latents.arrow: it is not Arrow IPC`},
		{"Parquet", "latents", written{"latents.arrow": []byte("PAR1 and more")}, splitInput, `out/latents.arrow: it is a Parquet file; write Arrow IPC instead`},
		{"a transposed array", "latents", written{"latents.npy": npyFile("<f4", flat, width, users)}, splitInput,
			`out/latents.npy: the array has the shape (3, 60); it must be (60, n), with a row for each of the 60 rows of users.arrow`},
		{"one axis", "latents", written{"latents.npy": npyFile("<f4", flat, users*width)}, splitInput, `out/latents.npy: the array has the shape (180,); it must be (60, n)`},
		{"an array of objects", "latents", written{"latents.npy": npyFile("|O", []uint8{1}, 1)}, splitInput, `out/latents.npy: its values are Python objects (dtype object), as of lists of different lengths; they must be numbers`},
		{"infinity in an array", "latents", latentArray(7*width+2, float32(math.Inf(1))), splitInput, `out/latents.npy: row 7, column 2: it is +Inf, and must be a finite number`},
		{"half of a row is NaN", "latents", latentArray(5*width, nan), splitInput, `out/latents.npy: row 5, column 0: it is NaN`},
		{"two forms", "latents", latentArray(0, 0).with("latents.arrow", latentTable(none)["latents.arrow"]), splitInput,
			`the program wrote both out/latents.arrow and out/latents.npy; let it write one of them`},
		{"no split", "latents", latentArray(0, 0), nil, `the stage has no input of type split, which tells what the output is about; add needs: {data: STAGE}`},
		{"tensors without users", "latents", written{"last.safetensors": tensorFile(t, safetensors.Tensor{Name: "test", Shape: []int{1, 1}, F32: []float32{1}})}, splitInput,
			`out/last.safetensors: tensor "test.user" is missing`},
		{"no tensors of users", "latents", written{"last.safetensors": tensorFile(t, square(nothing))}, splitInput, `out/last.safetensors: it has none of the tensors "train", "validation", "test"`},

		// Scores.
		{"a matrix of another width", "scores", written{"scores.npy": npyFile("<f4", flat, users, width)}, splitInput, `out/scores.npy: each user has 3 scores; it must be 20, one for each row of items.arrow`},
		{"scores that are truth values", "scores", written{"scores.npy": npyFile("|b1", make([]uint8, users*items), users, items)}, splitInput, `out/scores.npy: the values are bool; they must be numbers`},
		{"an array that ends early", "scores", written{"scores.npy": npyFile("<f4", matrix[:100], users, items)}, splitInput, `out/scores.npy: it is truncated: (60, 20) of float32 needs 4800 bytes, and there are 400`},
		{"an item outside", "scores", scoreTable(func(_, item []int64, _ []float64) { item[3] = 20 }), splitInput, `out/scores.arrow: column "item", row 3: 20 is outside 0..19, the rows of items.arrow`},
		{"a pair twice", "scores", scoreTable(func(_, item []int64, _ []float64) { item[1181] = 0 }), splitInput, `out/scores.arrow: rows 1180 and 1181 are both item 0 of user 59; each pair may occur once`},
		{"a score that is NaN", "scores", scoreTable(func(_, _ []int64, score []float64) { score[2] = math.NaN() }), splitInput, `out/scores.arrow: column "score", row 2: it is NaN, and must be a finite number`},
		{"a score that is null", "scores", written{"scores.arrow": arrowTable(t, tableColumn{"user", []int64{0}}, tableColumn{"item", []int64{0}}, tableColumn{"score", []*float64{nil}})}, splitInput,
			`out/scores.arrow: column "score", row 0: it is null, and every row must have a value`},
		{"scores as text", "scores", written{"scores.arrow": arrowTable(t, tableColumn{"user", []int64{0}}, tableColumn{"item", []int64{0}}, tableColumn{"score", []string{"1"}})}, splitInput,
			`out/scores.arrow: column "score" is text (utf8); it must be a number: cast it`},
		{"a user without scores", "scores", written{"scores.arrow": arrowTable(t, tableColumn{"user", pairUser[:1180]}, tableColumn{"item", pairItem[:1180]}, tableColumn{"score", pairScore[:1180]})}, splitInput,
			`out/scores.arrow: 1 of the 12 test users have no scores, such as user 59; each user with items in the split must have some`},

		// Recommenders.
		{"no description", "recommender", model.with("model.json", []byte("{}")), splitInput, `out/model.json: input is ""; it must be one of binary, l2, mean`},
		{"a misspelt field", "recommender", model.with("model.json", []byte(`{"input": "l2", "decoders": []}`)), splitInput, `out/model.json: unknown field "decoders"`},
		{"not JSON", "recommender", model.with("model.json", []byte(`input: l2`)), splitInput, `out/model.json: invalid character 'i' looking for beginning of value`},
		{"another activation", "recommender", model.with("model.json", []byte(`{"input": "l2", "decoder": [{"weight": "w", "activation": "swish"}]}`)), splitInput,
			`out/model.json: decoder[0]: activation is "swish"; it must be one of none, tanh, relu, sigmoid`},
		{"a tensor is missing", "recommender", model.with("model.json", []byte(`{"input": "l2", "decoder": [{"weight": "v"}]}`)), splitInput, `out/last.safetensors: no tensor "v" (the file has w)`},
		{"a transposed weight", "recommender", model.with("last.safetensors", tensorFile(t, safetensors.Tensor{Name: "w", Shape: []int{items, 5}, F32: make([]float32, items*5)})), splitInput,
			`out/last.safetensors: tensor "w" has the shape [20 5]; it must be [n, 20], as the weight of PyTorch's Linear`},
		{"half precision", "recommender", model.with("last.safetensors", halved(model["last.safetensors"])), splitInput, `out/last.safetensors: tensor "w" is F16; it must be F32: convert it, in PyTorch with float()`},
		{"a weight that is NaN", "recommender", model.with("last.safetensors", tensorFile(t, square(func(w []float32) { w[5] = nan }))), splitInput, `out/last.safetensors: tensor "w", number 5: it is NaN`},
		{"fewer scores than items", "recommender", model.with("last.safetensors", tensorFile(t, safetensors.Tensor{Name: "w", Shape: []int{5, items}, F32: make([]float32, items*5)})), splitInput,
			`out/last.safetensors: tensor "w" gives 5 scores; the data has 20 items`},
		{"PyTorch's own format", "recommender", model.with("last.safetensors", []byte("PK\x03\x04 and more of a zip archive")), splitInput, `out/last.safetensors: safetensors: a header of`},

		// Images.
		{"images of another size", "images", images.with("test.arrow", imageTable([]int64{1}, pixels[:3])), nil, `out/test.arrow: column "image", row 0: the image has 3 bytes, and 1 x 2 x 2 of image.json means 4`},
		{"images as numbers", "images", images.with("test.arrow", arrowTable(t, tableColumn{"label", []int64{0}}, tableColumn{"image", [][]float64{{0, 1, 0, 1}}})), nil,
			`out/test.arrow: column "image" is a list (list<item: float64, nullable>); it must be the bytes of each image`},
		{"a label without a class", "images", images.with("test.arrow", imageTable([]int64{2}, pixels)), nil, `out/test.arrow: test images: column "label", row 0: 2 is outside 0..1`},
		{"an array is missing", "images", archive("test_label", nil), nil, `out/images.npz: the array "test_label" is missing`},
		{"images from 0 to 1", "images", archive("test_image", npyFile("<f4", make([]float32, 8*8*3), 1, 8, 8, 3)), nil, `out/images.npz: array "test_image": the values are float32; they must be uint8: from 0 (black) to 255`},
		{"images of one axis", "images", archive("test_image", npyFile("|u1", make([]uint8, 64), 1, 64)), nil, `out/images.npz: array "test_image": it has the shape (1, 64); it must be (n, height, width, channels)`},
		{"fewer labels than images", "images", archive("train_label", npyFile("<i8", []int64{0}, 1)), nil, `out/images.npz: array "train_label" has the shape (1,); it must be (2,), with a label for each image`},

		// Classifiers.
		{"an unknown network", "classifier", model.with("model.json", []byte(`{"network": {"name": "vit"}}`)), imageInput, `out/model.json: network.name is "vit"; it must be one of `},
		{"weights of another network", "classifier", model.with("model.json", []byte(`{"network": {"name": "resnet-9"}}`)), imageInput, `out/last.safetensors: `},
		{"no images", "classifier", model.with("model.json", []byte(`{"network": {"name": "resnet-9"}}`)), splitInput, `the stage has no input of type images`},

		// Outcomes.
		{"outcomes without units", "metrics", written{"outcomes.csv": []byte("ndcg@10\n1\n")}, nil, `out/outcomes.csv: `},
		{"outcomes as text", "metrics", written{"outcomes.csv": []byte("user,ndcg@10\n1,x\n")}, nil, `out/outcomes.csv: line 2`},
	} {
		_, _, err := c.files.run(t, c.of, c.inputs)
		switch {
		case err == nil:
			t.Errorf("%s: no error, want %s", c.name, c.want)
		case !strings.Contains(err.Error(), "the output is not a valid "+c.of+" artifact: "+c.want):
			t.Errorf("%s:\n got %v\nwant %s", c.name, err, c.want)
		case strings.Count(err.Error(), "\n") > 0:
			t.Errorf("%s: more than one line: %v", c.name, err)
		}
	}
}
