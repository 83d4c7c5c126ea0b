package artifact

import (
	"fmt"
	"io"
	"math"
)

// A Metric is one scalar result of an evaluation or an attack.
type Metric struct {
	Name       string // ndcg, recall, coverage, bacc, mae, ...
	Value      float64
	K          int    // cut-off; 0 where there is none
	Group      string // "" is all users
	Split      string // "test"
	Checkpoint string // "best", "last" or ""
}

// WriteMetrics writes the metrics in their order.
func WriteMetrics(w io.Writer, metrics []Metric) error {
	n := len(metrics)
	name, group := make([]string, n), make([]string, n)
	split, checkpoint := make([]string, n), make([]string, n)
	value, k := make([]float64, n), make([]int32, n)
	for i, m := range metrics {
		if m.K < 0 || m.K > math.MaxInt32 {
			return fmt.Errorf("metric %s: the cut-off %d does not fit into the table", m.Name, m.K)
		}
		name[i], value[i], k[i] = m.Name, m.Value, int32(m.K)
		group[i], split[i], checkpoint[i] = m.Group, m.Split, m.Checkpoint
	}
	columns := []column{{}, float64Column("value", value), int32Column("k", k), {}, {}, {}}
	for _, c := range []struct {
		at     int
		name   string
		values []string
	}{{0, "name", name}, {3, "group", group}, {4, "split", split}, {5, "checkpoint", checkpoint}} {
		var err error
		if columns[c.at], err = textColumn(c.name, c.values, false); err != nil {
			return err
		}
	}
	return encode(w, columns...)
}

// ReadMetrics reads and checks the file at path.
func ReadMetrics(path string) (metrics []Metric, err error) {
	err = readTable(path, func(t *table) (err error) {
		metrics, err = t.metrics()
		return err
	})
	return metrics, err
}

func (t *table) metrics() ([]Metric, error) {
	if err := t.expect("name", "value", "k", "group", "split", "checkpoint"); err != nil {
		return nil, err
	}
	value, err := t.float64(1)
	if err != nil {
		return nil, err
	}
	k, err := t.int32(2)
	if err != nil {
		return nil, err
	}
	var text [6][]string
	for _, i := range []int{0, 3, 4, 5} {
		if text[i], err = t.text(i, false); err != nil {
			return nil, err
		}
	}
	metrics := make([]Metric, t.rows)
	for i := range metrics {
		metrics[i] = Metric{Name: text[0][i], Value: value[i], K: int(k[i]),
			Group: text[3][i], Split: text[4][i], Checkpoint: text[5][i]}
	}
	return metrics, nil
}
