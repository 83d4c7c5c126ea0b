package spec

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// A KindSchema is what the schema says about a kind.
type KindSchema struct {
	Name, Doc string
	Inputs    []InputSchema
	Params    []FieldInfo // see Describe
}

// An InputSchema is an input of a kind. The name "*" stands for any names.
type InputSchema struct {
	Name, Doc string
	Optional  bool
	Gathered  bool // filled by gather, not by needs
}

// Schema returns the JSON Schema (2020-12) of the spec language with the
// parameters of the kinds, for editors. It is more lenient than Parse where a
// schema cannot know: it does not resolve expressions or extend.
func Schema(kinds []KindSchema) []byte {
	stage := stageSchema(kinds)
	doc := schema{
		"$schema":     "https://json-schema.org/draft/2020-12/schema",
		"title":       "foil experiment",
		"description": "An experiment of foil: named stages, each of which uses a kind.",
		"type":        "object",
		"properties": schema{
			"name":   schema{"type": "string", "pattern": namePattern.String(), "description": "Names the folder of the results."},
			"title":  schema{"type": "string", "description": "One line for reports."},
			"cites":  schema{"type": "string", "description": "What the experiment reproduces, such as arXiv:2410.20965."},
			"seed":   schema{"type": "integer", "minimum": 0, "default": 0, "description": "The seed of all stages that have none of their own."},
			"vars":   schema{"type": "object", "propertyNames": schema{"pattern": namePattern.String()}, "description": "Values to be used as ${vars.NAME}."},
			"extend": schema{"type": "string", "description": "A spec that this one is laid over: maps are merged, anything else replaces, null removes."},
			"stages": schema{
				"description":          "The steps of the experiment by name.",
				"type":                 "object",
				"minProperties":        1,
				"propertyNames":        schema{"pattern": namePattern.String()},
				"additionalProperties": schema{"anyOf": []schema{{"$ref": "#/$defs/stage"}, {"type": "null"}}},
			},
		},
		"additionalProperties": false,
		// What is missing here may come from the spec that is extended.
		"if": schema{"not": schema{"required": []string{"extend"}}},
		"then": schema{
			"required":   []string{"name", "stages"},
			"properties": schema{"stages": schema{"additionalProperties": schema{"required": []string{"uses"}}}},
		},
		"$defs": schema{
			"stage": stage,
			"expression": schema{
				"type":        "string",
				"pattern":     `\$\{ *(vars\.|seed|matrix\.)`,
				"description": "${vars.NAME}, ${seed}, or ${matrix.AXIS} in with and in a stage's seed.",
			},
		},
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(doc); err != nil {
		panic(err) // nothing in it can fail to be written
	}
	return b.Bytes()
}

// A schema is a JSON object; encoding/json sorts its names.
type schema map[string]any

var expressionSchema = schema{"$ref": "#/$defs/expression"}

// orExpression lets an expression stand for a value.
func orExpression(s schema) schema {
	return schema{"anyOf": []schema{s, expressionSchema}}
}

func stageSchema(kinds []KindSchema) schema {
	names := make([]string, len(kinds))
	perKind := make([]schema, len(kinds))
	for i, k := range kinds {
		names[i] = k.Name
		perKind[i] = kindSchema(k)
	}
	uses := schema{"type": "string", "description": "What the stage does: the name of a kind."}
	if len(names) > 0 {
		uses = orExpression(schema{"enum": names})
		uses["description"] = "What the stage does: the name of a kind."
	}
	scalar := schema{"type": []string{"string", "number", "boolean"}}
	axis := schema{"type": "array", "items": scalar, "minItems": 1, "uniqueItems": true}
	stages := schema{"type": "object", "additionalProperties": schema{"type": []string{"string", "null"}}}
	s := schema{
		"type": "object",
		"properties": schema{
			"uses":   uses,
			"needs":  describedSchema(stages, "Input: the stage whose output it is, cell by cell."),
			"gather": describedSchema(stages, "Input: the stage all of whose cells it is."),
			"matrix": describedSchema(schema{
				"type":                 "object",
				"propertyNames":        schema{"pattern": namePattern.String()},
				"additionalProperties": schema{"anyOf": []schema{axis, expressionSchema, {"type": "null"}}},
			}, "Axis: the values that the stage is multiplied by."),
			"exclude": describedSchema(schema{
				"type": "array",
				"items": schema{
					"type":                 "object",
					"minProperties":        1,
					"additionalProperties": schema{"anyOf": []schema{scalar, axis, expressionSchema}},
				},
			}, "Cells that are left out: those on one of the values of each axis that is named."),
			"with": describedSchema(schema{"type": "object"}, "The parameters of the kind."),
			"seed": describedSchema(schema{"type": "integer", "minimum": 0}, "The stage's own seed."),

			"cores":   describedSchema(schema{"type": "integer", "minimum": 1}, "Threads that a cell may keep busy; not part of the key."),
			"memory":  describedSchema(schema{"type": "string", "pattern": sizePattern.String()}, "Memory that a cell takes, such as 2GB; not part of the key."),
			"gpus":    describedSchema(schema{"type": "integer", "minimum": 0}, "GPUs that a cell takes; not part of the key."),
			"timeout": describedSchema(schema{"type": "string"}, "How long a try may take, such as 90m; not part of the key."),
			"retries": describedSchema(schema{"type": "integer", "minimum": 0}, "Tries after a failed one, which go on from its checkpoints; not part of the key."),
		},
		"additionalProperties": false,
	}
	if len(perKind) > 0 {
		s["allOf"] = perKind
	}
	return s
}

// describedSchema is a field of a stage: the value, an expression, or nothing behind the colon.
func describedSchema(s schema, doc string) schema {
	return schema{"anyOf": []schema{s, expressionSchema, {"type": "null"}}, "description": doc}
}

// kindSchema says what a stage that uses the kind looks like.
func kindSchema(k KindSchema) schema {
	uses := schema{"const": k.Name}
	then := schema{
		"uses": schema{"description": k.Doc},
		"with": objectOf(k.Params),
	}
	if len(k.Inputs) > 0 {
		then["needs"] = inputsSchema(k.Inputs, false)
		then["gather"] = inputsSchema(k.Inputs, true)
	}
	return schema{
		"if":   schema{"properties": schema{"uses": uses}, "required": []string{"uses"}},
		"then": schema{"properties": then},
	}
}

func inputsSchema(inputs []InputSchema, gathered bool) schema {
	properties := schema{}
	open := false
	for _, in := range inputs {
		if in.Gathered != gathered {
			continue
		}
		if in.Name == "*" {
			open = true
			continue
		}
		properties[in.Name] = schema{"description": in.Doc}
	}
	return schema{"properties": properties, "additionalProperties": open}
}

// objectOf is an object with parameters. Required ones are not asked for, since
// they may come from a spec that is extended.
func objectOf(params []FieldInfo) schema {
	properties := schema{}
	for _, f := range params {
		properties[f.Name] = fieldSchema(f)
	}
	return schema{"properties": properties, "additionalProperties": false}
}

func fieldSchema(f FieldInfo) schema {
	s := typeSchema(f.Type, f)
	if f.NonEmpty {
		s["minItems"] = 1
	}
	if f.Type != "any" {
		alternatives := []schema{s, expressionSchema}
		if f.Nullable {
			alternatives = append(alternatives, schema{"type": "null"})
		}
		s = schema{"anyOf": alternatives}
	}
	doc := f.Doc
	if f.Unit != "" {
		doc = strings.TrimSpace(doc + " (in " + f.Unit + ")")
	}
	if doc != "" {
		s["description"] = doc
	}
	if d, ok := defaultValue(f); ok {
		s["default"] = d
	}
	return s
}

func typeSchema(name string, f FieldInfo) schema {
	if elem, ok := strings.CutPrefix(name, "list of "); ok {
		return schema{"type": "array", "items": elementSchema(elem, f)}
	}
	if elem, ok := strings.CutPrefix(name, "map of "); ok {
		return schema{"type": "object", "additionalProperties": elementSchema(elem, f)}
	}
	switch name {
	case "object":
		s := objectOf(f.Fields)
		s["type"] = "object"
		return s
	case "bool":
		return schema{"type": "boolean"}
	case "string":
		s := schema{"type": "string"}
		if f.OneOf != nil {
			s["enum"] = f.OneOf
		}
		return s
	case "int", "float":
		s := schema{"type": map[string]string{"int": "integer", "float": "number"}[name]}
		for keyword, bound := range map[string]*float64{"minimum": f.Min, "maximum": f.Max, "exclusiveMinimum": f.Above} {
			if bound != nil {
				s[keyword] = *bound
			}
		}
		return s
	}
	return schema{} // any
}

func elementSchema(name string, f FieldInfo) schema {
	s := typeSchema(name, f)
	if name == "any" {
		return s
	}
	return orExpression(s)
}

// defaultValue reads a default of scalar type back from its text.
func defaultValue(f FieldInfo) (any, bool) {
	if f.Default == "" {
		return nil, false
	}
	switch f.Type {
	case "string":
		if text, err := strconv.Unquote(f.Default); err == nil {
			return text, true
		}
		return f.Default, true
	case "bool", "int", "float":
		return json.RawMessage(f.Default), json.Valid([]byte(f.Default))
	}
	return nil, false
}
