package experiments

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// gridClaims are the sentences of results/README.md about all pairs of lambdas in results/advx-ml-1m.
var gridClaims = []struct {
	sentence string
	holds    func(g lambdas) bool
}{
	{"every pair with a lambda of gender of 200 or more loses NDCG@10 by more than noise", func(g lambdas) bool {
		return g.all(hidesGender, func(c line) bool {
			return c.number("NDCG@10", "difference") < 0 && c.number("NDCG@10", "p_corrected") <= .05
		})
	}},
	{"at the last epoch every lambda of gender of 200 or more brings BAcc to 0.55-0.58, and a larger one is not better than 200 by more than noise", func(g lambdas) bool {
		return g.all(hidesGender, func(c line) bool {
			bacc := c.number("BAcc gender, last", "mean")
			return bacc > .545 && bacc < .585 && (c.gender > 200 || c.is("BAcc gender, last", "best"))
		}) && g.all(not(hidesGender), func(c line) bool { return c.number("BAcc gender, last", "mean") > .69 })
	}},
	{"at the best epoch, BAcc is higher for a lambda of gender of 800 than for 200", func(g lambdas) bool {
		bacc := func(c line) float64 { return c.number("BAcc gender, best", "mean") }
		var low, high []float64
		g.all(func(c line) bool { return c.gender == 200 }, func(c line) bool { low = append(low, bacc(c)); return true })
		g.all(func(c line) bool { return c.gender == 800 }, func(c line) bool { high = append(high, bacc(c)); return true })
		return len(low) == 6 && len(high) == 6 && slices.Max(low) < slices.Min(high)
	}},
	{"a lambda of age of 200 or more raises the error above the constant median's 0.181, to 0.182-0.192", func(g lambdas) bool {
		return g.all(func(c line) bool { return c.age >= 200 }, func(c line) bool {
			return c.number("MAE age, last", "mean") > .181 && c.number("MAE age, best", "mean") > .181 && c.number("MAE age, last", "mean") < .1925
		})
	}},
	{"a lambda of 1 changes no number by more than 0.003", func(g lambdas) bool {
		return g.all(func(c line) bool { return max(c.gender, c.age) == 1 }, func(c line) bool {
			return !slices.ContainsFunc([]string{"NDCG@10", "Recall@10", "BAcc gender, best", "BAcc gender, last", "MAE age, best", "MAE age, last"}, func(column string) bool {
				d := c.number(column, "difference")
				return d > .003 || d < -.003
			})
		})
	}},
	{"the gap between men and women is wider than MultVAE's, by more than noise and in each fold, for every lambda of gender of 200 or more, and for no other pair", func(g lambdas) bool {
		return g.all(hidesGender, func(c line) bool {
			return c.is("Men minus women", "differs") && c.number("Men minus women", "difference") > 0 && c.number("Men minus women", "above") == 5
		}) && g.all(not(hidesGender), func(c line) bool { return !c.is("Men minus women", "differs") })
	}},
}

func TestSentencesAboutAllLambdasHold(t *testing.T) {
	g := lambdas{}
	for report, table := range map[string]string{"table": "All lambdas", "groups": "All lambdas, best epoch"} {
		for _, fields := range readTable(t, "../results/advx-ml-1m/"+report+"/table.csv") {
			if fields["table"] != table || fields["role"] != "model" {
				continue
			}
			gender, err1 := strconv.Atoi(fields["gender"])
			age, err2 := strconv.Atoi(fields["age"])
			if err1 != nil || err2 != nil {
				t.Fatalf("%s: a row without lambdas: %v", report, fields)
			}
			at := [2]int{gender, age}
			if _, ok := g[at]; !ok {
				g[at] = line{t, gender, age, map[string]map[string]string{}}
			}
			g[at].columns[fields["column"]] = fields
		}
	}
	if len(g) != 36 {
		t.Fatalf("%d pairs of lambdas, want 36", len(g))
	}
	for _, c := range gridClaims {
		if !c.holds(g) {
			t.Errorf("the numbers of results/advx-ml-1m do not carry this sentence: %s", c.sentence)
		}
	}
}

// ruleClaims are the sentences about the lambdas that a rule chose on validation users.
var ruleClaims = []claim{
	{"chosen by the rule, AdvXMultVAE hides gender as well as AdvMultVAE (gender) and age less than AdvMultVAE (age)", func(r reports) bool {
		cell := func(row, column string) numbers { return r.cell("table", "The models of the paper", row, column) }
		return cell("AdvXMultVAE", "BAcc gender, last")("low") < cell("AdvMultVAE (gender)", "BAcc gender, last")("mean") &&
			cell("AdvXMultVAE", "BAcc gender, last")("high") > cell("AdvMultVAE (gender)", "BAcc gender, last")("mean") &&
			cell("AdvXMultVAE", "MAE age, last")("high") < cell("AdvMultVAE (age)", "MAE age, last")("low")
	}},
	{"it loses 0.017 of 0.524 NDCG@10", func(r reports) bool {
		c := r.cell("table", "The models of the paper", "AdvXMultVAE", "NDCG@10")
		return c("difference") > -.0175 && c("difference") < -.0165 && c("p_corrected") <= .05
	}},
	{"unlearning age lets the published attacker read gender no worse", func(r reports) bool {
		return r.cell("table", "The models of the paper", "AdvMultVAE (age)", "BAcc gender, last")("p_corrected") > .05
	}},
}

func TestSentencesAboutTheRuleHold(t *testing.T) {
	r := newReports(t, "advx-ml-1m")
	for _, c := range ruleClaims {
		if !c.holds(r) {
			t.Errorf("the numbers of results/advx-ml-1m do not carry this sentence: %s", c.sentence)
		}
	}
}

// lambdas are the lines of all pairs of lambdas.
type lambdas map[[2]int]line

// all reports whether something holds for every line of a kind, without MultVAE's own.
func (g lambdas) all(kind, holds func(c line) bool) bool {
	for _, c := range g {
		if max(c.gender, c.age) > 0 && kind(c) && !holds(c) {
			return false
		}
	}
	return true
}

// A line has the numbers of a pair of lambdas by column.
type line struct {
	t           *testing.T
	gender, age int
	columns     map[string]map[string]string
}

func (l line) number(column, name string) float64 {
	l.t.Helper()
	v, err := strconv.ParseFloat(l.columns[column][name], 64)
	if err != nil {
		l.t.Fatalf("(%d, %d), column %q: no number %q: %v", l.gender, l.age, column, name, err)
	}
	return v
}

func (l line) is(column, mark string) bool {
	return slices.Contains(strings.Fields(l.columns[column]["marks"]), mark)
}

func hidesGender(c line) bool { return c.gender >= 200 }

func not(f func(line) bool) func(line) bool { return func(c line) bool { return !f(c) } }
