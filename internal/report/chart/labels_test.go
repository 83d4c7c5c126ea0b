package chart

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
)

// checkLabels reports labels of a chart that overlap.
func checkLabels(t *testing.T, c *Chart) {
	t.Helper()
	s, err := c.layOut()
	if err != nil {
		t.Fatal(err)
	}
	style := s.labelStyle()
	var boxes []vg.Rectangle
	for _, l := range s.labels {
		box := vg.Rectangle{Min: l.at, Max: vg.Point{X: l.at.X + textWidth(style.Font, l.text), Y: l.at.Y + style.FontExtents().Height}}
		if n := hits(box, boxes); n > 0 {
			t.Errorf("the label %q covers %d others", l.text, n)
		}
		boxes = append(boxes, box)
	}
}

// cloud is a chart of many spots, some of which have labels.
func cloud(width Width, spots, labels int) *Chart {
	c := &Chart{Title: "Cloud", Width: width, X: Axis{Label: "NDCG@10"}, Y: Axis{Label: "BAcc"}, Series: []Series{{Name: "all pairs", Small: true}, {Name: "models"}}}
	for i := range spots {
		x, y := 0.51-0.0007*float64(i), 0.7-0.15*math.Sqrt(float64(i)/float64(spots))
		c.Series[0].Spots = append(c.Series[0].Spots, Spot{Value{x, x - 0.002, x + 0.002}, Value{y, y - 0.01, y + 0.01}, ""})
		if i < labels {
			c.Series[1].Spots = append(c.Series[1].Spots, Spot{Value{x, none, none}, Value{y, none, none}, fmt.Sprintf("Model %d (gender)", i+1)})
		}
	}
	return c
}

func TestLabelsAreDrawnOrNamed(t *testing.T) {
	for _, tt := range []struct {
		name           string
		chart          *Chart
		least, without int
	}{
		{"a few on a page", cloud(Page, 36, 6), 6, 0},
		{"a few in a column", cloud(Column, 36, 4), 4, 0},
		{"equal places", &Chart{Series: []Series{{Name: "s", Spots: []Spot{
			{Value{1, none, none}, Value{1, none, none}, "one"}, {Value{1, none, none}, Value{1, none, none}, "two"}, {Value{2, none, none}, Value{3, none, none}, "three"},
		}}}}, 3, 0},
		{"too many", cloud(Column, 120, 120), 5, 120},
		{"too wide", &Chart{Width: Column, Series: []Series{{Name: "s", Spots: []Spot{{Value{1, none, none}, Value{1, none, none}, strings.Repeat("W", 400)}}}}}, 1, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			checkLabels(t, tt.chart)
			s, err := tt.chart.layOut()
			if err != nil {
				t.Fatal(err)
			}
			without := tt.chart.Unlabelled()
			named := 0
			for _, series := range tt.chart.Series {
				for _, p := range series.Spots {
					if p.Label != "" {
						named++
					}
				}
			}
			if len(s.labels)+len(without) != named || len(s.labels) < tt.least || len(without) > tt.without {
				t.Errorf("%d labels are drawn, %d are named as left out, of %d", len(s.labels), len(without), named)
			}
			if svg := inline(t, tt.chart); strings.Count(svg, "<text") < len(s.labels) {
				t.Error("labels are missing in the drawing")
			}
		})
	}
}
