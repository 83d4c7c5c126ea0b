package spec

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
)

// A KindSchema is what the schema says about a kind.
type KindSchema struct {
	Name, Doc string
	Inputs    []InputSchema
	Params    []FieldInfo // see Describe
	Modes     []string    // in which the kind has other defaults
}

// An InputSchema is an input of a kind. The name "*" stands for any names.
type InputSchema struct {
	Name, Doc string
	Optional  bool
	Gathered  bool // filled by gather, not by needs
}

// Schema returns the JSON Schema (2020-12) of the spec language with the
// parameters of the kinds, for editors. It accepts more than Parse does: it does not
// resolve expressions or extend.
func Schema(kinds []KindSchema) []byte { return schemaText(specSchema(kinds)) }

func schemaText(s *schema) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(s); err != nil {
		panic(err) // every value in it can be written
	}
	return b.Bytes()
}

// The library wants a tree: no schema may stand in two places. Parts that are used in
// several places are therefore functions.
type schema = jsonschema.Schema

func specSchema(kinds []KindSchema) *schema {
	return &schema{
		Schema:      "https://json-schema.org/draft/2020-12/schema",
		Title:       "foil experiment",
		Description: "An experiment of foil: named stages, each of which uses a kind.",
		Type:        "object",
		Properties: map[string]*schema{
			"name":   {Type: "string", Pattern: namePattern.String(), Description: "Names the folder of the results."},
			"title":  {Type: "string", Description: "One line for reports."},
			"cites":  {Type: "string", Description: "What the experiment reproduces, such as arXiv:2410.20965."},
			"mode":   modeSchema(kinds),
			"seed":   {Type: "integer", Minimum: number(0), Default: json.RawMessage("0"), Description: "The seed of all stages that have none of their own."},
			"vars":   {Type: "object", PropertyNames: nameSchema(), Description: "Values for ${vars.NAME}."},
			"extend": {Type: "string", Description: "The spec that this one extends: maps are merged, other values replaced, and null removes a value."},
			"stages": {
				Type:                 "object",
				Description:          "The steps of the experiment by name.",
				MinProperties:        count(1),
				PropertyNames:        nameSchema(),
				AdditionalProperties: anyOf(&schema{Ref: "#/$defs/stage"}, nullSchema()),
			},
			"slurm": slurmSchema(),
		},
		PropertyOrder:        []string{"name", "title", "cites", "mode", "seed", "extend", "vars", "stages", "slurm"},
		AdditionalProperties: never(),
		// Fields that are missing here may come from the spec that is extended.
		If: &schema{Not: &schema{Required: []string{"extend"}}},
		Then: &schema{
			Required: []string{"name", "stages"},
			Properties: map[string]*schema{
				"stages": {AdditionalProperties: &schema{Required: []string{"uses"}}},
			},
		},
		Defs: map[string]*schema{
			"stage": stageSchema(kinds),
			"expression": {
				Type:        "string",
				Pattern:     `\$\{ *(vars\.|seed|matrix\.)`,
				Description: "${vars.NAME}, ${seed}, or ${matrix.AXIS} in with and in a stage's seed.",
			},
		},
	}
}

// modeSchema lists the modes of all kinds.
func modeSchema(kinds []KindSchema) *schema {
	names := &schema{}
	for _, k := range kinds {
		for _, mode := range k.Modes {
			if !slices.Contains(names.Enum, any(mode)) {
				names.Enum = append(names.Enum, mode)
			}
		}
	}
	s := anyOf(names, expressionSchema(), nullSchema())
	if len(names.Enum) == 0 {
		s = anyOf(&schema{Type: "string"}, nullSchema())
	}
	s.Description = "Other defaults for the parameters of all stages. foil kinds lists those of each mode; a parameter in with overrides them."
	return s
}

// SiteSchema returns the JSON Schema of the file of a site.
func SiteSchema() []byte {
	return schemaText(&schema{
		Schema:               "https://json-schema.org/draft/2020-12/schema",
		Title:                "foil site",
		Description:          "What specs need not say about a place where foil runs.",
		Type:                 "object",
		Properties:           map[string]*schema{"slurm": slurmSchema()},
		AdditionalProperties: never(),
	})
}

func slurmSchema() *schema {
	text := func(doc string) *schema { return &schema{Types: []string{"string", "null"}, Description: doc} }
	extra := &schema{
		Types:       []string{"array", "null"},
		Items:       &schema{Type: "string", Pattern: optionPattern.String()},
		Description: "More options of sbatch, such as --exclude=node7.",
	}
	return &schema{
		Types:       []string{"object", "null"},
		Description: "How workers are submitted to a cluster (--executor slurm); not part of keys.",
		Properties: map[string]*schema{
			"partition":  text("The partition of the workers."),
			"account":    text("The account that is charged."),
			"qos":        text("The quality of service."),
			"constraint": text("The features that nodes must have."),
			"time":       text("The time limit of a worker, such as 4h. Default: an estimate from past cells."),
			"extra":      extra,
			"gpu": {
				Types:       []string{"object", "null"},
				Description: "What is different for workers with GPUs.",
				Properties: map[string]*schema{
					"partition":  text("Their partition."),
					"constraint": text("The features that their nodes must have."),
					"extra":      extra,
				},
				PropertyOrder:        gpuFields,
				AdditionalProperties: never(),
			},
		},
		PropertyOrder:        slurmFields,
		AdditionalProperties: never(),
	}
}

func stageSchema(kinds []KindSchema) *schema {
	s := &schema{
		Type: "object",
		Properties: map[string]*schema{
			"uses":   usesSchema(kinds),
			"needs":  stageField(stagesByInput(), "Inputs by name, each with the stage whose output it takes cell by cell."),
			"gather": stageField(stagesByInput(), "Inputs by name, each with the stage whose cells it takes all at once."),
			"matrix": stageField(&schema{
				Type:                 "object",
				PropertyNames:        nameSchema(),
				AdditionalProperties: anyOf(axisSchema(), namedAxisSchema(), expressionSchema(), nullSchema()),
			}, "Axes by name, each with its values: the stage has a cell for every combination. Values of any type need names."),
			"exclude": stageField(&schema{
				Type: "array",
				Items: &schema{
					Type:                 "object",
					MinProperties:        count(1),
					AdditionalProperties: anyOf(scalarSchema(), axisSchema(), expressionSchema()),
				},
			}, "Cells to leave out: an entry matches the cells that have one of its values on each axis that it names."),
			"with": stageField(&schema{Type: "object"}, "The parameters of the kind."),
			"seed": stageField(&schema{Type: "integer", Minimum: number(0)}, "The stage's own seed."),

			"cores":   stageField(&schema{Type: "integer", Minimum: number(1)}, "Threads that a cell may keep busy; not part of the key."),
			"memory":  stageField(&schema{Type: "string", Pattern: goodSize}, "Memory that a cell takes, such as 2GB; not part of the key."),
			"gpus":    stageField(&schema{Type: "integer", Minimum: number(0)}, "GPUs that a cell takes; not part of the key."),
			"timeout": stageField(&schema{Type: "string"}, "Time limit of one attempt, such as 90m; not part of the key."),
			"retries": stageField(&schema{Type: "integer", Minimum: number(0)}, "Attempts after a failed one, which resume from its checkpoints; not part of the key."),
		},
		PropertyOrder:        []string{"uses", "needs", "gather", "matrix", "exclude", "with", "seed", "cores", "memory", "gpus", "timeout", "retries"},
		AdditionalProperties: never(),
	}
	for _, k := range kinds {
		s.AllOf = append(s.AllOf, kindSchema(k))
	}
	return s
}

func usesSchema(kinds []KindSchema) *schema {
	s := &schema{Type: "string"}
	if len(kinds) > 0 {
		names := &schema{}
		for _, k := range kinds {
			names.Enum = append(names.Enum, k.Name)
		}
		s = anyOf(names, expressionSchema())
	}
	s.Description = "What the stage does: the name of a kind."
	return s
}

// stageField is a field of a stage: the value, an expression, or nothing after the colon.
func stageField(s *schema, doc string) *schema {
	s = anyOf(s, expressionSchema(), nullSchema())
	s.Description = doc
	return s
}

// kindSchema is the schema of a stage that uses the kind.
func kindSchema(k KindSchema) *schema {
	var name any = k.Name
	then := map[string]*schema{
		"uses": {Description: k.Doc},
		"with": paramsSchema(k.Params),
	}
	if len(k.Inputs) > 0 {
		then["needs"] = inputsSchema(k.Inputs, false)
		then["gather"] = inputsSchema(k.Inputs, true)
	}
	return &schema{
		If: &schema{
			Properties: map[string]*schema{"uses": {Const: &name}},
			Required:   []string{"uses"},
		},
		Then: &schema{Properties: then},
	}
}

// inputsSchema describes the inputs that needs or gather fills. Other names are refused,
// except where the kind takes any.
func inputsSchema(inputs []InputSchema, gathered bool) *schema {
	s := &schema{Properties: map[string]*schema{}, AdditionalProperties: never()}
	for _, in := range inputs {
		switch {
		case in.Gathered != gathered:
		case in.Name == "*":
			s.AdditionalProperties = nil
		default:
			s.Properties[in.Name] = &schema{Description: in.Doc}
			s.PropertyOrder = append(s.PropertyOrder, in.Name)
		}
	}
	return s
}

// paramsSchema is an object with parameters, in their order. Required ones are not asked
// for, since they may come from a spec that is extended.
func paramsSchema(params []FieldInfo) *schema {
	s := &schema{Properties: map[string]*schema{}, AdditionalProperties: never()}
	for _, f := range params {
		s.Properties[f.Name] = paramSchema(f)
		s.PropertyOrder = append(s.PropertyOrder, f.Name)
	}
	return s
}

func paramSchema(f FieldInfo) *schema {
	s := typeSchema(f.Type, f)
	if f.NonEmpty {
		s.MinItems = count(1)
	}
	switch {
	case f.Type == "any":
	case f.Nullable:
		s = anyOf(s, expressionSchema(), nullSchema())
	default:
		s = anyOf(s, expressionSchema())
	}
	s.Description = f.Doc
	if f.Unit != "" {
		s.Description = strings.TrimSpace(f.Doc + " (in " + f.Unit + ")")
	}
	s.Default = defaultValue(f)
	return s
}

func typeSchema(name string, f FieldInfo) *schema {
	if elem, ok := strings.CutPrefix(name, "list of "); ok {
		return &schema{Type: "array", Items: elementSchema(elem, f)}
	}
	if elem, ok := strings.CutPrefix(name, "map of "); ok {
		return &schema{Type: "object", AdditionalProperties: elementSchema(elem, f)}
	}
	switch name {
	case "object":
		s := paramsSchema(f.Fields)
		s.Type = "object"
		if f.Short != "" {
			return anyOf(&schema{Type: "string"}, s)
		}
		return s
	case "bool":
		return &schema{Type: "boolean"}
	case "text":
		return scalarSchema()
	case "string":
		s := &schema{Type: "string"}
		for _, choice := range f.OneOf {
			s.Enum = append(s.Enum, choice)
		}
		return s
	case "int":
		return &schema{Type: "integer", Minimum: f.Min, Maximum: f.Max, ExclusiveMinimum: f.Above}
	case "float":
		return &schema{Type: "number", Minimum: f.Min, Maximum: f.Max, ExclusiveMinimum: f.Above}
	}
	return &schema{} // any
}

func elementSchema(name string, f FieldInfo) *schema {
	s := typeSchema(name, f)
	if name == "any" {
		return s
	}
	return anyOf(s, expressionSchema())
}

// defaultValue is a default of scalar type as JSON, from its text; nil if there is none.
func defaultValue(f FieldInfo) json.RawMessage {
	if f.Default == "" {
		return nil
	}
	switch f.Type {
	case "string":
		text, err := strconv.Unquote(f.Default)
		if err != nil {
			text = f.Default
		}
		quoted, err := json.Marshal(text)
		if err != nil {
			panic(err) // a string can be written
		}
		return quoted
	case "bool", "int", "float":
		if json.Valid([]byte(f.Default)) {
			return json.RawMessage(f.Default)
		}
	}
	return nil
}

func expressionSchema() *schema { return &schema{Ref: "#/$defs/expression"} }

func nameSchema() *schema { return &schema{Pattern: namePattern.String()} }

func nullSchema() *schema { return &schema{Type: "null"} }

func scalarSchema() *schema { return &schema{Types: []string{"string", "number", "boolean"}} }

func axisSchema() *schema {
	return &schema{Type: "array", Items: scalarSchema(), MinItems: count(1), UniqueItems: true}
}

// namedAxisSchema is an axis whose values have names.
func namedAxisSchema() *schema { return &schema{Type: "object", MinProperties: count(1)} }

func stagesByInput() *schema {
	return &schema{Type: "object", AdditionalProperties: &schema{Types: []string{"string", "null"}}}
}

// never is the schema that no value satisfies; it is written as false.
func never() *schema { return &schema{Not: &schema{}} }

func anyOf(alternatives ...*schema) *schema { return &schema{AnyOf: alternatives} }

func number(n float64) *float64 { return &n }

func count(n int) *int { return &n }
