//go:build unix

package command

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/ipc"

	"foil/internal/artifact"
	"foil/internal/artifact/itemscores"
	"foil/internal/artifact/latents"
	"foil/internal/dense"
	"foil/internal/kindtest"
	"foil/models/zoo"
	"foil/pipeline"
	"foil/spec"
	"foil/stages/load"
)

var update = flag.Bool("update", false, "write docs/artifacts.md anew")

// documented are the types with a section, in the order of the page.
var documented = []string{
	artifact.TypeInteractions, artifact.TypeSplit, artifact.TypeMetrics, artifact.TypeLatents, artifact.TypeScores, artifact.TypeRecommender,
	artifact.TypeImages, artifact.TypeClassifier,
}

// libraries are the examples of a section, with the packages that they need.
var libraries = []struct{ name, title, packages string }{
	{"pandas", "pandas", "pandas pyarrow numpy"},
	{"polars", "Polars", "polars numpy"},
	{"numpy", "NumPy", "numpy pyarrow"},
}

// TestArtifactsPage compares docs/artifacts.md with the code. With -update it writes the page.
func TestArtifactsPage(t *testing.T) {
	var b strings.Builder
	b.WriteString(`# What a program can make

A stage of kind command makes an artifact of the type in its parameter ` + "`type`" + `. This page lists, for
each type, the files that the program writes to ` + "`out/`" + ` and what they hold. foil checks them, puts them
into its own form, and every stage then takes them like the output of one of foil's own kinds. An error
names the file, the column and the row, what was found, and what is wanted.

Tables are Arrow IPC files: a column may have any type that holds its values without loss, and columns
may be in any order. ` + "`int32`" + `, ` + "`text`" + ` and so on are the types in foil's own form. Examples are programs
as they stand; a test runs each of them. The package in ` + "`python/`" + ` has a function for each type, such as
` + "`foil.write_latents`" + `, but no program needs it.

A stage with the first example for latent vectors:

` + "```yaml" + `
own:
  uses: command
  needs: {data: fold}
  with: {run: [python3, latents.py], files: [latents.py], outputs: [latents.arrow], type: latents}
privacy: {uses: attack/latent-probe, needs: {latents: own, data: fold}, with: {attributes: [{attribute: gender}]}}
` + "```" + `

This page is generated: go test ./stages/command -run ArtifactsPage -update writes it.
`)
	for _, of := range documented {
		section(t, &b, of)
	}
	const page = "../../docs/artifacts.md"
	if *update {
		if err := os.WriteFile(page, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(page); err != nil || string(got) != b.String() {
		t.Errorf("%s is not what the code says (%v); -update writes it anew", page, err)
	}
	for of := range outputTypes {
		if of != typeFiles && of != artifact.TypeReport && !slices.Contains(documented, of) {
			t.Errorf("%s has no section", of)
		}
	}
}

func section(t *testing.T, b *strings.Builder, of string) {
	o := outputTypes[of]
	fmt.Fprintf(b, "\n## %s\n\n%s\n", of, example(t, of+".md"))
	fmt.Fprintf(b, "| a program writes |\n| --- |\n")
	for _, form := range o.forms {
		fmt.Fprintf(b, "| `%s` |\n", strings.Join(form, "`, `"))
	}
	switch of {
	case artifact.TypeInteractions, artifact.TypeSplit:
		data := kindtest.Split(t)
		if of == artifact.TypeInteractions {
			split, err := artifact.ReadSplit(data.Path)
			if err != nil {
				t.Fatal(err)
			}
			data = kindtest.Written(t, (&artifact.Dataset{Interactions: split.Train, Users: split.Users, Items: artifact.Items{ID: split.Items.ID, Title: split.Items.ID}}).Write)
		}
		columns(t, b, data)
	case artifact.TypeMetrics:
		columns(t, b, kindtest.Written(t, func(create artifact.CreateFunc) error {
			o := &artifact.Outcomes{Unit: artifact.UnitUser, Parts: []artifact.OutcomePart{{Rows: 1}}, Units: []int32{0},
				Attributes: []artifact.OutcomeAttribute{{Name: "gender", Values: []string{"f"}}}, Series: []artifact.OutcomeSeries{{Name: "ndcg", K: 10, Values: []float64{1}}}}
			return artifact.WriteEvaluation(create, o.Metrics(), o)
		}))
	case artifact.TypeImages:
		columns(t, b, images(t))
	case artifact.TypeLatents:
		files(b, latents.Docs)
	case artifact.TypeScores:
		files(b, itemscores.Docs)
	case artifact.TypeRecommender:
		b.WriteString("\n| input | what the first layer gets for an item of the user; 0 for others |\n| --- | --- |\n")
		for _, in := range dense.Inputs {
			fmt.Fprintf(b, "| `%s` | %s |\n", in.Name, in.Doc)
		}
		var names []string
		for _, a := range dense.Activations {
			names = append(names, "`"+a.Name+"`")
		}
		fmt.Fprintf(b, "\nActivations are %s.\n", strings.Join(names, ", "))
	case artifact.TypeClassifier:
		b.WriteString("\n| network | width of the authors |\n| --- | --- |\n")
		for _, c := range zoo.Classifiers {
			fmt.Fprintf(b, "| `%s` | %d |\n", c.Name, c.Width)
		}
	}
	for _, l := range libraries {
		if name := of + "-" + l.name + ".py"; hasExample(name) {
			fmt.Fprintf(b, "\nWith %s:\n```python\n%s```\n", l.title, example(t, name))
		}
	}
}

// columns lists the columns of all tables of an artifact in foil's form.
func columns(t *testing.T, b *strings.Builder, a pipeline.Artifact) {
	b.WriteString("\n| file in foil's form | columns |\n| --- | --- |\n")
	for _, f := range a.Files {
		if filepath.Ext(f.Name) != ".arrow" {
			continue
		}
		file, err := os.Open(must(t, a, f.Name))
		if err != nil {
			t.Fatal(err)
		}
		r, err := ipc.NewFileReader(file)
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, c := range r.Schema().Fields() {
			text := fmt.Sprintf("`%s` %v", c.Name, strings.Replace(c.Type.String(), "utf8", "text", 1))
			if c.Nullable {
				text += ", may be null"
			}
			texts = append(texts, text)
		}
		fmt.Fprintf(b, "| `%s` | %s |\n", f.Name, strings.Join(texts, "; "))
		file.Close()
	}
}

func must(t *testing.T, a pipeline.Artifact, name string) string {
	path, err := a.Path(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// files lists the files of foil's form.
func files(b *strings.Builder, docs []pipeline.FileDoc) {
	b.WriteString("\n| file in foil's form | content |\n| --- | --- |\n")
	for _, d := range docs {
		fmt.Fprintf(b, "| `%s` | %s |\n", d.Name, d.Doc)
	}
}

func example(t *testing.T, name string) string {
	text, err := os.ReadFile("examples/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func hasExample(name string) bool {
	_, err := os.Stat("examples/" + name)
	return err == nil
}

// images are four classes of 16 by 16 pixels.
func images(t *testing.T) pipeline.Artifact {
	p := load.SyntheticImages().Params().(*load.SyntheticImagesParams)
	p.Classes, p.Size, p.PerClassTrain, p.PerClassTest = 4, 16, 2, 1
	return kindtest.MustRun(t, load.SyntheticImages(), p, &pipeline.Cell{Seed: 1})
}

// python is an interpreter that has packages. FOIL_PYTHON names another one than python3.
func python(t *testing.T, packages string) string {
	t.Helper()
	name := os.Getenv("FOIL_PYTHON")
	if name == "" {
		name = "python3"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("there is no %s; FOIL_PYTHON names another interpreter", name)
	}
	imports := "import " + strings.Join(strings.Fields(packages), ", ")
	if out, err := exec.Command(path, "-c", imports).CombinedOutput(); err != nil {
		t.Skipf("%s lacks packages (%s): %s; FOIL_PYTHON names an interpreter that has them", name, packages, lastLine(string(out)))
	}
	return path
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// Every example makes a valid artifact. Examples of a type that say the same make the same artifact.
func TestExamplesAreTaken(t *testing.T) {
	same := []string{artifact.TypeInteractions, artifact.TypeSplit, artifact.TypeMetrics, artifact.TypeLatents, artifact.TypeImages}
	first := map[string]string{} // by type
	for _, of := range documented {
		for _, l := range libraries {
			name := of + "-" + l.name + ".py"
			if !hasExample(name) {
				continue
			}
			t.Run(name, func(t *testing.T) {
				path := python(t, l.packages)
				// Outputs are those that the form of the example names, with further files.
				p := &Params{Run: []spec.Text{spec.Text(path), spec.Text(name)}, Outputs: []string{"*"}, Type: of}
				cell := newCell(t)
				cell.Sources = []pipeline.Source{{Name: name, Content: []byte(example(t, name))}}
				cell.Inputs = map[string]pipeline.Artifact{"data": kindtest.Split(t)}
				if of == artifact.TypeClassifier {
					cell.Inputs["data"] = images(t)
				}
				a, err := kindtest.Run(t, Command(), p, cell)
				if err != nil {
					t.Fatal(err)
				}
				var digests []string
				for _, f := range a.Files {
					if filepath.Ext(f.Name) != ".csv" { // kept beside the table
						digests = append(digests, f.Name+" "+f.Digest.Short())
					}
				}
				content := strings.Join(digests, "\n")
				if slices.Contains(same, of) && first[of] != "" && content != first[of] {
					t.Errorf("got\n%s\nwant\n%s", content, first[of])
				}
				first[of] = content
			})
		}
	}
}
