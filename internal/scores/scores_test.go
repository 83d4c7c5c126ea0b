package scores

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"foil/internal/safetensors"
	"foil/internal/testenv"
)

func readCase(t *testing.T, dir string, into any) safetensors.File {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "case.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
	f, err := safetensors.ReadFile(filepath.Join(dir, "tensors.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestRankingMatchesTheAuthorsCode checks all three scores at all cut-offs in
// both maskings of seen items.
func TestRankingMatchesTheAuthorsCode(t *testing.T) {
	for _, dir := range testenv.Cases(t, "advx/ranking_*") {
		var c struct {
			Expected map[string]map[string]map[string]float64 `json:"expected"`
		}
		f := readCase(t, dir, &c)
		for name, seen := range map[string]Seen{"minus_infinity": Exclude, "zero": Zero} {
			if len(c.Expected[name]) == 0 {
				t.Fatalf("%s: no expected scores for %s", dir, name)
			}
			for metric, byK := range c.Expected[name] {
				for cut, want := range byK {
					k, err := strconv.Atoi(cut)
					if err != nil {
						t.Fatal(err)
					}
					if got := rank(f, seen, metric, k); math.Abs(got-want) > 1e-6 {
						t.Errorf("%s, %s: %s@%d is %.9f, want %.9f", filepath.Base(dir), name, metric, k, got, want)
					}
				}
			}
		}
	}
}

func rank(f safetensors.File, seen Seen, metric string, k int) float64 {
	users, items := f["logits"].Shape[0], f["logits"].Shape[1]
	ranker, coverage := NewRanker(k), NewCoverage(items)
	sum := 0.0
	for u := range users {
		logits := slices.Clone(f["logits"].F32[u*items : (u+1)*items])
		seen.Mask(logits, ones(f["seen"].U8[u*items:(u+1)*items]))
		target := ones(f["target"].U8[u*items : (u+1)*items])
		top := ranker.Top(logits)
		coverage.Add(top)
		switch metric {
		case "ndcg":
			sum += NDCG(top, target, k)
		case "recall":
			sum += Recall(top, target, k)
		}
	}
	if metric == "coverage" {
		return coverage.Value()
	}
	return sum / float64(users)
}

func ones(x []uint8) []int32 {
	var out []int32
	for i, v := range x {
		if v != 0 {
			out = append(out, int32(i))
		}
	}
	return out
}

func TestAttributeScoresMatchTheAuthorsCode(t *testing.T) {
	for _, dir := range testenv.Cases(t, "advx/attribute_scores*") {
		var c struct {
			BAcc float64 `json:"bacc"`
			MAE  float64 `json:"mae"`
		}
		f := readCase(t, dir, &c)
		if got := BalancedAccuracy(f["gender_predicted"].I32, f["gender"].I32); math.Abs(got-c.BAcc) > 1e-9 {
			t.Errorf("balanced accuracy is %.9f, want %.9f", got, c.BAcc)
		}
		if got := MeanAbsoluteError(f["age_predicted"].F32, f["age"].F32); math.Abs(got-c.MAE) > 1e-5*c.MAE {
			t.Errorf("mean absolute error is %.9f, want %.9f", got, c.MAE)
		}
	}
}

func TestTopIsTheSortedPrefix(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		n, k := r.IntN(60), 1+r.IntN(20)
		logits := make([]float32, n)
		order := []int32{}
		for i := range logits {
			logits[i] = float32(r.IntN(12)) // many ties
			if r.IntN(5) == 0 {
				logits[i] = float32(math.Inf(-1))
			} else {
				order = append(order, int32(i))
			}
		}
		slices.SortStableFunc(order, func(a, b int32) int {
			switch {
			case logits[a] > logits[b]:
				return -1
			case logits[a] < logits[b]:
				return 1
			}
			return 0
		})
		want := order[:min(k, len(order))]
		if got := NewRanker(k).Top(logits); !slices.Equal(got, want) {
			t.Fatalf("top %d of %v is %v, want %v", k, logits, got, want)
		}
	}
}

func TestMissingAttributesDoNotCount(t *testing.T) {
	nan := float32(math.NaN())
	if got := BalancedAccuracy([]int32{0, 1, 1}, []int32{0, -1, 1}); got != 1 {
		t.Errorf("balanced accuracy %g, want 1", got)
	}
	if got := MeanAbsoluteError([]float32{1, 9, 4}, []float32{2, nan, 4}); got != 0.5 {
		t.Errorf("mean absolute error %g, want 0.5", got)
	}
	if got := Median([]float32{3, nan, 1, 10}); got != 3 {
		t.Errorf("median %g, want 3", got)
	}
	if got := Mean([]float32{3, nan, 5}); got != 4 {
		t.Errorf("mean %g, want 4", got)
	}
	if got := Majority([]int32{-1, 2, 0, 2, 0, -1}); got != 0 {
		t.Errorf("majority %d, want 0, the smaller of two equals", got)
	}
}
