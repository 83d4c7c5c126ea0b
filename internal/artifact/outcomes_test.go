package artifact

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestNamesOfColumns(t *testing.T) {
	for column, want := range map[string]OutcomeSeries{
		"ndcg":             {Name: "ndcg"},
		"ndcg@10":          {Name: "ndcg", K: 10},
		"gender:bacc":      {Group: "gender", Name: "bacc"},
		"a:b:c@5":          {Group: "a:b", Name: "c", K: 5},
		"pgd, cw:falls":    {Group: "pgd, cw", Name: "falls"},
		"x@":               {Name: "x@"},
		"x@0":              {Name: "x@0"},
		"x@010":            {Name: "x@010"},
		"x@-3":             {Name: "x@-3"},
		"x@99999999999999": {Name: "x@99999999999999"},
		":x":               {Name: ":x"},
		"x:":               {Name: "x:"},
		"@10":              {Name: "@10"},
		"mail@host@3":      {Name: "mail@host", K: 3},
	} {
		got := seriesOf(column)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %+v, want %+v", column, got, want)
		}
		if again := got.Column(); again != column {
			t.Errorf("%q is written as %q", column, again)
		}
	}
}

func TestValuesOfMetrics(t *testing.T) {
	nan := math.NaN()
	o := &Outcomes{
		Unit:       UnitUser,
		Parts:      []OutcomePart{{Validation, "last", 1}, {Test, "best", 1}, {Test, "last", 4}},
		Units:      []int32{5, 0, 0, 2, 7, 8},
		Attributes: []OutcomeAttribute{{"gender", []string{"m", "f", "f", "", "m", "f"}}},
		Series: []OutcomeSeries{
			{Name: "ndcg", K: 10, Values: []float64{9, 8, 1, 2, 3, 4}},
			{Name: "age", Values: []float64{25, 25, 25, 18, 25, nan}},
			{Name: "label", Group: "gender", Values: []float64{1, 0, 0, nan, 1, 0}},
			{Name: "bacc", Group: "gender", Values: []float64{1, 1, 1, nan, 0, 0}, Balance: "gender:label"},
			{Name: "10", Group: "map", Values: []float64{1, 1, 1, 1, 1, 1}},
		},
	}
	if err := WriteOutcomes(io.Discard, o); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		metric                   string
		k                        int
		group, split, checkpoint string
		want                     UnitValues
		mean                     float64
	}{
		{"ndcg", 10, "", Test, "last", UnitValues{Unit: []int32{0, 2, 7, 8}, Value: []float64{1, 2, 3, 4}}, 2.5},
		{"ndcg", 10, "", Validation, "last", UnitValues{Unit: []int32{5}, Value: []float64{9}}, 9},
		{"ndcg", 10, "", Test, "best", UnitValues{Unit: []int32{0}, Value: []float64{8}}, 8},
		{"ndcg", 10, "gender=f", Test, "last", UnitValues{Unit: []int32{0, 8}, Value: []float64{1, 4}}, 2.5},
		{"ndcg", 10, "age=25", Test, "last", UnitValues{Unit: []int32{0, 7}, Value: []float64{1, 3}}, 2},
		{"bacc", 0, "gender", Test, "last", UnitValues{Unit: []int32{0, 7, 8}, Value: []float64{1, 0, 0}, Class: []int32{0, 1, 0}}, 0.25},
		{"label", 0, "gender", Test, "last", UnitValues{Unit: []int32{0, 7, 8}, Value: []float64{0, 1, 0}}, 1.0 / 3},
		{"map:10", 0, "", Test, "best", UnitValues{Unit: []int32{0}, Value: []float64{1}}, 1},
		{"10", 0, "map", Test, "best", UnitValues{Unit: []int32{0}, Value: []float64{1}}, 1},
		{"ndcg", 20, "", Test, "last", UnitValues{}, nan},
		{"ndcg", 10, "gender=x", Test, "last", UnitValues{}, nan},
		{"ndcg", 10, "place=f", Test, "last", UnitValues{}, nan},
		{"ndcg", 10, "gender", Test, "last", UnitValues{}, nan},
		{"ndcg", 10, "", "", "", UnitValues{}, nan},
		{"bacc", 0, "gender", Validation, "best", UnitValues{}, nan},
	} {
		got, found := o.Of(c.metric, c.k, c.group, c.split, c.checkpoint)
		if found != (c.want.Unit != nil) || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s@%d %q %s %s: got %+v, want %+v", c.metric, c.k, c.group, c.split, c.checkpoint, got, c.want)
		} else if mean := got.Mean(); found && math.Abs(mean-c.mean) > 1e-15 {
			t.Errorf("%s@%d %q: the mean is %g, want %g", c.metric, c.k, c.group, mean, c.mean)
		}
	}
}

func TestOutcomesThatMeanNothingAreRefused(t *testing.T) {
	for want, edit := range map[string]func(o *Outcomes){
		`column "person" cannot hold the units`:                   func(o *Outcomes) { o.Unit = "person" },
		"there is no column of numbers":                           func(o *Outcomes) { o.Series = nil },
		`two columns are called "ndcg@10"`:                        func(o *Outcomes) { o.Series[1] = o.Series[0] },
		`two columns are called "gender"`:                         func(o *Outcomes) { o.Attributes[1].Name = "gender" },
		`column "split" can be neither`:                           func(o *Outcomes) { o.Attributes[1].Name = "split" },
		`column "image" can be neither`:                           func(o *Outcomes) { o.Series[0].Name, o.Series[0].K = "image", 0 },
		"column 4 has no name":                                    func(o *Outcomes) { o.Attributes[1].Name = "" },
		`column "user", row 3: 0 does not follow 2`:               func(o *Outcomes) { o.Units = []int32{0, 2, 2, 0, 7} },
		`column "user", row 0: -1 does not follow -1`:             func(o *Outcomes) { o.Units = []int32{-1, 2, 0, 2, 7} },
		`(\"test\", \"best\") must stand together`:                func(o *Outcomes) { o.Parts[1].Checkpoint = "best" },
		"5 rows, but splits and checkpoints have more":            func(o *Outcomes) { o.Parts[1].Rows = 4 },
		"5 rows, but splits and checkpoints have 4":               func(o *Outcomes) { o.Parts[1].Rows = 2 },
		`column "ndcg@10" has 4 rows, column "user" has 5`:        func(o *Outcomes) { o.Series[0].Values = o.Series[0].Values[:4] },
		`column "gender" has 4 rows, column "user" has 5`:         func(o *Outcomes) { o.Attributes[0].Values = o.Attributes[0].Values[:4] },
		`its classes are in the column "sex:label", which is not`: func(o *Outcomes) { o.Series[2].Balance = "sex:label" },
		`column "gender:label", row 1: 0.5 is not a class`:        func(o *Outcomes) { o.Series[1].Values = []float64{0, 0.5, 0, 0, 1} },
		`column "gender:label", row 4: NaN is not a class`:        func(o *Outcomes) { o.Series[1].Values = []float64{0, 5, 0, 5, math.NaN()} },
		`column "gender:label", row 0: -1 is not a class`:         func(o *Outcomes) { o.Series[1].Values = []float64{-1, 5, 0, 5, 1} },
		"at most 1000 and 100 are allowed": func(o *Outcomes) {
			for i := range 1000 {
				o.Series = append(o.Series, OutcomeSeries{Name: fmt.Sprint("x", i), Values: make([]float64, 5)})
			}
		},
	} {
		o, err := ReadOutcomes(saved(t, encoded(t, writers()["outcomes"])))
		if err != nil {
			t.Fatal(err)
		}
		edit(o)
		want = strings.ReplaceAll(want, `\"`, `"`)
		if err := WriteOutcomes(io.Discard, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestOutcomesAreAddedUp(t *testing.T) {
	part := func(checkpoint, series string, units ...int32) *Outcomes {
		o := &Outcomes{
			Unit: UnitUser, Parts: []OutcomePart{{Test, checkpoint, len(units)}}, Units: units,
			Series: []OutcomeSeries{{Name: series, Values: make([]float64, len(units))}},
		}
		o.AddAttributes(&Users{ID: strings.Split("abcdefghij", ""), Attributes: []Attribute{
			{Name: "gender", Category: []string{"f", "m", "", "f", "m", "", "f", "m", "", "f"}},
			{Name: "age", Number: []float32{1, 2.5, float32(math.NaN()), 4, 5, 6, 7, 8, 9, 10}},
			{Name: "split", Category: make([]string, 10)}, // called like a column of the format
			{Name: "ndcg", Category: make([]string, 10)},  // called like the series
			{Name: "user_id", Category: make([]string, 10)},
		}})
		return o
	}
	var o Outcomes
	users := []int32{1, 2, 5, 6, 7}
	for _, more := range []*Outcomes{part("best", "ndcg", users[:2]...), part("last", "ndcg", 0, 2, 9)} {
		if err := o.Append(more); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(o.Units, []int32{1, 2, 0, 2, 9}) || len(o.Parts) != 2 || len(o.Attributes) != 3 ||
		o.Attributes[2].Name != "user_id" || !slices.Equal(o.Attributes[2].Values, []string{"b", "c", "a", "c", "j"}) ||
		!slices.Equal(o.Attributes[0].Values, []string{"m", "", "f", "", "f"}) || !slices.Equal(o.Attributes[1].Values, []string{"2.5", "", "1", "", "10"}) {
		t.Errorf("got %+v", o)
	}
	if !slices.Equal(users, []int32{1, 2, 5, 6, 7}) {
		t.Errorf("the caller's slice was changed: %v", users)
	}
	if err := o.Append(part("last", "recall", 3)); err == nil || !strings.Contains(err.Error(), `"recall"`) {
		t.Errorf("other columns: error %v", err)
	}
	if err := WriteOutcomes(io.Discard, &o); err != nil {
		t.Error(err)
	}
}

// A spec with 720 cells keeps its outcomes in little space, on disk and in memory.
func TestBytesPerUser(t *testing.T) {
	const users = 1000
	o := &Outcomes{Unit: UnitUser, Parts: []OutcomePart{{Test, "last", users}}}
	for u := range users {
		o.Units = append(o.Units, int32(u))
	}
	u := Users{ID: slices.Repeat([]string{"6040"}, users), Attributes: []Attribute{{Name: "gender", Category: slices.Repeat([]string{"f"}, users)}, {Name: "age", Number: make([]float32, users)}}}
	o.AddAttributes(&u)
	for _, k := range []int{10, 20, 50} {
		for _, name := range []string{"ndcg", "recall", "hits"} {
			o.Series = append(o.Series, OutcomeSeries{Name: name, K: k, Values: make([]float64, users)})
		}
	}
	var b bytes.Buffer
	if err := WriteOutcomes(&b, o); err != nil {
		t.Fatal(err)
	}
	if most := 9*8 + 50; b.Len() > users*most {
		t.Errorf("%d bytes for each user; 9 numbers, 2 attributes and an id may take up %d", b.Len()/users, most)
	}
}

func TestOutcomesOfOtherProgramsAreConverted(t *testing.T) {
	nan := math.NaN()
	two := &Outcomes{
		Unit:       UnitUser,
		Parts:      []OutcomePart{{"", "last", 2}, {"", "best", 2}},
		Units:      []int32{0, 7, 0, 7},
		Attributes: []OutcomeAttribute{{"gender", []string{"", "f", "", "f"}}},
		Series: []OutcomeSeries{
			{Name: "ndcg", K: 10, Values: []float64{1, 0.5, 0.75, 0.25}},
			{Name: "hits", K: 10, Values: []float64{3, 1, 2, 0}},
		},
	}
	classes := &Outcomes{
		Unit:  UnitOther,
		Parts: []OutcomePart{{Validation, "", 3}},
		Units: []int32{1, 2, 3},
		Series: []OutcomeSeries{
			{Name: "bacc", Group: "gender", Values: []float64{nan, 0, 1}, Balance: "gender:label"},
			{Name: "label", Group: "gender", Values: []float64{nan, 0, 1}},
		},
	}
	images := &Outcomes{Unit: UnitImage, Parts: []OutcomePart{{"", "", 2}}, Units: []int32{0, 1}, Series: []OutcomeSeries{{Name: "accuracy", Values: []float64{0, 1}}}}
	for file, want := range map[string]*Outcomes{
		"pandas": two, "polars": two, "pandas-classes": classes, "polars-stream": images,
	} {
		path := foreign(t, "outcomes-"+file)
		if converted, err := Convert(OutcomesFile, path); err != nil || !converted {
			t.Errorf("%s: converted %v, %v", file, converted, err)
			continue
		}
		got, err := ReadOutcomes(path)
		if err != nil || !sameOutcomes(got, want) {
			t.Errorf("%s: got %+v (%v), want %+v", file, got, err, want)
		}
		if converted, err := Convert(OutcomesFile, path); err != nil || converted {
			t.Errorf("%s: converted a second time (%v, %v)", file, converted, err)
		}
	}
	for file, want := range map[string]string{
		"twice":    `rows 0 and 1 are both of user 1 (split "", checkpoint ""); each may have one row`,
		"names":    `column "user" is text (utf8); it must be a whole number`,
		"nounit":   `there is no column of units, which is called one of "user", "image", "unit"; the columns are "id", "x"`,
		"units":    `"user", "image" are all columns of units; keep one`,
		"text":     "there is no column of numbers",
		"time":     `column "x" is a time (timestamp[us]); it must be a number, or text (an attribute)`,
		"classes":  `column "a:label", row 0: 0.5 is not a class of "a:bacc"`,
		"negative": `column "user", row 0: -1 does not follow -1`,
	} {
		path := foreign(t, "bad-outcomes-"+file)
		before, _ := os.ReadFile(path)
		if _, err := Convert(OutcomesFile, path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", file, err, want)
		}
		if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
			t.Errorf("%s: the file was changed", file)
		}
	}
}

// sameOutcomes compares outcomes in which NaN equals NaN.
func sameOutcomes(a, b *Outcomes) bool { return fmt.Sprintf("%+v", a) == fmt.Sprintf("%+v", b) }

func TestOutcomesAreReadAsText(t *testing.T) {
	nan := math.NaN()
	plain := &Outcomes{Unit: UnitUser, Parts: []OutcomePart{{"", "", 2}}, Units: []int32{0, 4}, Series: []OutcomeSeries{{Name: "ndcg", K: 10, Values: []float64{0.5, 1}}}}
	full := &Outcomes{
		Unit: UnitUser, Parts: []OutcomePart{{Test, "last", 1}, {Validation, "last", 1}}, Units: []int32{4, 1},
		Attributes: []OutcomeAttribute{{"zip", []string{"12", "a1"}}, {"empty", []string{"", ""}}},
		Series: []OutcomeSeries{
			{Name: "bacc", Group: "g", Values: []float64{1, nan}, Balance: "g:label"},
			{Name: "label", Group: "g", Values: []float64{1, 0}},
			{Name: "right", Values: []float64{1, 0}},
		},
	}
	for _, c := range []struct {
		csv  string
		want *Outcomes
	}{
		{"user,ndcg@10\n0,0.5\n4,1\n", plain},
		{"\ufeffndcg@10 , user\r\n1,4.0\r\n\"5e-1\",0", plain},
		{"split,checkpoint,user,zip,empty,g:bacc [balance=g:label],g:label,right\ntest,last,4,12,,1,1,True\nvalidation,last,1,a1,,,0,False\n", full},
		{"image,accuracy\n", &Outcomes{Unit: UnitImage, Series: []OutcomeSeries{{Name: "accuracy"}}}},
	} {
		got, err := ParseOutcomesCSV([]byte(c.csv))
		if err != nil || !sameOutcomes(got, c.want) {
			t.Errorf("%q:\n got %+v (%v)\nwant %+v", c.csv, got, err, c.want)
		}
	}
	for text, want := range map[string]string{
		"":                          "it is empty; the first line must name the columns",
		"id,x\n1,2\n":               `line 1: there is no column of units`,
		"user,unit,x\n1,1,2\n":      `"user", "unit" are all columns of units`,
		",user,x\n0,1,2\n":          "line 1: column 1 has no name; if it is the index of a table, leave it out",
		"user,x,x\n1,2,3\n":         `two columns are called "x"`,
		"user,x\n1\n":               "wrong number of fields",
		"user,x\n1.5,2\n":           `line 2: user "1.5" is not a whole number`,
		"user,x\n1,2\nann,2\n":      `line 3: user "ann" is not a whole number`,
		"user,ndcg@10\n1,2\n2,-\n":  `line 3: ndcg@10 "-" is not a number`,
		"user,gender\n1,f\n":        "there is no column of numbers",
		"user,x\n1,2\n1,2\n":        "lines 2 and 3 are both of user 1",
		"user,x\n7,1\n\n1,2\n7,3\n": `lines 2 and 5 are both of user 7 (split "", checkpoint "")`,
		"user,split,x,y\n3,test,\"a\nb\",1\n3,validation,c,2\n3,test,d,3\n": `lines 2 and 5 are both of user 3 (split "test"`,
		"user,a:x [balance=c],c\n9,1,0\n4,1,0.5\n":                          `column "c", line 3: 0.5 is not a class`,
		"user,a:x [balance=b]\n1,2\n":                                       `its classes are in the column "b", which is not among the columns of numbers`,
		"user,x,checkpoint,image\n1,2,,":                                    `"user", "image" are all columns of units`,
	} {
		if _, err := ParseOutcomesCSV([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

// What is read can be written, and is the same when it is read again.
func FuzzOutcomesCSV(f *testing.F) {
	f.Add([]byte("split,checkpoint,user,zip,g:bacc [balance=g:label],g:label\ntest,last,4,12,1,1\nvalidation,,1,a1,,0\n"))
	f.Add([]byte("image,x@3,b\n2,nan,f\n1,inf,\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		o, err := ParseOutcomesCSV(raw)
		if err != nil {
			return
		}
		var b bytes.Buffer
		if WriteOutcomes(&b, o) != nil {
			return // not UTF-8
		}
		var again *Outcomes
		err = decode(b.Bytes(), func(table *table) error { again, err = table.outcomes(); return err })
		if err != nil || !sameOutcomes(again, o) {
			t.Errorf("read as %+v, and again as %+v (%v)", o, again, err)
		}
	})
}

// Ids are no results, even where they are numbers: as numbers they would not pair the users of folds.
func TestIDsOfUnitsAreTexts(t *testing.T) {
	for _, text := range []string{"user,user_id,x\n0,17,1\n1,5,0\n", "user_id,x,user\n17,1,0\n5,0,1\n", "unit,x,unit_id\n0,1,17\n1,0,5\n"} {
		o, err := ParseOutcomesCSV([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if len(o.Series) != 1 || len(o.Attributes) != 1 || o.Attributes[0].Name != o.IDAttribute() || !slices.Equal(o.Attributes[0].Values, []string{"17", "5"}) {
			t.Errorf("%q: attributes %v", text, o.Attributes)
		}
	}
	for text, want := range map[string]string{
		"user,user_id,x\n0,17,1\n3,17,0\n":                 `user 0 and 3 both have the user_id "17" (lines 2 and 3, split ""`,
		"image,split,image_id,x\n7,test,a,1\n2,test,a,0\n": `image 2 and 7 both have the image_id "a" (lines 3 and 2, split "test"`,
	} {
		if _, err := ParseOutcomesCSV([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
	for _, text := range []string{"user,user_id,x\n0,,1\n1,,0\n", "user,split,user_id,x\n0,test,a,1\n1,validation,a,0\n"} {
		if _, err := ParseOutcomesCSV([]byte(text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A metric that no unit of a cell has is a column of missing numbers.
func TestOutcomesWithoutNumbers(t *testing.T) {
	for _, text := range []string{"user,ndcg@10\n3,\n4,\n", "user,gender:x\n3,\n", "user,gender:bacc [balance=gender:label],gender:label\n3,,\n"} {
		o, err := ParseOutcomesCSV([]byte(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		for _, s := range o.Series {
			for _, v := range s.Values {
				if !math.IsNaN(v) {
					t.Errorf("%q: %s is %v", text, s.Column(), v)
				}
			}
		}
	}
}
