package load

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/pipeline"
)

// pngOf is an image of one colour.
func pngOf(t testing.TB, width, height int, c color.Color) string {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	for x := range width {
		for y := range height {
			m.Set(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// npyOf is a NumPy file.
func npyOf(typ, shape string, values ...byte) string {
	head := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }\n", typ, shape)
	return "\x93NUMPY\x01\x00" + string(binary.LittleEndian.AppendUint16(nil, uint16(len(head)))) + head + string(values)
}

func npzOf(t testing.TB, arrays map[string]string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, raw := range arrays {
		w, err := z.Create(name + ".npy")
		if err == nil {
			_, err = w.Write([]byte(raw))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func ownImages(t *testing.T, files map[string]string, change func(p *OwnImagesParams)) (*artifact.Images, string, error) {
	t.Helper()
	dir := t.TempDir()
	for name, raw := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(raw), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	p := ownImagesParams.New()
	p.Train, p.Test = "train", "test"
	if change != nil {
		change(p)
	}
	var notes []string
	cell := &pipeline.Cell{OutDir: t.TempDir(), OnNote: func(s string) { notes = append(notes, s) }}
	var err error
	if cell.Sources, err = OwnImages().Sources(t.Context(), &pipeline.Env{Files: os.DirFS(dir)}, p); err != nil {
		return nil, "", err
	}
	if err := OwnImages().Run(t.Context(), cell, p); err != nil {
		return nil, "", err
	}
	a, err := pipeline.DirArtifact(cell.OutDir)
	if err != nil {
		t.Fatal(err)
	}
	m, err := artifact.ReadImages(a.Path)
	if err != nil {
		t.Fatal(err)
	}
	return m, strings.Join(notes, "\n"), nil
}

func TestImagesAreLoaded(t *testing.T) {
	red, grey := color.NRGBA{255, 1, 2, 255}, color.Gray{7}
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 2, 1)), nil); err != nil {
		t.Fatal(err)
	}
	folders := &artifact.Images{
		Shape: artifact.Shape{Channels: 3, Height: 1, Width: 2}, Classes: []string{"cat", "dog"},
		Train: artifact.ImageSet{Label: []int32{0, 1}, Pixels: []byte{255, 255, 1, 1, 2, 2, 7, 7, 7, 7, 7, 7}},
		Test:  artifact.ImageSet{Label: []int32{1}, Pixels: []byte{0, 0, 0, 0, 0, 0}},
	}
	arrays := func(height, width int, classes ...string) *artifact.Images {
		return &artifact.Images{
			Shape: artifact.Shape{Channels: 3, Height: height, Width: width}, Classes: classes,
			Train: artifact.ImageSet{Label: []int32{1}, Pixels: []byte{1, 4, 2, 5, 3, 6}},
			Test:  artifact.ImageSet{Label: []int32{0}, Pixels: []byte{8, 9, 8, 9, 8, 9}},
		}
	}
	last := npzOf(t, map[string]string{"images": npyOf("|u1", "1, 2, 1, 3", 1, 2, 3, 4, 5, 6), "labels": npyOf("<i8", "1,", 1, 0, 0, 0, 0, 0, 0, 0)})
	flat := npzOf(t, map[string]string{"images": npyOf("|u1", "1, 2, 1", 8, 9), "labels": npyOf("|u1", "1,", 0)})
	inNPZ := func(p *OwnImagesParams) { p.Train, p.Test = "a.npz", "b.npz" }
	for _, c := range []struct {
		name   string
		files  map[string]string
		change func(p *OwnImagesParams)
		want   *artifact.Images
	}{
		{"folders", map[string]string{"train/cat/1.png": pngOf(t, 2, 1, red), "train/dog/1.png": pngOf(t, 2, 1, grey), "train/.DS_Store": "x", "test/dog/2.jpg": photo.String()}, nil, folders},
		{"npz", map[string]string{"a.npz": last, "b.npz": flat}, inNPZ, arrays(2, 1, "0", "1")},
		{"named classes", map[string]string{"a.npz": last, "b.npz": flat}, func(p *OwnImagesParams) { inNPZ(p); p.Classes = []string{"x", "y", "z"} }, arrays(2, 1, "x", "y", "z")},
		{"npy", map[string]string{
			"train/x.npy": npyOf("|u1", "1, 3, 1, 2", 1, 4, 2, 5, 3, 6), "train/y.npy": npyOf("<u2", "1,", 1, 0),
			"test/x.npy": npyOf("|u1", "1, 1, 1, 2", 8, 9), "test/y.npy": npyOf("<i4", "1,", 0, 0, 0, 0),
		}, func(p *OwnImagesParams) { p.Images, p.Labels = "x.npy", "y.npy" }, arrays(1, 2, "0", "1")},
	} {
		got, notes, err := ownImages(t, c.files, c.change)
		if err != nil || !reflect.DeepEqual(got, c.want) || notes != "" {
			t.Errorf("%s: %+v %v %q\nwant %+v", c.name, got, err, notes, c.want)
		}
	}
	_, notes, err := ownImages(t, map[string]string{"a.npz": last, "b.npz": last}, inNPZ)
	if err != nil || notes != "1 of 1 test images are training images, too" {
		t.Errorf("leaked images: %v %q", err, notes)
	}
}

func TestBadImagesAreErrors(t *testing.T) {
	grey := color.Gray{7}
	good := pngOf(t, 2, 1, grey)
	with := func(name, raw string) map[string]string {
		return map[string]string{"train/a/1.png": good, "test/a/1.png": good, name: raw}
	}
	array := func(images, labels string) map[string]string {
		return map[string]string{"train/images.npy": images, "train/labels.npy": labels, "test/images.npy": images, "test/labels.npy": labels}
	}
	arrays := func(p *OwnImagesParams) { p.Images, p.Labels = "images.npy", "labels.npy" }
	for _, c := range []struct {
		name   string
		files  map[string]string
		change func(p *OwnImagesParams)
		want   string
	}{
		{"another size", with("train/a/2.png", pngOf(t, 2, 2, grey)), nil, "train: a/2.png: it is 3 x 2 x 2 (channels, height, width), and those before it are 3 x 1 x 2; resize them"},
		{"another size of test", with("test/a/1.png", pngOf(t, 2, 2, grey)), nil, "training images are 3 x 1 x 2 (channels, height, width), test images 3 x 2 x 2"},
		{"text", with("train/a/notes.txt", "x"), nil, "train: a/notes.txt: it is neither a PNG nor a JPEG file"},
		{"truncated", with("train/a/2.png", good[:len(good)-20]), nil, "a/2.png: it is damaged"},
		{"transparent", with("train/a/2.png", pngOf(t, 2, 1, color.NRGBA{1, 2, 3, 4})), nil, "a/2.png: pixel 0, 0 is transparent"},
		{"no folder of a class", with("train/2.png", good), nil, "2.png is not in the folder of a class"},
		{"a deeper folder", with("train/a/b/2.png", good), nil, "the folder a/b is in the folder of a class"},
		{"a class of test alone", with("test/b/2.png", good), nil, `the folder "b" is none of the classes a`},
		{"nothing", map[string]string{"train/a/1.png": good}, nil, "there is no test beside the spec"},
		{"floats", array(npyOf("<f4", "1, 1, 1", 0, 0, 0, 0), npyOf("|u1", "1,", 0)), arrays, "images.npy: the values are float32; they must be uint8: from 0 (black) to 255, in NumPy for values from 0 to 1"},
		{"wide pixels", array(npyOf("<u2", "1, 1, 1", 0, 0), npyOf("|u1", "1,", 0)), arrays, "images.npy: the values are uint16; they must be uint8"},
		{"a shape", array(npyOf("|u1", "2, 2", 0, 0, 0, 0), npyOf("|u1", "1,", 0)), arrays, "images.npy: it has the shape (2, 2); it must be (n, height, width, channels)"},
		{"two layouts", array(npyOf("|u1", "1, 3, 1, 3", 1, 2, 3, 4, 5, 6, 7, 8, 9), npyOf("|u1", "1,", 0)), arrays, "the shape (1, 3, 1, 3) may be (n, channels, height, width) or (n, height, width, channels)"},
		{"labels", array(npyOf("|u1", "1, 1, 1", 0), npyOf("|u1", "2,", 0, 0)), arrays, "labels.npy: the shape is (2,); it must be (1,), a label for each image"},
		{"a negative label", array(npyOf("|u1", "1, 1, 1", 0), npyOf("|i1", "1,", 255)), arrays, "label -1 of image 0 is outside"},
		{"labels that are no whole numbers", array(npyOf("|u1", "1, 1, 1", 0), npyOf("<f4", "1,", 0, 0, 0, 0)), arrays, "labels.npy: the values are float32; they must be whole numbers"},
		{"no images", array(npyOf("|u1", "0, 1, 1"), npyOf("|u1", "0,")), arrays, "images.npy: it has the shape (0, 1, 1): there are no images"},
		{"a truncated array", array(npyOf("|u1", "5, 5, 5", 0), npyOf("|u1", "1,", 0)), arrays, "images.npy: it is truncated: (5, 5, 5) of uint8 needs 125 bytes, and there are 1"},
	} {
		if _, _, err := ownImages(t, c.files, c.change); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\nwant %s", c.name, err, c.want)
		}
	}
}
