package stats

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestPaired(t *testing.T) {
	a := Sample{Values: []float64{5, 1, 3, 4}, Unit: []int32{2, 1, 1, 2}, Block: []int32{1, 0, 1, 0}, Class: []int32{7, 3, 3, 7}}
	b := Sample{Values: []float64{1, 2, 4, 8}, Unit: []int32{1, 1, 2, 2}, Block: []int32{0, 1, 0, 1}, Class: []int32{3, 3, 7, 7}}
	d, err := Paired(a, b)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(d.Values, []float64{0, 1, 0, -3}) || !slices.Equal(d.Unit, []int32{1, 1, 2, 2}) ||
		!slices.Equal(d.Block, []int32{0, 1, 0, 1}) || !slices.Equal(d.Class, []int32{3, 3, 7, 7}) {
		t.Errorf("the differences are %+v", d)
	}
}

func TestPairedErrors(t *testing.T) {
	of := func(units ...int32) Sample { return Sample{Values: make([]float64, len(units)), Unit: units} }
	in := func(s Sample, blocks ...int32) Sample { s.Block = blocks; return s }
	as := func(s Sample, classes ...int32) Sample { s.Class = classes; return s }
	infinite := of(4, 5)
	infinite.Values[1] = math.Inf(1)
	for _, c := range []struct {
		name string
		a, b Sample
		want string
	}{
		{"more in the first", of(1, 2, 3), of(1, 3), "different units: only the first has unit 2"},
		{"more in the second", of(1, 2), of(1, 2, 9, 8), "different units: only the second has units 8, 9"},
		{"many", of(1, 2, 3, 4, 5, 6), of(6, 7), "only the first has units 1, 2, 3 and 2 more; only the second has unit 7"},
		{"another block", in(of(1, 1), 0, 1), in(of(1, 1), 0, 2), "only the first has unit 1 in block 1; only the second has unit 1 in block 2"},
		{"empty", of(), of(3), "only the second has unit 3"},
		{"twice", of(1, 2, 2, 2), of(1, 2), "the first sample has more than one value for unit 2"},
		{"twice in a block", in(of(1, 1, 2), 0, 1, 0), in(of(1, 1, 2), 3, 3, 0), "the second sample has more than one value for unit 1 in block 3"},
		{"infinite", of(4, 5), infinite, "the second sample has an infinite value for unit 5"},
		{"classes", as(of(1, 2), 0, 1), as(of(1, 2), 0, 0), "disagree on the class of unit 2"},
		{"no classes", as(of(1, 2), 0, 1), of(1, 2), "one sample has classes and the other has none"},
		{"lengths", Sample{Values: []float64{1}, Unit: []int32{1, 2}}, of(1), "the slices of the first sample differ in length"},
	} {
		if _, err := Paired(c.a, c.b); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v, want %q", c.name, err, c.want)
		}
	}
}

// FuzzPaired pairs samples of any units and values, and tests the differences.
func FuzzPaired(f *testing.F) {
	f.Add([]byte("0123456789abcdefghijklmnopqrstuvwxyz"), uint64(1), true, false)
	f.Add([]byte{}, uint64(2), false, true)
	f.Add([]byte{0, 0, 1, 2, 0, 0, 1, 2, 0, 1, 1, 2}, uint64(3), true, true)
	f.Fuzz(func(t *testing.T, data []byte, seed uint64, classes, raw bool) {
		rng := rand.New(rand.NewPCG(seed, 0))
		var a, b Sample
		for len(data) >= 4 && len(a.Values) < 200 {
			v := float64(int8(data[0])) / 16
			w := float64(int8(data[1])) / 16
			unit, block, class := int32(data[2]%64), int32(data[3]%4), int32(data[2]%3)
			data = data[4:]
			if raw && len(data) >= 8 { // any number
				v = math.Float64frombits(binary.LittleEndian.Uint64(data))
				data = data[8:]
			}
			if v == -1 {
				v = math.NaN()
			}
			a.Values, b.Values = append(a.Values, v), append(b.Values, w)
			a.Unit, a.Block = append(a.Unit, unit), append(a.Block, block)
			if classes {
				a.Class = append(a.Class, class)
			}
		}
		b.Unit, b.Block, b.Class = slices.Clone(a.Unit), slices.Clone(a.Block), slices.Clone(a.Class)
		rng.Shuffle(len(b.Values), func(i, j int) {
			b.Values[i], b.Values[j] = b.Values[j], b.Values[i]
			b.Unit[i], b.Unit[j] = b.Unit[j], b.Unit[i]
			b.Block[i], b.Block[j] = b.Block[j], b.Block[i]
			if classes {
				b.Class[i], b.Class[j] = b.Class[j], b.Class[i]
			}
		})
		d, err := Paired(a, b)
		back, err2 := Paired(b, a)
		if (err == nil) != (err2 == nil) {
			t.Fatalf("one way the error is %v, and the other way %v", err, err2)
		}
		if err != nil {
			return
		}
		for i, v := range d.Values {
			if back.Values[i] != -v && !math.IsNaN(v) {
				t.Fatalf("the difference is %g, and the other way %g", v, back.Values[i])
			}
		}
		r, s := Randomisation(d, 0.9, Resampling{Times: 99, Seed: seed}), Randomisation(back, 0.9, Resampling{Times: 99, Seed: seed})
		if r.P != s.P && !math.IsNaN(r.P) {
			t.Errorf("p is %g, and the other way %g", r.P, s.P)
		}
		for _, r := range []Result{r, PairedT(d, 0.9), {Difference: d.Bootstrap(0.9, Resampling{Times: 99})}, {Difference: d.BlockInterval(0.9)}} {
			e := r.Difference
			if math.IsNaN(e.Low) != (e.Reason != "") || math.IsNaN(e.Low) != math.IsNaN(e.High) || e.Low > e.High {
				t.Errorf("the interval is %+v", e)
			}
			if math.IsNaN(r.P) != (r.Reason != "") || r.P < 0 || r.P > 1 || r.P < r.Least {
				t.Errorf("the test is %+v", r)
			}
		}
	})
}
