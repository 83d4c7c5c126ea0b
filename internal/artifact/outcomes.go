package artifact

import (
	"fmt"
	"io"
)

// An Outcome is the result of an attack on one image.
type Outcome struct {
	Checkpoint      string
	Image           int32 // row of the test images
	Label           int32
	Clean, Attacked int32   // predicted class before and after the attack
	Change          float64 // largest change of a pixel
	Loss            float64 // cross-entropy after the attack
}

// Right reports whether the classifier is right after the attack.
func (o Outcome) Right() bool { return o.Attacked == o.Label }

// Stood reports whether the classifier was right before and after the attack.
func (o Outcome) Stood() bool { return o.Clean == o.Label && o.Right() }

var outcomeColumns = []string{"checkpoint", "image", "label", "clean", "attacked", "change", "loss"}

// WriteOutcomes writes the outcomes in their order.
func WriteOutcomes(w io.Writer, outcomes []Outcome) error {
	n := len(outcomes)
	checkpoint := make([]string, n)
	image, label, clean, attacked := make([]int32, n), make([]int32, n), make([]int32, n), make([]int32, n)
	change, loss := make([]float64, n), make([]float64, n)
	for i, o := range outcomes {
		checkpoint[i], image[i], label[i], clean[i], attacked[i] = o.Checkpoint, o.Image, o.Label, o.Clean, o.Attacked
		change[i], loss[i] = o.Change, o.Loss
	}
	checkpoints, err := textColumn("checkpoint", checkpoint, false)
	if err != nil {
		return err
	}
	return encode(w, checkpoints, int32Column("image", image), int32Column("label", label), int32Column("clean", clean),
		int32Column("attacked", attacked), float64Column("change", change), float64Column("loss", loss))
}

// ReadOutcomes reads and checks the file at path.
func ReadOutcomes(path string) (outcomes []Outcome, err error) {
	err = readTable(path, func(t *table) (err error) {
		outcomes, err = t.outcomes()
		return err
	})
	return outcomes, err
}

func (t *table) outcomes() ([]Outcome, error) {
	if err := t.expect(outcomeColumns...); err != nil {
		return nil, err
	}
	checkpoint, err := t.text(0, false)
	if err != nil {
		return nil, err
	}
	var numbers [5][]int32
	for i := 1; i <= 4; i++ {
		if numbers[i], err = t.int32(i); err != nil {
			return nil, err
		}
	}
	change, err := t.float64(5)
	if err != nil {
		return nil, err
	}
	loss, err := t.float64(6)
	if err != nil {
		return nil, err
	}
	out := make([]Outcome, t.rows)
	for i := range out {
		out[i] = Outcome{checkpoint[i], numbers[1][i], numbers[2][i], numbers[3][i], numbers[4][i], change[i], loss[i]}
		if out[i].Image < 0 || i > 0 && out[i].Checkpoint == out[i-1].Checkpoint && out[i].Image <= out[i-1].Image {
			return nil, fmt.Errorf("column %q, row %d: images must be in ascending order within a checkpoint", "image", i)
		}
	}
	return out, nil
}
