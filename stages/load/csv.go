package load

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"foil/internal/artifact"
	"foil/internal/attributes"
	"foil/internal/dataset"
	"foil/internal/digest"
	"foil/internal/tabular"
	"foil/pipeline"
	"foil/spec"
)

// CSVParams are the parameters of load/csv.
type CSVParams struct {
	File      string   `yaml:"file" required:"true"`
	User      string   `yaml:"user"`
	Item      string   `yaml:"item"`
	Rating    string   `yaml:"rating"`
	Timestamp string   `yaml:"timestamp"`
	Weight    string   `yaml:"weight"`
	Repeats   string   `yaml:"repeats" oneof:"last,first,error"`
	Users     CSVUsers `yaml:"users"`
	Items     CSVItems `yaml:"items"`
	Columns   []string `yaml:"columns"`
	Separator string   `yaml:"separator"`
	Encoding  string   `yaml:"encoding" oneof:"auto,utf-8,utf-16,windows-1252,latin-1"`
	Quotes    bool     `yaml:"quotes"`
}

// CSVUsers is the table of the users.
type CSVUsers struct {
	File       string   `yaml:"file"`
	ID         string   `yaml:"id"`
	Attributes []string `yaml:"attributes"`
	Categories []string `yaml:"categories"`
	Missing    []string `yaml:"missing"`
	Columns    []string `yaml:"columns"`
}

// CSVItems is the table of the items.
type CSVItems struct {
	File    string   `yaml:"file"`
	ID      string   `yaml:"id"`
	Title   string   `yaml:"title"`
	Columns []string `yaml:"columns"`
}

var csvUsersParams = &spec.Params[CSVUsers]{
	Docs: spec.Docs{
		"file":       "table with one row for each user; empty: users have no attributes",
		"id":         "column with the users' ids; empty: the same name as in the interactions",
		"attributes": "columns to take as attributes; empty: all others",
		"categories": "attributes that are categories although they look like numbers, such as codes",
		"missing":    "texts that mean that an attribute is missing, such as NA; an empty field always does",
		"columns":    "names of all columns, for a file without a head",
	},
	Check: func(p *CSVUsers, report spec.Reporter) {
		attributes.CheckUnique("attributes", "", p.Attributes, report)
		attributes.CheckUnique("columns", "", p.Columns, report)
		for i, name := range p.Categories {
			if len(p.Attributes) > 0 && !slices.Contains(p.Attributes, name) {
				report(fmt.Sprintf("categories[%d]", i), "%q is not in attributes", name)
			}
		}
	},
}

var csvItemsParams = &spec.Params[CSVItems]{
	Docs: spec.Docs{
		"file":    "table with one row for each item; empty: items have no titles",
		"id":      "column with the items' ids; empty: the same name as in the interactions",
		"title":   "column with the titles",
		"columns": "names of all columns, for a file without a head",
	},
	Check: func(p *CSVItems, report spec.Reporter) { attributes.CheckUnique("columns", "", p.Columns, report) },
}

var csvParams = &spec.Params[CSVParams]{
	Defaults: func() CSVParams {
		return CSVParams{
			User: "user", Item: "item", Repeats: "last", Separator: tabular.Auto, Encoding: tabular.Auto, Quotes: true,
			Items: CSVItems{Title: "title"},
		}
	},
	Docs: spec.Docs{
		"file":      "table with one row for each interaction, beside the spec or in the data folder (--data or FOIL_DATA)",
		"user":      "column with the users' ids",
		"item":      "column with the items' ids",
		"rating":    "column with ratings, for filter/min-rating; empty: none",
		"timestamp": "column with times, for filter/last-n and splits by time; empty: none. Numbers are seconds since 1970, or milli-, micro- or nanoseconds if they are that large.",
		"weight":    "column with weights, such as numbers of plays; empty: none",
		"repeats": "which row counts if a user and an item occur more than once: the last by time, or by line without times; the first; or error. " +
			"Their weights are added up.",
		"users":     "table of the users",
		"items":     "table of the items",
		"columns":   "names of all columns, for a file without a head",
		"separator": "what separates fields in text, or tab; auto: a comma, tab, semicolon, vertical bar, :: or space",
		"encoding":  "encoding of text; auto: UTF-8, UTF-16 with a byte order mark, otherwise Windows-1252",
		"quotes":    "fields of text may stand in double quotes; false: quotes belong to the values",
	},
	Nested: []spec.Described{csvUsersParams, csvItemsParams},
	Check:  (*CSVParams).check,
	Settle: (*CSVParams).settle,
}

func (p *CSVParams) settle() {
	switch {
	case p.Users.File == "":
		p.Users = CSVUsers{}
	case p.Users.ID == "":
		p.Users.ID = p.User
	}
	switch {
	case p.Items.File == "":
		p.Items = CSVItems{}
	case p.Items.ID == "":
		p.Items.ID = p.Item
	}
}

func (p *CSVParams) check(report spec.Reporter) {
	for _, f := range p.files() {
		if !filepath.IsLocal(f.name) {
			report(f.parameter, "%q is not inside the folder of the spec or the data folder; write the path from that folder", f.name)
		}
	}
	attributes.CheckUnique("columns", "", p.Columns, report)
	if p.Separator == "" || strings.ContainsAny(p.Separator, "\r\n\"") {
		report("separator", "%q cannot separate fields; write auto, tab, or the text between two fields", p.Separator)
	}
	used := map[string]string{}
	for _, c := range p.named() {
		if before, ok := used[c.column]; ok && c.column != "" {
			report(c.parameter, "the column %q is the %s already", c.column, before)
		}
		used[c.column] = c.parameter
	}
	for _, c := range []struct{ parameter, column string }{{"user", p.User}, {"item", p.Item}} {
		if c.column == "" {
			report(c.parameter, "must name a column")
		}
	}
}

// A namedColumn is a parameter that names a column.
type namedColumn struct{ parameter, column string }

func (p *CSVParams) named() []namedColumn {
	return []namedColumn{{"user", p.User}, {"item", p.Item}, {"rating", p.Rating}, {"timestamp", p.Timestamp}, {"weight", p.Weight}}
}

// A csvFile is a file that the parameters name.
type csvFile struct {
	parameter, name string
	columns, expect []string
}

func (p *CSVParams) files() []csvFile {
	var expect []string
	for _, c := range p.named() {
		if c.column != "" {
			expect = append(expect, c.column)
		}
	}
	files := []csvFile{{"file", p.File, p.Columns, expect}}
	if p.Users.File != "" {
		files = append(files, csvFile{"users.file", p.Users.File, p.Users.Columns, append([]string{p.Users.ID}, p.Users.Attributes...)})
	}
	if p.Items.File != "" {
		files = append(files, csvFile{"items.file", p.Items.File, p.Items.Columns, []string{p.Items.ID, p.Items.Title}})
	}
	return files
}

// CSV is load/csv.
func CSV() pipeline.Kind {
	return pipeline.Define(pipeline.Kind{
		Name:    "load/csv",
		Version: 1,
		Doc: "Loads your own interactions from CSV, TSV or other text, Parquet, or Arrow. " +
			"A file is found beside the spec, or in the data folder (--data or FOIL_DATA). " +
			"Its form, and the separator and the encoding of text, are found out, and told in the cell's log. " +
			"Spaces around a field do not count. Lines without any field are skipped and counted. Nothing else is skipped: a missing or wrong value is an error with its place. " +
			"Users without a row in the table of users have no attributes; users without an interaction are dropped. Both are counted in a note. " +
			"Users and items are sorted by id. foil's recommenders learn from the pairs; filters and splits use ratings and times, and your own programs get all columns.",
		Output: artifact.TypeInteractions,
		Files:  interactionsFiles("the attributes"),
	}, csvParams, pipeline.Work[CSVParams]{Sources: findCSV, Run: runCSV})
}

// findCSV finds the files.
func findCSV(ctx context.Context, env *pipeline.Env, p *CSVParams) (sources []pipeline.Source, err error) {
	for _, f := range p.files() {
		path, err := besideOrData(env, f.name)
		if err != nil {
			return nil, err
		}
		digest, err := dataset.FileDigest(ctx, path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.parameter, err)
		}
		sources = append(sources, pipeline.Source{Name: f.name, Digest: digest, Path: path})
	}
	return sources, nil
}

// besideOrData returns the path of a file, or of a folder, that lies beside the spec or in the data
// folder.
func besideOrData(env *pipeline.Env, name string) (string, error) {
	if env != nil && env.Files != nil {
		f, err := env.Files.Open(filepath.ToSlash(filepath.Clean(name)))
		switch {
		case err == nil:
			defer f.Close()
			if onDisk, ok := f.(*os.File); ok {
				return filepath.Abs(onDisk.Name())
			}
			return "", fmt.Errorf("%s belongs to foil's own experiments; name a file of yours", name)
		case !errors.Is(err, fs.ErrNotExist):
			return "", err
		}
	}
	if env == nil || env.DataDir == "" {
		return "", fmt.Errorf("there is no %s beside the spec, and no data folder is given; put it there, or name its folder with --data or FOIL_DATA", name)
	}
	path := filepath.Join(env.DataDir, filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("there is no %s, neither beside the spec nor in the data folder %s (--data or FOIL_DATA)", name, env.DataDir)
		}
		return "", err
	}
	return path, nil
}

func runCSV(ctx context.Context, cell *pipeline.Cell, p *CSVParams) error {
	files := p.files()
	if len(cell.Sources) != len(files) {
		return fmt.Errorf("the cell has %d sources; it must have %d", len(cell.Sources), len(files))
	}
	tables := map[string]*tabular.Table{}
	for i, f := range files {
		t, err := p.open(cell, cell.Sources[i], f)
		if err != nil {
			return err
		}
		tables[f.parameter] = t
	}
	l := &ownData{params: p, cell: cell, tables: tables}
	d, err := l.read(ctx)
	if err != nil {
		return err
	}
	for _, f := range files {
		for _, note := range tables[f.parameter].Notes {
			cell.Note("%s: %s", f.name, note)
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return d.Write(cell.Create)
}

func (p *CSVParams) open(cell *pipeline.Cell, source pipeline.Source, f csvFile) (*tabular.Table, error) {
	raw, err := os.ReadFile(source.Path)
	if err != nil {
		return nil, err
	}
	if err := confirm(cell, source, digest.Of(raw)); err != nil {
		return nil, err
	}
	separator := p.Separator
	if separator == "tab" {
		separator = "\t"
	}
	t, err := tabular.Open(f.name, raw, tabular.Options{Separator: separator, Encoding: p.Encoding, Quotes: p.Quotes, Columns: f.columns, Expect: f.expect})
	if err != nil {
		return nil, err
	}
	cell.Logf("%s is %s, with the columns %s", f.name, t.Form, strings.Join(t.Columns, ", "))
	return t, nil
}
