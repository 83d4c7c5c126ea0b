// Package dense holds recommenders of fully connected layers, whose weights other programs have
// trained: autoencoders such as MultVAE and MultDAE, item-item weights such as EASE's, and factor
// models that fold a user in by the user's items. A JSON description names the tensors of each layer.
package dense

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"foil/internal/artifact"
	"foil/internal/safetensors"
)

// A Description is model.json: the layers, and what the first one gets.
type Description struct {
	// Input is how the items of a user become numbers.
	Input string `json:"input"`

	// Encoder makes the latent vector of a user. Empty: the model has none.
	Encoder []Layer `json:"encoder,omitempty"`

	// Decoder makes the scores of all items from the latent vector, or from the input.
	Decoder []Layer `json:"decoder"`
}

// A Layer computes activation(weight x + bias).
type Layer struct {
	Weight     string `json:"weight"` // tensor [out, in], as that of PyTorch's Linear
	Bias       string `json:"bias,omitempty"`
	Activation string `json:"activation,omitempty"`
}

// Inputs are the values of Input, with what they mean.
var Inputs = []struct {
	Name, Doc string
	of        func(n int) float32
}{
	{"binary", "1 for an item that the user has used", func(int) float32 { return 1 }},
	{"l2", "1/sqrt(n), where n is the number of the user's items: length 1, as in MultVAE", func(n int) float32 { return float32(1 / math.Sqrt(float64(n))) }},
	{"mean", "1/n: the first layer gives the mean of the items' vectors", func(n int) float32 { return 1 / float32(n) }},
}

// Activations are the values of Activation. "" and none are the same.
var Activations = []struct {
	Name string
	of   func(x float32) float32
}{
	{"none", func(x float32) float32 { return x }},
	{"tanh", func(x float32) float32 { return float32(math.Tanh(float64(x))) }},
	{"relu", func(x float32) float32 { return max(x, 0) }},
	{"sigmoid", func(x float32) float32 { return float32(1 / (1 + math.Exp(-float64(x)))) }},
}

// ParseDescription reads model.json.
func ParseDescription(text []byte) (d Description, err error) {
	j := json.NewDecoder(bytes.NewReader(text))
	j.DisallowUnknownFields()
	if err := j.Decode(&d); err != nil {
		return d, errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := j.Token(); !errors.Is(err, io.EOF) {
		return d, errors.New("there is text after its end")
	}
	return d, d.check()
}

func (d *Description) check() error {
	var names []string
	for _, in := range Inputs {
		names = append(names, in.Name)
	}
	if !slices.Contains(names, d.Input) {
		return fmt.Errorf("input is %q; it must be one of %s", d.Input, strings.Join(names, ", "))
	}
	if len(d.Decoder) == 0 {
		return errors.New("decoder is missing: the layers that make the scores of all items")
	}
	names = names[:0]
	for _, a := range Activations {
		names = append(names, a.Name)
	}
	for _, part := range []struct {
		name   string
		layers []Layer
	}{{"encoder", d.Encoder}, {"decoder", d.Decoder}} {
		for i, l := range part.layers {
			if l.Weight == "" {
				return fmt.Errorf("%s[%d]: weight is missing: the name of a tensor [out, in]", part.name, i)
			}
			if l.Activation != "" && !slices.Contains(names, l.Activation) {
				return fmt.Errorf("%s[%d]: activation is %q; it must be one of %s", part.name, i, l.Activation, strings.Join(names, ", "))
			}
		}
	}
	return nil
}

// Tensors are the names of the tensors that the layers use.
func (d *Description) Tensors() (names []string) {
	for _, l := range slices.Concat(d.Encoder, d.Decoder) {
		for _, name := range []string{l.Weight, l.Bias} {
			if name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// A layer is a Layer with its values.
type layer struct {
	in, out      int
	weight, bias []float32
	activation   func(float32) float32
}

// A Model is a recommender without latent vectors.
type Model struct {
	items   int
	scale   func(n int) float32
	first   []float32 // the weight of the first layer, [in, out]: a row per item
	layers  []layer
	encoder int // layers of the encoder
}

// A LatentModel is a recommender with latent vectors.
type LatentModel struct{ *Model }

// New makes a recommender for a number of items. The error names the tensor that is missing or does
// not fit.
func New(d Description, file safetensors.File, items int) (artifact.Recommender, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	m := &Model{items: items, encoder: len(d.Encoder)}
	for _, in := range Inputs {
		if in.Name == d.Input {
			m.scale = in.of
		}
	}
	width := items
	for _, l := range slices.Concat(d.Encoder, d.Decoder) {
		made, err := newLayer(l, file, width)
		if err != nil {
			return nil, err
		}
		m.layers = append(m.layers, made)
		width = made.out
	}
	if width != items {
		last := d.Decoder[len(d.Decoder)-1].Weight
		return nil, fmt.Errorf("tensor %q gives %d scores; the data has %d items", last, width, items)
	}
	first := m.layers[0]
	m.first = make([]float32, len(first.weight))
	for o := range first.out {
		for i := range first.in {
			m.first[i*first.out+o] = first.weight[o*first.in+i]
		}
	}
	if m.encoder > 0 {
		return LatentModel{m}, nil
	}
	return m, nil
}

func newLayer(l Layer, file safetensors.File, in int) (made layer, err error) {
	w, ok := file[l.Weight]
	switch {
	case !ok:
		_, err := file.Float32(l.Weight, nil)
		return made, err
	case w.F32 == nil:
		return made, fmt.Errorf("tensor %q is %s; it must be F32: convert it, in PyTorch with float()", l.Weight, w.Type())
	case len(w.Shape) != 2 || w.Shape[1] != in || w.Shape[0] < 1:
		return made, fmt.Errorf("tensor %q has the shape %v; it must be [n, %d], as the weight of PyTorch's Linear", l.Weight, w.Shape, in)
	}
	made = layer{in: in, out: w.Shape[0], weight: w.F32, bias: make([]float32, w.Shape[0])}
	if l.Bias != "" {
		b, ok := file[l.Bias]
		switch {
		case !ok:
			_, err := file.Float32(l.Bias, nil)
			return made, err
		case b.F32 == nil:
			return made, fmt.Errorf("tensor %q is %s; it must be F32: convert it, in PyTorch with float()", l.Bias, b.Type())
		case len(b.Shape) != 1 || b.Shape[0] != made.out:
			return made, fmt.Errorf("tensor %q has the shape %v; it must be [%d], the first number of %q", l.Bias, b.Shape, made.out, l.Weight)
		}
		made.bias = b.F32
	}
	for name, values := range map[string][]float32{l.Weight: made.weight, l.Bias: made.bias} {
		for i, v := range values {
			if err := artifact.Finite(v); err != nil {
				return made, fmt.Errorf("tensor %q, number %d: %w", name, i, err)
			}
		}
	}
	for _, a := range Activations {
		if a.Name == l.Activation || a.Name == "none" && l.Activation == "" {
			made.activation = a.of
		}
	}
	return made, nil
}

// Scores is that of artifact.Recommender.
func (m *Model) Scores(ctx context.Context, users [][]int32, into []float32) error {
	return m.each(ctx, users, len(m.layers), into)
}

// Width is that of artifact.LatentRecommender.
func (m LatentModel) Width() int { return m.layers[m.encoder-1].out }

// Latents is that of artifact.LatentRecommender.
func (m LatentModel) Latents(ctx context.Context, users [][]int32, into []float32) error {
	return m.each(ctx, users, m.encoder, into)
}

// LatentScores is that of artifact.LatentRecommender.
func (m LatentModel) LatentScores(ctx context.Context, latents, into []float32) error {
	width := m.Width()
	for u := range len(latents) / width {
		if err := ctx.Err(); err != nil {
			return err
		}
		run(m.layers[m.encoder:], latents[u*width:(u+1)*width], into[u*m.items:(u+1)*m.items])
	}
	return nil
}

// each runs the first layers for users.
func (m *Model) each(ctx context.Context, users [][]int32, layers int, into []float32) error {
	width := m.layers[layers-1].out
	for u, used := range users {
		if err := ctx.Err(); err != nil {
			return err
		}
		run(m.layers[1:layers], m.enter(used), into[u*width:(u+1)*width])
	}
	return nil
}

// enter is the first layer, for a user's items.
func (m *Model) enter(used []int32) []float32 {
	l := m.layers[0]
	x := slices.Clone(l.bias)
	scale := m.scale(max(len(used), 1))
	for _, item := range used {
		for o, w := range m.first[int(item)*l.out : (int(item)+1)*l.out] {
			x[o] += float32(scale * w)
		}
	}
	for o := range x {
		x[o] = l.activation(x[o])
	}
	return x
}

// run writes the output of layers to into.
func run(layers []layer, x, into []float32) {
	for _, l := range layers {
		y := slices.Clone(l.bias)
		for o := range y {
			y[o] = l.activation(y[o] + dot(l.weight[o*l.in:(o+1)*l.in], x))
		}
		x = y
	}
	copy(into, x)
}

// dot adds in four sums, which are independent.
func dot(a, b []float32) float32 {
	var s0, s1, s2, s3 float32
	b = b[:len(a)]
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s0 += float32(a[i] * b[i])
		s1 += float32(a[i+1] * b[i+1])
		s2 += float32(a[i+2] * b[i+2])
		s3 += float32(a[i+3] * b[i+3])
	}
	for ; i < len(a); i++ {
		s0 += float32(a[i] * b[i])
	}
	return s0 + s1 + s2 + s3
}
