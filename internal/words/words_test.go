package words

import "testing"

func TestFewNamesStandForMany(t *testing.T) {
	names := []string{"a", "b", "c", "d", "e", "f", "g"}
	for n, want := range map[int]string{
		0: "", 1: "a", 2: "a and b", 3: "a, b and c",
		6: "a, b, c, d, e and f", 7: "a, b, c, d, e and 2 others",
	} {
		if got := Few(names[:n]); got != want {
			t.Errorf("%d names are %q, want %q", n, got, want)
		}
	}
	if names[5] != "f" {
		t.Error("the list was changed")
	}
}
