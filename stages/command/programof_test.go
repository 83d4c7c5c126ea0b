package command

import (
	"testing"

	"foil/internal/digest"
	"foil/pipeline"
)

func TestProgramOfACell(t *testing.T) {
	for _, c := range []struct {
		run   string
		files []string
		want  pipeline.Program
	}{
		{`["python3", "train.py", "--epochs", "3"]`, []string{"data.csv", "train.py"}, pipeline.Program{Name: "python3", Script: "train.py"}},
		{`["python3", "-u", "./train.py"]`, []string{"train.py"}, pipeline.Program{Name: "python3", Script: "train.py"}},
		{`["sh", "-c", "echo 1"]`, nil, pipeline.Program{Name: "sh", Script: "echo 1"}},
		{`["python3", "-m", "pkg.train", "train.py"]`, []string{"train.py"}, pipeline.Program{Name: "python3", Script: "pkg.train"}},
		{`["./train.sh", "3"]`, []string{"train.sh"}, pipeline.Program{Name: "./train.sh"}},
		{`["wc", "-c"]`, nil, pipeline.Program{Name: "wc"}},
		{`3`, nil, pipeline.Program{}},
	} {
		lines := digest.KeyLines{{Part: digest.PartParameter, Name: "run", Value: c.run}}
		for _, f := range c.files {
			lines = append(lines, digest.KeyLine{Part: digest.PartSource, Name: f})
		}
		if got := programOf(lines); got != c.want {
			t.Errorf("%s is %+v, want %+v", c.run, got, c.want)
		}
	}
}
