//go:build unix

package command

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"foil/internal/kindtest"
	"foil/internal/safetensors"
	"foil/pipeline"
)

// A written is the files of a program's output, by name.
type written map[string][]byte

// run gives the files to the kind command, as the output of a program.
func (w written) run(t *testing.T, of string, inputs map[string]pipeline.Artifact) (pipeline.Artifact, []string, error) {
	t.Helper()
	dir := t.TempDir()
	var names, notes []string
	for name, content := range w {
		names = append(names, name)
		writeFile(t, filepath.Join(dir, name), string(content), 0o666)
	}
	p := shell("cp -R "+dir+"/. out/", names...)
	p.Type = of
	cell := newCell(t)
	cell.Inputs = inputs
	cell.OnNote = func(text string) { notes = append(notes, text) }
	a, err := kindtest.Run(t, Command(), p, cell)
	if left, _ := os.ReadDir(cell.OutDir); err != nil && len(left) > 0 {
		t.Errorf("files of an output that is wrong have been moved: %v", left)
	}
	return a, notes, err
}

// with returns the files with another one, or without it if the content is nil.
func (w written) with(name string, content []byte) written {
	c := written{}
	for n, b := range w {
		c[n] = b
	}
	if c[name] = content; content == nil {
		delete(c, name)
	}
	return c
}

// A tableColumn is a column of an Arrow table.
type tableColumn struct {
	name   string
	values any
}

// arrowTable makes a file as other programs write it. Nulls are pointers to nothing.
func arrowTable(t *testing.T, columns ...tableColumn) []byte {
	t.Helper()
	var fields []arrow.Field
	var arrays []arrow.Array
	m := memory.DefaultAllocator
	for _, c := range columns {
		var a arrow.Array
		switch v := c.values.(type) {
		case []int32:
			b := array.NewInt32Builder(m)
			b.AppendValues(v, nil)
			a = b.NewArray()
		case []int64:
			b := array.NewInt64Builder(m)
			b.AppendValues(v, nil)
			a = b.NewArray()
		case []float64:
			b := array.NewFloat64Builder(m)
			b.AppendValues(v, nil)
			a = b.NewArray()
		case []*float64:
			b := array.NewFloat64Builder(m)
			for _, x := range v {
				if x == nil {
					b.AppendNull()
				} else {
					b.Append(*x)
				}
			}
			a = b.NewArray()
		case []string:
			b := array.NewStringBuilder(m)
			b.AppendValues(v, nil)
			a = b.NewArray()
		case [][]byte:
			b := array.NewBinaryBuilder(m, arrow.BinaryTypes.Binary)
			b.AppendValues(v, nil)
			a = b.NewArray()
		case [][]float64:
			b := array.NewListBuilder(m, arrow.PrimitiveTypes.Float64)
			for _, list := range v {
				b.Append(true)
				b.ValueBuilder().(*array.Float64Builder).AppendValues(list, nil)
			}
			a = b.NewArray()
		default:
			t.Fatalf("no column of %T", v)
		}
		fields, arrays = append(fields, arrow.Field{Name: c.name, Type: a.DataType(), Nullable: true}), append(arrays, a)
	}
	schema := arrow.NewSchema(fields, nil)
	var out bytes.Buffer
	w := ipc.NewWriter(&out, ipc.WithSchema(schema))
	if err := w.Write(array.NewRecord(schema, arrays, int64(arrays[0].Len()))); err != nil {
		t.Fatal(err)
	}
	w.Close()
	return out.Bytes()
}

// npyFile makes a file of NumPy.
func npyFile(descr string, values any, shape ...int) []byte {
	var b bytes.Buffer
	text := strings.Trim(strings.Join(strings.Fields(fmt.Sprint(shape)), ", "), "[]")
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s,), }\n", descr, text)
	b.WriteString("\x93NUMPY\x01\x00")
	binary.Write(&b, binary.LittleEndian, uint16(len(header)))
	b.WriteString(header)
	binary.Write(&b, binary.LittleEndian, values)
	return b.Bytes()
}

func npzFile(arrays map[string][]byte) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range arrays {
		w, _ := z.Create(name + ".npy")
		w.Write(content)
	}
	z.Close()
	return b.Bytes()
}

func tensorFile(t *testing.T, tensors ...safetensors.Tensor) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := safetensors.Write(&b, tensors); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// halved changes the type in the header of a tensor file from F32 to F16, with half the numbers.
func halved(file []byte) []byte {
	return bytes.Replace(file, []byte(`"dtype":"F32","shape":[20,20]`), []byte(`"dtype":"F16","shape":[20,40]`), 1)
}
