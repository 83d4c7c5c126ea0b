package learners

import (
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
)

// fixture is what testdata/make.py has written: vectors, and what scikit-learn makes of them.
type fixture struct {
	train, test struct {
		x          *Matrix // standardised by the training rows
		two, three []int32
		number     []float64
	}
	raw     []float64 // the first column of the test rows
	figures figures
}

type figures struct {
	Train    int
	Logistic map[string]struct {
		Weights, Intercept []float64
		BAcc, AUC          float64
	}
	Trees map[string]struct {
		P         []float64
		BAcc, AUC float64
	}
	Linear struct {
		TrainMAE float64 `json:"train_mae"`
		MAE      float64
	}
	NumberTrees struct {
		Predicted []float64
		MAE       float64
	} `json:"number_trees"`
	TiesAUC float64 `json:"auc_of_ties"`
}

func load(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{}
	data, err := os.ReadFile("testdata/figures.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &f.figures); err != nil {
		t.Fatal(err)
	}
	data, err = os.ReadFile("testdata/vectors.csv")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(string(data))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	const width = 8
	f.train.x, f.test.x = &Matrix{Width: width}, &Matrix{Width: width}
	for i, row := range rows {
		to := &f.train
		if i >= f.figures.Train {
			to = &f.test
		}
		values := make([]float64, len(row))
		for j, text := range row {
			if values[j], err = strconv.ParseFloat(text, 64); err != nil {
				t.Fatal(err)
			}
		}
		to.x.X = append(to.x.X, values[:width]...)
		to.two, to.three = append(to.two, int32(values[width])), append(to.three, int32(values[width+1]))
		to.number = append(to.number, values[width+2])
	}
	for i := range f.test.x.Rows() {
		f.raw = append(f.raw, f.test.x.Row(i)[0])
	}
	s := NewScaler(f.train.x)
	f.train.x, f.test.x = s.Apply(f.train.x), s.Apply(f.test.x)
	return f
}

// classes returns the classes that a name of the figures means.
func (f *fixture) classes(name string) (train, test []int32, classes int, weight []float64) {
	train, test, classes = f.train.two, f.test.two, 2
	if strings.HasPrefix(name, "three") {
		train, test, classes = f.train.three, f.test.three, 3
	}
	if strings.Contains(name, "balanced") {
		weight = Balanced(train, classes)
	}
	return train, test, classes, weight
}

// bacc is the balanced accuracy of the most probable classes.
func bacc(p *Matrix, class []int32) float64 {
	right, members := make([]float64, p.Width), make([]float64, p.Width)
	for i, c := range class {
		best := 0
		for k, v := range p.Row(i) {
			if v > p.Row(i)[best] {
				best = k
			}
		}
		members[c]++
		if best == int(c) {
			right[c]++
		}
	}
	total, n := 0.0, 0.0
	for k := range right {
		if members[k] > 0 {
			total += right[k] / members[k]
			n++
		}
	}
	return total / n
}

func mae(predicted, truth []float64) float64 {
	total := 0.0
	for i := range truth {
		total += math.Abs(predicted[i] - truth[i])
	}
	return total / float64(len(truth))
}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s is %.8g, scikit-learn's %.8g: more than %g apart", what, got, want, within)
	}
}

func all(t *testing.T, what string, got, want []float64, within float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	worst := 0
	for i := range got {
		if math.Abs(got[i]-want[i]) > math.Abs(got[worst]-want[worst]) {
			worst = i
		}
	}
	near(t, what+" "+strconv.Itoa(worst), got[worst], want[worst], within)
}

func TestLogisticEqualsScikitLearn(t *testing.T) {
	f := load(t)
	for name, want := range f.figures.Logistic {
		train, test, classes, weight := f.classes(name)
		c, err := strconv.ParseFloat(name[strings.LastIndex(name, " ")+1:], 64)
		if err != nil {
			t.Fatal(err)
		}
		m, err := FitLogistic(f.train.x, train, classes, weight, c)
		if err != nil {
			t.Fatal(name, err)
		}
		all(t, name+": weight", m.Weights.X, want.Weights, 1e-6)
		all(t, name+": intercept", m.Intercept, want.Intercept, 1e-6)
		p := m.Probabilities(f.test.x)
		near(t, name+": balanced accuracy", bacc(p, test), want.BAcc, 1e-9)
		near(t, name+": AUC", ClassAUC(p, test), want.AUC, 1e-9)
	}
}

var fixtureTrees = TreeSettings{Rate: 0.1, Leaves: 8, MinLeaf: 20}

// The trees are the same but for splits of equal gain, which scikit-learn's derivatives in float32
// order by chance.
func TestTreesEqualScikitLearn(t *testing.T) {
	f := load(t)
	for name, want := range f.figures.Trees {
		train, test, classes, weight := f.classes(name)
		b, err := NewClassBooster(f.train.x, train, classes, weight, fixtureTrees)
		if err != nil {
			t.Fatal(name, err)
		}
		raw := b.Raw(f.test.x)
		for range 60 {
			AddTo(raw, f.test.x, b.Round())
		}
		p := Probabilities(raw)
		second := make([]float64, p.Rows())
		for i := range second {
			second[i] = p.Row(i)[1]
		}
		all(t, name+": probability", second, want.P, 1e-4)
		near(t, name+": balanced accuracy", bacc(p, test), want.BAcc, 1e-9)
		near(t, name+": AUC", ClassAUC(p, test), want.AUC, 1e-4)
	}
}

func TestNumberTreesEqualScikitLearn(t *testing.T) {
	f := load(t)
	b, err := NewNumberBooster(f.train.x, f.train.number, fixtureTrees)
	if err != nil {
		t.Fatal(err)
	}
	raw := b.Raw(f.test.x)
	for range 60 {
		AddTo(raw, f.test.x, b.Round())
	}
	all(t, "prediction", raw.X, f.figures.NumberTrees.Predicted, 1e-4)
	near(t, "MAE", mae(raw.X, f.test.number), f.figures.NumberTrees.MAE, 1e-4)
}

func TestLinearEqualsScikitLearn(t *testing.T) {
	f := load(t)
	m, err := FitAbsolute(f.train.x, f.train.number, 0)
	if err != nil {
		t.Fatal(err)
	}
	// The smoothed corner costs at most 0.001 of the standard deviation, which is about 15.
	near(t, "MAE of training rows", mae(m.Predict(f.train.x), f.train.number), f.figures.Linear.TrainMAE, 0.005)
	near(t, "MAE", mae(m.Predict(f.test.x), f.test.number), f.figures.Linear.MAE, 0.05)
}

func TestAUCOfTiesEqualsScikitLearn(t *testing.T) {
	f := load(t)
	score := make([]float64, len(f.raw))
	for i, v := range f.raw {
		score[i] = math.RoundToEven(v)
	}
	near(t, "AUC", AUC(score, func(i int) bool { return f.test.two[i] == 1 }), f.figures.TiesAUC, 1e-12)
}
