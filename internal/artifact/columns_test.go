package artifact

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

func full() Interactions {
	return Interactions{
		User: []int32{0, 0, 2}, Item: []int32{1, 2, 0}, Rating: []float64{4.5, 1, -2},
		Time: []int64{-5, 0, 978300760 * 1e6}, Weight: []float64{1, 0, 7},
	}
}

func TestInteractionsKeepTheirColumns(t *testing.T) {
	for name, change := range map[string]func(x *Interactions){
		"all": func(*Interactions) {}, "no rating": func(x *Interactions) { x.Rating = nil },
		"times alone": func(x *Interactions) { x.Rating, x.Weight = nil, nil }, "weights alone": func(x *Interactions) { x.Rating, x.Time = nil, nil },
	} {
		x := full()
		change(&x)
		var b bytes.Buffer
		if err := WriteInteractions(&b, x); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "x.arrow")
		if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		got, err := ReadInteractions(path)
		if err != nil || !reflect.DeepEqual(got, x) {
			t.Errorf("%s: %+v %v, want %+v", name, got, err, x)
		}
		if got = x.Select([]int32{2, 0}); got.Len() != 2 || x.Time != nil && got.Time[0] != x.Time[2] || (got.Rating == nil) != (x.Rating == nil) {
			t.Errorf("%s: selected %+v", name, got)
		}
	}
	for _, bad := range []float64{math.NaN(), math.Inf(-1)} {
		x := full()
		x.Weight[1] = bad
		if err := WriteInteractions(&bytes.Buffer{}, x); err == nil || !strings.Contains(err.Error(), `column "weight", row 1`) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

// foreignTimes writes interactions with times of a unit, as other programs do.
func foreignTimes(t *testing.T, unit arrow.TimeUnit, times ...int64) string {
	t.Helper()
	typ := &arrow.TimestampType{Unit: unit}
	schema := arrow.NewSchema([]arrow.Field{{Name: "timestamp", Type: typ}, {Name: "item", Type: arrow.PrimitiveTypes.Int64}, {Name: "user", Type: arrow.PrimitiveTypes.Int64}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	for i, v := range times {
		b.Field(0).(*array.TimestampBuilder).Append(arrow.Timestamp(v))
		b.Field(1).(*array.Int64Builder).Append(int64(i))
		b.Field(2).(*array.Int64Builder).Append(int64(len(times) - i))
	}
	path := filepath.Join(t.TempDir(), InteractionsFile)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := ipc.NewFileWriter(f, ipc.WithSchema(schema))
	if err == nil {
		err = w.Write(b.NewRecord())
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTimesOfOtherProgramsAreConverted(t *testing.T) {
	for unit, per := range map[arrow.TimeUnit]int64{arrow.Second: 1, arrow.Millisecond: 1e3, arrow.Microsecond: 1e6, arrow.Nanosecond: 1e9} {
		path := foreignTimes(t, unit, 7*per, 9*per)
		if converted, err := Convert(InteractionsFile, path); err != nil || !converted {
			t.Errorf("%s: %v %v", unit, converted, err)
			continue
		}
		x, err := ReadInteractions(path)
		if want := (Interactions{User: []int32{1, 2}, Item: []int32{1, 0}, Time: []int64{9e6, 7e6}}); err != nil || !reflect.DeepEqual(x, want) {
			t.Errorf("%s: %+v %v, want %+v", unit, x, err, want)
		}
	}
	for unit, v := range map[arrow.TimeUnit]int64{arrow.Second: math.MaxInt64, arrow.Nanosecond: 1} {
		if _, err := Convert(InteractionsFile, foreignTimes(t, unit, v)); err == nil || !strings.Contains(err.Error(), "cannot be written in whole microseconds") {
			t.Errorf("%d %s: %v", v, unit, err)
		}
	}
}

func TestSharedUsersAndTheFuture(t *testing.T) {
	x := func(time int64, users ...int32) Interactions {
		out := Interactions{User: users}
		for range users {
			out.Item, out.Time = append(out.Item, 0), append(out.Time, time)
		}
		return out
	}
	for _, c := range []struct {
		train, test         Interactions
		shared, tested, far int
	}{
		{x(5, 0, 1), x(6, 2, 3), 0, 2, 0}, {x(5, 0, 1, 3), x(5, 1, 3, 4), 2, 3, 0}, {x(7, 0, 1), x(6, 0, 1), 2, 2, 2},
	} {
		s := &Split{Train: c.train, TestTarget: c.test}
		shared, tested := s.SharedUsers()
		far, known := s.FromFuture()
		if shared != c.shared || tested != c.tested || far != c.far || !known {
			t.Errorf("%+v: %d of %d shared, %d later", s, shared, tested, far)
		}
	}
	if _, known := (&Split{Train: Interactions{User: []int32{0}, Item: []int32{0}}}).FromFuture(); known {
		t.Error("the future is known without times")
	}
}
