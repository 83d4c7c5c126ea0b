package app

import (
	"strings"
	"testing"
)

func TestFoldersOfVariants(t *testing.T) {
	seen := map[string]string{}
	for _, c := range []struct {
		sets, only []string
		want       string // * stands for a hash
	}{
		{nil, nil, "tiny"},
		{[]string{"vars.lambda=[0, 400]"}, nil, "tiny@lambda=0,400"},
		{[]string{"vars.lambda=[0]"}, nil, "tiny@lambda=[0]"},
		{[]string{"vars.lambda=0"}, nil, "tiny@lambda=0"},
		{[]string{"vars.lambda=0.0"}, nil, "tiny@lambda=0.0"},
		{[]string{`vars.lambda="0"`}, nil, "tiny@lambda=0-*"},
		{[]string{"vars.lambda='0'"}, nil, "tiny@lambda=0-*"},
		{[]string{"vars.lambda= a"}, nil, "tiny@lambda=_a-*"}, // the space is part of the text
		{[]string{"vars.lambda=a "}, nil, "tiny@lambda=a_-*"},
		{[]string{"vars.lambda=#a $b"}, nil, "tiny@lambda=_a__b-*"},
		{[]string{"vars.lambda=a"}, nil, "tiny@lambda=a"},
		{[]string{"vars.lambda="}, nil, "tiny@lambda=-*"},
		{[]string{"vars.lambda=[0,400]", "vars.folds=[0]"}, nil, "tiny@lambda=0,400+folds=[0]"},
		{[]string{"vars.lambda=0+folds=1"}, nil, "tiny@lambda=0+folds=1-*"},
		{[]string{"vars.lambda=0", "vars.folds=1"}, nil, "tiny@lambda=0+folds=1"},
		{[]string{"seed=2"}, nil, "tiny@seed=2"},
		{[]string{"vars.seed=2"}, nil, "tiny@vars.seed=2"},
		{[]string{"mode=published"}, nil, "tiny@mode=published"},
		{[]string{"vars.mode=published"}, nil, "tiny@vars.mode=published"},
		{[]string{"stages.mode.with.x=5"}, nil, "tiny@stages.mode.with.x=5"},
		{[]string{"vars.only=model"}, nil, "tiny@vars.only=model"},
		{nil, []string{"model"}, "tiny@only=model"},
		{nil, []string{"model[fold=0]", "core"}, "tiny@only=core+only=model[fold=0]"},
		{nil, []string{`model[m="a b"]`}, "tiny@only=model[m=a_b]-*"},
		{nil, []string{"model[m=A]"}, "tiny@only=model[m=A]-*"},
		{nil, []string{"model[m=a]"}, "tiny@only=model[m=a]"},
		{[]string{"stages.model.with.epochs=5"}, []string{"table"}, "tiny@model.epochs=5+only=table"},
		{[]string{"vars.model.epochs=5"}, nil, "tiny@vars.model.epochs=5"},
		{[]string{"stages.model.with.a.b[0]=5"}, nil, "tiny@model.a.b[0]=5"},
		{[]string{"stages.model.epochs=5"}, nil, "tiny@stages.model.epochs=5"},
		{[]string{"stages.seed.with.x=5"}, nil, "tiny@stages.seed.with.x=5"},
		{[]string{"stages.model.matrix.seed=[1]"}, nil, "tiny@stages.model.matrix.seed=[1]"},
		{[]string{"vars.folds[0]=5"}, nil, "tiny@folds[0]=5"},
		{[]string{"folds=5"}, nil, "tiny@folds=5-*"},
		{[]string{"vars.method=PGD"}, nil, "tiny@method=PGD-*"},
		{[]string{"vars.method=pgd"}, nil, "tiny@method=pgd"},
		{[]string{"stages.a.matrix={m: [a, b]}"}, nil, "tiny@stages.a.matrix=_m__[a,_b]_-*"},
		{[]string{"vars.path=../../etc"}, nil, "tiny@path=.._.._etc-*"},
		{[]string{"vars.text=" + strings.Repeat("long ", 99)}, nil, "tiny@text=" + strings.Repeat("long_", 16) + "l-*"},
	} {
		got := variantFolder("tiny", c.sets, c.only)
		want, hashed := strings.CutSuffix(c.want, "*")
		if hashed && len(got) > 8 && len(got) == len(want)+8 {
			want = want + got[len(got)-8:]
		}
		if got != want {
			t.Errorf("--set %q --only %q: %q, want %q", c.sets, c.only, got, c.want)
		}
		if other, taken := seen[strings.ToLower(got)]; taken {
			t.Errorf("%q and %q have the same folder %q", other, c, got)
		}
		seen[strings.ToLower(got)] = strings.Join(append(c.sets, c.only...), " ")
	}
	if a, b := variantFolder("tiny", nil, []string{"a", "b", "a"}), variantFolder("tiny", nil, []string{"b", "a"}); a != b {
		t.Errorf("the order of --only: %q and %q", a, b)
	}
}
