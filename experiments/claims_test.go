package experiments

import (
	"encoding/csv"
	"os"
	"slices"
	"strconv"
	"testing"
)

// A claim is a sentence of results/README.md about results/advx-ml-1m-claims, and the numbers that
// carry it.
type claim struct {
	sentence string
	holds    func(r reports) bool
}

var claims = []claim{
	{"unlearning gender, alone or with age, widens the gap between men and women, in each of the five folds", func(r reports) bool {
		return all([]string{"AdvMultVAE (gender)", "AdvXMultVAE"}, func(row string) bool {
			c := r.cell("groups", "Lambda 400, best epoch", row, "Men minus women")
			return c("difference") > 0 && c("p_corrected") <= .05 && c("above") == 5
		})
	}},
	{"unlearning age alone does not change that gap by more than noise", func(r reports) bool {
		return r.cell("groups", "Lambda 400, best epoch", "AdvMultVAE (age)", "Men minus women")("p_corrected") > .05
	}},
	{"women lose about three times as much NDCG as men", func(r reports) bool {
		women := r.cell("groups", "Lambda 400, best epoch", "AdvXMultVAE", "NDCG@10 women")("difference")
		men := r.cell("groups", "Lambda 400, best epoch", "AdvXMultVAE", "NDCG@10 men")("difference")
		return men < 0 && women/men > 2.5 && women/men < 3.5
	}},
	{"unlearning both widens the gap by age, in each of the five folds", func(r reports) bool {
		c := r.cell("groups", "Lambda 400, best epoch", "AdvXMultVAE", "Gap by age")
		return c("difference") > 0 && c("p_corrected") <= .05 && c("above") == 5
	}},
	{"every gap is larger than one by chance", func(r reports) bool {
		return all([]string{"MultVAE", "AdvMultVAE (gender)", "AdvMultVAE (age)", "AdvXMultVAE"}, func(row string) bool {
			return r.cell("groups", "Lambda 400, best epoch", row, "Men minus women")("chance_p") < .001 &&
				r.cell("groups", "Lambda 400, best epoch", row, "Gap by age")("chance_p") < .001
		})
	}},
	{"each adversary costs NDCG, both together the most", func(r reports) bool {
		of := func(row string) numbers { return r.cell("gains", "", row, "NDCG@10") }
		both, gender, age := of("AdvXMultVAE"), of("AdvMultVAE (gender)"), of("AdvMultVAE (age)")
		return both("difference") < gender("difference") && gender("difference") < age("difference") && age("difference") < 0 &&
			max(both("p_corrected"), gender("p_corrected"), age("p_corrected")) <= .05
	}},
	{"the strongest attacker reads more gender from the vectors than chance, and more than the published one finds", func(r reports) bool {
		published := r.cell("anonymity", "", "AdvXMultVAE", "BAcc gender, published attacker")
		strongest := r.cell("anonymity", "", "AdvXMultVAE", "BAcc gender, strongest attacker")
		return strongest("low") > .5 && strongest("mean") > published("high")-.001
	}},
	{"against the strongest attacker, both adversaries are as good as gender's alone", func(r reports) bool {
		both := r.cell("anonymity", "", "AdvXMultVAE", "BAcc gender, strongest attacker")
		gender := r.cell("anonymity", "", "AdvMultVAE (gender)", "BAcc gender, strongest attacker")
		return both("low") < gender("mean") && gender("low") < both("mean")
	}},
	{"the strongest attacker still reads some age from AdvXMultVAE, and none after LEACE", func(r reports) bool {
		median := r.cell("anonymity", "", "always the median", "MAE age, strongest attacker")("mean")
		return r.cell("anonymity", "", "AdvXMultVAE", "MAE age, strongest attacker")("high") < median &&
			r.cell("anonymity", "", "MultVAE with LEACE", "MAE age, strongest attacker")("high") > median
	}},
	{"LEACE costs more NDCG than the adversaries", func(r reports) bool {
		return r.cell("gains", "", "MultVAE with LEACE", "NDCG@10")("high") < r.cell("gains", "", "AdvXMultVAE", "NDCG@10")("low")
	}},
	{"lists of AdvXMultVAE tell no more about gender than lists of what is popular", func(r reports) bool {
		return r.cell("lists", "", "AdvXMultVAE", "BAcc gender")("mean") < r.cell("lists", "", "popularity", "BAcc gender")("high")
	}},
	{"lists of MultVAE tell gender and age", func(r reports) bool {
		median := r.cell("lists", "", "always the median", "MAE age")("mean")
		return r.cell("lists", "", "MultVAE", "BAcc gender")("low") > .6 && r.cell("lists", "", "MultVAE", "MAE age")("high") < median
	}},
}

func TestSentencesAboutTheClaimsHold(t *testing.T) {
	r := newReports(t, "advx-ml-1m-claims")
	for _, c := range claims {
		if !c.holds(r) {
			t.Errorf("the numbers of results/advx-ml-1m-claims do not carry this sentence: %s", c.sentence)
		}
	}
}

func all(rows []string, holds func(row string) bool) bool {
	return !slices.ContainsFunc(rows, func(row string) bool { return !holds(row) })
}

// reports are the tables of a folder of results.
type reports struct {
	t      *testing.T
	folder string
	read   map[string][]map[string]string
}

func newReports(t *testing.T, folder string) reports {
	return reports{t, folder, map[string][]map[string]string{}}
}

// numbers returns a number of a cell by the name of its column in the CSV file.
type numbers func(name string) float64

// cell returns the numbers of one cell of a report; table "" is any table.
func (r reports) cell(report, table, row, column string) numbers {
	r.t.Helper()
	lines, ok := r.read[report]
	if !ok {
		lines = readTable(r.t, "../results/"+r.folder+"/"+report+"/table.csv")
		r.read[report] = lines
	}
	for _, line := range lines {
		if line["row"] != row || line["column"] != column || table != "" && line["table"] != table {
			continue
		}
		return func(name string) float64 {
			r.t.Helper()
			v, err := strconv.ParseFloat(line[name], 64)
			if err != nil {
				r.t.Fatalf("report %s, row %q, column %q: no number %q: %v", report, row, column, name, err)
			}
			return v
		}
	}
	r.t.Fatalf("report %s has no row %q with column %q", report, row, column)
	return nil
}

func readTable(t *testing.T, path string) []map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, fields := range lines[1:] {
		line := map[string]string{}
		for i, name := range lines[0] {
			line[name] = fields[i]
		}
		out = append(out, line)
	}
	return out
}
