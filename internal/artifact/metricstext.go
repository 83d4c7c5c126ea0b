package artifact

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Files in which a program may write metrics instead of MetricsFile.
const (
	MetricsCSVFile  = "metrics.csv"
	MetricsJSONFile = "metrics.json"
)

// ParseMetricsCSV reads a table with a head. The columns name and value are required; k, group,
// split and checkpoint are optional. The order of the columns does not matter.
func ParseMetricsCSV(raw []byte) ([]Metric, error) {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(raw, []byte("\ufeff"))))
	head, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("it is empty; the first line must name the columns: name,value")
	} else if err != nil {
		return nil, err
	}
	for i, name := range head {
		head[i] = strings.TrimSpace(name)
		if slices.Contains(head[:i], head[i]) {
			return nil, fmt.Errorf("two columns are called %q", head[i])
		}
	}
	for _, name := range []string{"name", "value"} {
		if !slices.Contains(head, name) {
			return nil, fmt.Errorf("line 1: there is no column %q; the columns are %s", name, quoted(head))
		}
	}
	var metrics []Metric
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return metrics, nil
		} else if err != nil {
			return nil, err
		}
		var m Metric
		for i, name := range head {
			if err := m.set(name, strings.TrimSpace(row[i])); err != nil {
				line, column := r.FieldPos(i)
				return nil, fmt.Errorf("line %d, column %d: %w", line, column, err)
			}
		}
		metrics = append(metrics, m)
	}
}

// set sets a field from its text.
func (m *Metric) set(field, text string) (err error) {
	switch field {
	case "name":
		if m.Name = text; text == "" {
			return errors.New("a metric must have a name")
		}
	case "value":
		if m.Value, err = strconv.ParseFloat(text, 64); err != nil {
			return fmt.Errorf("value %q is not a number", text)
		}
	case "k":
		if text == "" {
			return nil
		}
		k, err := strconv.ParseFloat(text, 64) // programs also write 10.0
		if err != nil || k != math.Trunc(k) || k < 0 || k > math.MaxInt32 {
			return fmt.Errorf("k %q is not a whole number of at least 0", text)
		}
		m.K = int(k)
	case "group":
		m.Group = text
	case "split":
		m.Split = text
	case "checkpoint":
		m.Checkpoint = text
	default:
		return fmt.Errorf("metrics have no %q; there are name, value, k, group, split and checkpoint", field)
	}
	return nil
}

// ParseMetricsJSON reads an object from names to numbers, or a list of objects with the fields name
// and value, and k, group, split and checkpoint where they are known. It also takes NaN, Infinity
// and -Infinity, as Python writes them.
func ParseMetricsJSON(raw []byte) ([]Metric, error) {
	d := json.NewDecoder(bytes.NewReader(quoteNotFinite(bytes.TrimPrefix(raw, []byte("\ufeff")))))
	d.UseNumber()
	metrics, err := readMetrics(d)
	if err != nil {
		line := 1 + bytes.Count(raw[:min(int(d.InputOffset()), len(raw))], []byte("\n"))
		return nil, fmt.Errorf("line %d: %w", line, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more after the metrics")
	}
	return metrics, nil
}

func readMetrics(d *json.Decoder) (metrics []Metric, err error) {
	start, err := d.Token()
	switch {
	case err != nil:
		return nil, jsonError(err)
	case start == json.Delim('{'):
		err = eachField(d, func(name string, value string) error {
			if value == "" {
				return fmt.Errorf("metric %q: the value is null; write NaN, or leave the metric out", name)
			}
			m := Metric{}
			if err := errors.Join(m.set("name", name), m.set("value", value)); err != nil {
				return fmt.Errorf("metric %q: %w", name, err)
			}
			metrics = append(metrics, m)
			return nil
		})
		return metrics, err
	case start != json.Delim('['):
		return nil, fmt.Errorf("metrics are an object or a list of objects, not %v", start)
	}
	for d.More() {
		if open, err := d.Token(); err != nil {
			return nil, jsonError(err)
		} else if open != json.Delim('{') {
			return nil, fmt.Errorf("metric %d is not an object", len(metrics))
		}
		m, hasValue := Metric{}, false
		if err := eachField(d, func(name, value string) error {
			hasValue = hasValue || name == "value"
			return m.set(name, value)
		}); err != nil {
			return nil, fmt.Errorf("metric %d: %w", len(metrics), err)
		}
		if m.Name == "" || !hasValue {
			return nil, fmt.Errorf("metric %d needs a name and a value", len(metrics))
		}
		metrics = append(metrics, m)
	}
	_, err = d.Token()
	return metrics, jsonError(err)
}

// eachField visits the fields of an object whose values are scalars.
func eachField(d *json.Decoder, visit func(name, value string) error) error {
	seen := map[string]bool{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return jsonError(err)
		}
		name, _ := key.(string)
		if seen[name] {
			return fmt.Errorf("%q is given twice", name)
		}
		seen[name] = true
		value, err := d.Token()
		if err != nil {
			return jsonError(err)
		}
		switch v := value.(type) {
		case string:
			err = visit(name, v)
		case json.Number:
			err = visit(name, v.String())
		case nil:
			if name == "value" { // of a metric in a list
				return errors.New("the value is null; write NaN, or leave the metric out")
			}
			err = visit(name, "")
		case json.Delim:
			return fmt.Errorf("%q is a list or an object; write a list of objects with name, value and group", name)
		default:
			return fmt.Errorf("%q is %v, which is not a number", name, v)
		}
		if err != nil {
			return err
		}
	}
	_, err := d.Token()
	return jsonError(err)
}

func jsonError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it ends before the metrics do")
	}
	return err
}

// quoteNotFinite puts the numbers that JSON does not have in quotes.
func quoteNotFinite(raw []byte) []byte {
	var b bytes.Buffer
	inText := false
	for i := 0; i < len(raw); i++ {
		switch {
		case inText && raw[i] == '\\' && i+1 < len(raw):
			b.WriteByte(raw[i])
			i++
		case raw[i] == '"':
			inText = !inText
		case !inText:
			if word := notFiniteWord(raw[i:]); word != "" {
				b.WriteString(`"` + word + `"`)
				i += len(word) - 1
				continue
			}
		}
		b.WriteByte(raw[i])
	}
	return b.Bytes()
}

func notFiniteWord(raw []byte) string {
	for _, word := range []string{"NaN", "-Infinity", "Infinity"} {
		if bytes.HasPrefix(raw, []byte(word)) {
			return word
		}
	}
	return ""
}
