package artifact

import "io"

// A Point is the value of one curve at one epoch.
type Point struct {
	Epoch int
	Name  string
	Value float64
}

// WriteCurves writes the points in their order.
func WriteCurves(w io.Writer, points []Point) error {
	epoch := make([]int32, len(points))
	name := make([]string, len(points))
	value := make([]float64, len(points))
	for i, p := range points {
		epoch[i], name[i], value[i] = int32(p.Epoch), p.Name, p.Value
	}
	names, err := textColumn("name", name, false)
	if err != nil {
		return err
	}
	return encode(w, int32Column("epoch", epoch), names, float64Column("value", value))
}

// ReadCurves reads and checks the file at path.
func ReadCurves(path string) (points []Point, err error) {
	err = readTable(path, func(t *table) (err error) {
		points, err = t.curves()
		return err
	})
	return points, err
}

func (t *table) curves() ([]Point, error) {
	if err := t.expect("epoch", "name", "value"); err != nil {
		return nil, err
	}
	epoch, err := t.int32(0)
	if err != nil {
		return nil, err
	}
	name, err := t.text(1, false)
	if err != nil {
		return nil, err
	}
	value, err := t.float64(2)
	if err != nil {
		return nil, err
	}
	points := make([]Point, t.rows)
	for i := range points {
		points[i] = Point{Epoch: int(epoch[i]), Name: name[i], Value: value[i]}
	}
	return points, nil
}
