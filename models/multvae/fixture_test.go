package multvae

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"foil/internal/safetensors"
	"foil/internal/testenv"
	"foil/models/adversary"
	"foil/models/backend"
	"foil/models/kernels"
	"foil/models/optim"
)

// stepCase is case.json of a fixture advx/step_*.
type stepCase struct {
	Users         int       `json:"users"`
	Items         int       `json:"items"`
	Latent        int       `json:"latent"`
	Heads         int       `json:"adversaries_per_group"`
	LambdaGender  float64   `json:"lambda_gender"`
	LambdaAge     float64   `json:"lambda_age"`
	Beta          float64   `json:"beta"`
	Rate          float64   `json:"lr"`
	WeightDecay   float64   `json:"weight_decay"`
	ClassWeights  []float32 `json:"class_weights"`
	KLEval        float64   `json:"kl_eval"`
	ExpectedSteps []struct {
		Total  float64 `json:"total"`
		NLL    float64 `json:"nll"`
		KL     float64 `json:"kl_times_beta"`
		Gender float64 `json:"adversary_gender"`
		Age    float64 `json:"adversary_age"`
	} `json:"steps"`
}

// TestStepsMatchTheAuthorsCode replays three optimiser steps of the authors'
// code: every loss, the first step's logits and gradients, all weights after
// the third step, and the evaluation pass.
func TestStepsMatchTheAuthorsCode(t *testing.T) {
	for _, dir := range testenv.Cases(t, "advx/step_*") {
		t.Run(filepath.Base(dir), func(t *testing.T) { replay(t, dir) })
	}
}

func replay(t *testing.T, dir string) {
	var c stepCase
	raw, err := os.ReadFile(filepath.Join(dir, "case.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		t.Fatal(err)
	}
	file, err := safetensors.ReadFile(filepath.Join(dir, "tensors.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	m := fixtureModel(t, c, file)

	for step, want := range c.ExpectedSteps {
		rows := sparse(t, file[fmt.Sprintf("x.%d", step)])
		users := everyone(rows)
		targets := []adversary.Targets{
			{Class: file[fmt.Sprintf("gender.%d", step)].I32},
			{Value: file[fmt.Sprintf("age.%d", step)].F32},
		}
		noise := Noise{Latent: func(eps []float32) { copy(eps, file[fmt.Sprintf("eps.%d", step)].F32) }}
		if step == 0 {
			checkFirstStep(t, m, rows, users, targets, noise, file)
		}
		got, err := m.Step(rows, users, targets, noise, c.Rate, c.Rate)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range []struct {
			name      string
			got, want float64
		}{
			{"total", got.Total(), want.Total}, {"nll", got.NLL, want.NLL}, {"KL", got.KL, want.KL},
			{"gender", got.Groups[0], want.Gender}, {"age", got.Groups[1], want.Age},
		} {
			if math.Abs(l.got-l.want) > 1e-5*math.Abs(l.want) {
				t.Errorf("step %d: loss %s is %.8g, want %.8g", step, l.name, l.got, l.want)
			}
		}
	}

	weights, err := m.Weights()
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range weights {
		compare(t, "weights after 3 steps: "+w.Name, w.Data, file["after3."+w.Name].F32, 1e-3)
	}

	rows := sparse(t, file["x.all"])
	z, kl := m.Encode(rows)
	compare(t, "evaluation z", z, file["eval.z"].F32, 1e-4)
	var logits []float32
	err = m.Decode(t.Context(), z, func(_ int, l []float32) error {
		logits = append(logits, l...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "evaluation logits", logits, file["eval.logits"].F32, 1e-4)
	if math.Abs(kl-c.KLEval) > 1e-5*c.KLEval {
		t.Errorf("evaluation KL is %.8g, want %.8g", kl, c.KLEval)
	}
}

func fixtureModel(t *testing.T, c stepCase, file safetensors.File) *Model {
	t.Helper()
	b, err := backend.Open(testenv.Backend(t), 1)
	if err != nil {
		t.Fatal(err)
	}
	m, err := New(b, Config{
		Items: c.Items, Latent: c.Latent, Beta: c.Beta, Adam: optim.DefaultAdam(c.WeightDecay),
		Groups: []adversary.Config{
			{Name: "gender", Task: adversary.Classification, Classes: 2, ClassWeights: c.ClassWeights, Heads: c.Heads, Hidden: 5, Reversal: c.LambdaGender},
			{Name: "age", Task: adversary.Regression, Heads: c.Heads, Hidden: 5, Reversal: c.LambdaAge},
		},
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	err = m.SetWeights(func(name string, shape []int) ([]float32, error) { return file.Float32("init."+name, shape) })
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func checkFirstStep(t *testing.T, m *Model, rows Rows, users []int32, targets []adversary.Targets, noise Noise, file safetensors.File) {
	t.Helper()
	g, err := m.gradients(rows, users, targets, noise, 0)
	if err != nil {
		t.Fatal(err)
	}
	read := func(name string, want string, transposeFrom ...int) func([]float32) {
		return func(got []float32) {
			if len(transposeFrom) == 2 {
				got = transpose(got, transposeFrom[0], transposeFrom[1])
			}
			compare(t, name, got, file[want].F32, 1e-4)
		}
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(g.logits(func(logits []float32) {
		logits = slices.Clone(logits)
		for u := range users { // the bias is added outside the graph
			row := logits[u*m.config.Items : (u+1)*m.config.Items]
			kernels.Sum(row, m.decoderBias, row)
		}
		read("first logits", "logits.0")(logits)
	}))
	check(g.decoderWeight(read("decoder weight gradient", "grad.0."+decoderWeightName, m.config.Latent, m.config.Items)))
	read("decoder bias gradient", "grad.0."+decoderBiasName)(m.biasGrad)
	weightGrad := make([]float32, len(m.encoder.weight))
	m.encoder.byItem.turn(&m.encoder.byUser, m.config.Items)
	m.encoder.rowsGradient(g.hGrad, 0, m.config.Items, weightGrad)
	read("encoder weight gradient", "grad.0."+encoderWeightName, m.config.Items, 2*m.config.Latent)(weightGrad)
	m.encoder.biasGradient(g.hGrad)
	read("encoder bias gradient", "grad.0."+encoderBiasName)(m.encoder.biasGrad)
	for i, group := range m.groups {
		for p, grad := range g.heads.Params[i] {
			check(grad(func(all []float32) {
				for _, w := range group.Split(groupPrefix(i), p, all) {
					compare(t, "gradient of "+w.Name, w.Data, file["grad.0."+w.Name].F32, 1e-4)
				}
			}))
		}
	}
	check(g.release())
}

// compare asks for a relative tolerance, measured on the tensor's largest value.
func compare(t *testing.T, name string, got, want []float32, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d values, want %d", name, len(got), len(want))
		return
	}
	var size, worst float64
	at := 0
	for i := range want {
		size = max(size, math.Abs(float64(want[i])))
		if d := math.Abs(float64(got[i]) - float64(want[i])); d > worst || math.IsNaN(d) {
			worst, at = d, i
		}
	}
	if worst > tolerance*size || math.IsNaN(worst) {
		t.Errorf("%s: value %d is %g, want %g (largest %g)", name, at, got[at], want[at], size)
	}
}

// sparse turns a dense binary matrix into rows.
func sparse(t *testing.T, x safetensors.Tensor) Rows {
	t.Helper()
	rows := Rows{Offset: []int32{0}}
	users, items := x.Shape[0], x.Shape[1]
	for u := range users {
		for i, v := range x.F32[u*items : (u+1)*items] {
			switch v {
			case 0:
			case 1:
				rows.Item = append(rows.Item, int32(i))
			default:
				t.Fatalf("x[%d, %d] is %g: rows are binary", u, i, v)
			}
		}
		rows.Offset = append(rows.Offset, int32(len(rows.Item)))
	}
	return rows
}

func everyone(rows Rows) []int32 {
	users := make([]int32, rows.Len())
	for i := range users {
		users[i] = int32(i)
	}
	return users
}
