package spec

import "testing"

func TestNearest(t *testing.T) {
	kinds := []string{"split/user-kfold", "train/multvae", "train/advx-multvae", "report/table"}
	tests := []struct {
		name       string
		candidates []string
		want       string
	}{
		{"epoch", []string{"epochs", "batch"}, "epochs"},
		{"lamdba", []string{"lambda", "gamma"}, "lambda"},
		{"Epochs", []string{"batch", "epochs"}, "epochs"},
		{"min-rating", []string{"min_rating"}, "min_rating"},
		{"user-kfold", kinds, "split/user-kfold"},
		{"train/multivae", kinds, "train/multvae"},
		{"a", []string{"b", "c"}, ""},
		{"x", nil, ""},
		{"quite another", []string{"lambda"}, ""},
		{"ab", []string{"abx", "ab"}, "ab"},
	}
	for _, tt := range tests {
		if got := Nearest(tt.name, tt.candidates); got != tt.want {
			t.Errorf("nearest to %q is %q, want %q", tt.name, got, tt.want)
		}
	}
}
