package spec

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/rogpeppe/go-internal/txtar"
	"gopkg.in/yaml.v3"
)

func TestSchemaAcceptsExperiments(t *testing.T) {
	schema := committedSchema(t)
	files, err := filepath.Glob("../experiments/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d experiments, error %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(schema, text); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestSchemaRefusesBrokenSpecs(t *testing.T) {
	schema := committedSchema(t)
	archive, err := txtar.ParseFile("testdata/schema_broken.txtar")
	if err != nil {
		t.Fatal(err)
	}
	broken := regexp.MustCompile(`(?m)^( *).*#= `)
	for _, file := range archive.Files {
		if n := len(broken.FindAll(file.Data, -1)); n != 1 {
			t.Errorf("%s: %d lines are broken, want 1", file.Name, n)
			continue
		}
		if err := validate(schema, file.Data); err == nil {
			t.Errorf("%s: the schema accepts\n%s", file.Name, file.Data)
		}
		mended := broken.ReplaceAll(file.Data, []byte("$1"))
		if err := validate(schema, mended); err != nil {
			t.Errorf("%s, mended: %v\n%s", file.Name, err, mended)
		}
	}
}

// committedSchema is the one that editors read. A test of the command line keeps it
// equal to what foil schema prints.
func committedSchema(t *testing.T) *jsonschema.Resolved {
	t.Helper()
	text, err := os.ReadFile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var s jsonschema.Schema
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	resolved, err := s.Resolve(&jsonschema.ResolveOptions{ValidateDefaults: true})
	if err != nil {
		t.Fatal(err)
	}
	return resolved
}

// validate reads a spec as an editor does: as JSON's values.
func validate(schema *jsonschema.Resolved, text []byte) error {
	var doc any
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return fmt.Errorf("not YAML: %w", err)
	}
	data, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		return err
	}
	return schema.Validate(value)
}
