package bench

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestMedianIsTheMiddle(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   float64
	}{
		{[]float64{7}, 7},
		{[]float64{9, 1, 2}, 2},
		{[]float64{4, 1, 3, 2}, 2.5},
	} {
		if got := Median(test.values); got != test.want {
			t.Errorf("median of %v is %v; want %v", test.values, got, test.want)
		}
	}
}

func TestSteadyRoundsAreWithinHalf(t *testing.T) {
	if !Steady(2) || !Steady(2, 3, 2.5) || Steady(2, 2.5, 3.1) {
		t.Errorf("steady: %t, %t, %t; want true, true, false", Steady(2), Steady(2, 3, 2.5), Steady(2, 2.5, 3.1))
	}
}

func TestListsAreOfPositiveNumbers(t *testing.T) {
	if got, err := List("10, 3", Positive); err != nil || !slices.Equal(got, []int{10, 3}) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, wrong := range []string{"", "1,0", "1,,2", "-3", "2.5", "two"} {
		if got, err := List(wrong, Positive); err == nil || !strings.Contains(err.Error(), "is not a positive whole number") {
			t.Errorf("%q: got %v, error %v", wrong, got, err)
		}
	}
}

func TestVariablesAreLeftOutByPrefixOrName(t *testing.T) {
	env := []string{"HOME=/h", "OMP_NUM_THREADS=8", "GOGC=off", "GOGCX=1", "PATH=/bin"}
	if got, want := Without(env, []string{"OMP_", "GOGC="}), []string{"HOME=/h", "GOGCX=1", "PATH=/bin"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if env[1] != "OMP_NUM_THREADS=8" {
		t.Error("the environment that was given has changed")
	}
}

func TestTableIsMarkdownAlignedToTheRight(t *testing.T) {
	const want = `| tool |   s |
| ---: | --: |
|    a | 1.0 |
`
	if got := Markdown([][]string{{"tool", "s"}, {"a", "1.0"}}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestPeakMemoryIsInBytes(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self, "-test.run=^$")
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	peak := PeakMemory(c.ProcessState)
	if peak == 0 {
		t.Skip("this system does not tell a process's memory")
	}
	if peak < 1<<20 || peak > 1<<34 {
		t.Errorf("a small process had %d bytes: wrong unit?", peak)
	}
	if Mebibytes(3<<20) != "3" || Mebibytes(0) != "not known" {
		t.Errorf("3 MiB are %s, nothing known is %s", Mebibytes(3<<20), Mebibytes(0))
	}
}
