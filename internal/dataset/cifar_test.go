package dataset

import (
	"bytes"
	"fmt"
	"foil/internal/digest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tinyCIFAR has two images of every class for training and one for tests, all
// pixels of an image alike: its number in the data set.
func tinyCIFAR(c CIFAR) Raw {
	raw := make(Raw)
	fine := c.Labels[len(c.Labels)-1].Classes
	n := 0
	add := func(file string, class int) {
		if len(c.Labels) == 2 {
			raw[file] = append(raw[file], byte(class/5))
		}
		raw[file] = append(raw[file], byte(class))
		raw[file] = append(raw[file], bytes.Repeat([]byte{byte(n)}, cifarPixels)...)
		n++
	}
	for i := range 2 * fine {
		add(c.Train[i*len(c.Train)/(2*fine)].Name, i%fine)
	}
	for class := range fine {
		add(c.Test[0].Name, class)
	}
	for _, l := range c.Labels {
		for class := range l.Classes {
			raw[l.File] = fmt.Appendf(raw[l.File], "%s %d\n", l.Name, class)
		}
		raw[l.File] = append(raw[l.File], '\n')
	}
	return raw
}

func TestCIFARIsReadInFileOrder(t *testing.T) {
	for _, c := range []CIFAR{CIFAR10, CIFAR100} {
		m, err := c.Parse(tinyCIFAR(c))
		if err != nil {
			t.Fatal(err)
		}
		fine := len(c.Labels) - 1
		n := c.Labels[fine].Classes
		if len(m.Train.Pixels) != 2*n || len(m.Test.Pixels) != n || m.Classes[fine][3] != "fine 3" {
			t.Fatalf("%s: %d and %d images, classes %q", c.Name, len(m.Train.Pixels), len(m.Test.Pixels), m.Classes)
		}
		for i, px := range slices.Concat(m.Train.Pixels, m.Test.Pixels) {
			if !bytes.Equal(px, bytes.Repeat([]byte{byte(i)}, cifarPixels)) {
				t.Fatalf("%s: image %d has other pixels", c.Name, i)
			}
		}
		for i, label := range m.Train.Label[fine] {
			if int(label) != i%n || fine == 1 && int(m.Train.Label[0][i]) != i%n/5 {
				t.Fatalf("%s: image %d is of class %d", c.Name, i, label)
			}
		}
	}
}

func TestBadCIFARIsNamed(t *testing.T) {
	const record10, record100 = 1 + cifarPixels, 2 + cifarPixels
	for _, c := range []struct {
		name   string
		set    CIFAR
		change func(Raw)
		want   string
	}{
		{"cut off", CIFAR10, func(r Raw) { r["data_batch_2.bin"] = r["data_batch_2.bin"][:5000] },
			"data_batch_2.bin has 5000 bytes, which is not a complete number of records of 3073 (1 of labels, 3072 of pixels)"},
		{"images of another size", CIFAR10, func(r Raw) { r["test_batch.bin"] = make([]byte, 10*(1+28*28)) },
			"test_batch.bin has 7850 bytes, which is not a complete number"},
		{"the other data set", CIFAR100, func(r Raw) { r["train.bin"] = make([]byte, 10*record10) },
			"train.bin has 30730 bytes, which is not a complete number of records of 3074 (2 of labels"},
		{"an empty file", CIFAR10, func(r Raw) { r["data_batch_5.bin"] = nil }, "data_batch_5.bin is empty"},
		{"a label out of range", CIFAR10, func(r Raw) { r["data_batch_3.bin"][record10] = 10 },
			"data_batch_3.bin: image 1 (at byte 3073): the fine label is 10; it must be a number from 0 to 9"},
		{"a group out of range", CIFAR100, func(r Raw) { r["test.bin"][2*record100] = 20 },
			"test.bin: image 2 (at byte 6148): the coarse label is 20; it must be a number from 0 to 19"},
		{"an image lost", CIFAR10, func(r Raw) { r["data_batch_1.bin"] = r["data_batch_1.bin"][record10:] },
			"data_batch_1.bin to data_batch_5.bin: 1 images have the fine label 0, and 2 have 1; every class"},
		{"a label changed", CIFAR100, func(r Raw) { r["test.bin"][1] = 1 },
			"test.bin: 0 images have the fine label 0, and 2 have 1"},
		{"a class in two groups", CIFAR100, func(r Raw) { r["test.bin"][0], r["test.bin"][99*record100] = 19, 0 },
			`images of "fine 0" are both of "coarse 0" and of "coarse 19"`},
		{"nine names", CIFAR10, func(r Raw) { r["batches.meta.txt"] = []byte("a\nb\nc\nd\ne\nf\ng\nh\ni\n") },
			"batches.meta.txt has 9 lines; it must have 10"},
		{"no names", CIFAR100, func(r Raw) { r["coarse_label_names.txt"] = nil }, "coarse_label_names.txt is empty"},
		{"a name twice", CIFAR10, func(r Raw) { r["batches.meta.txt"] = []byte("a\nb\na\nd\ne\nf\ng\nh\ni\nj") },
			`batches.meta.txt:3: the class is called "a"; every class needs a unique name`},
	} {
		raw := tinyCIFAR(c.set)
		c.change(raw)
		if _, err := c.set.Parse(raw); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, wants %s", c.name, err, c.want)
		}
	}
}

func TestForeignFilesAreNamed(t *testing.T) {
	raw := tinyCIFAR(CIFAR100)
	if got := CIFAR100.Foreign(raw); !slices.Equal(got, []string{"train.bin", "test.bin"}) {
		t.Errorf("got %q", got)
	}
	c := CIFAR100
	c.Train = []CIFARFile{{"train.bin", 200, digest.Of(raw["train.bin"])}}
	if got := c.Foreign(raw); !slices.Equal(got, []string{"test.bin"}) {
		t.Errorf("got %q", got)
	}
}

func TestTarGzAndFolderHoldTheSame(t *testing.T) {
	for _, c := range []CIFAR{CIFAR10, CIFAR100} {
		raw, dir := tinyCIFAR(c), t.TempDir()
		for name, b := range raw {
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		archive := filepath.Join(t.TempDir(), c.Original.Name)
		packed := tarred(t, raw, c.Folder+"/")
		if err := os.WriteFile(archive, packed, 0o666); err != nil {
			t.Fatal(err)
		}
		a, inside, err := ReadFolder(dir, c.Files()...)
		if err != nil {
			t.Fatal(err)
		}
		if d, err := FolderDigest(t.Context(), dir, c.Files()...); err != nil || d != inside {
			t.Errorf("%s: digests of the folder are %v and %v (%v)", c.Name, d, inside, err)
		}
		b, d, err := ReadTarGz(archive, c.Files()...)
		if err != nil || d != digest.Of(packed) {
			t.Fatal(err, d)
		}
		for name := range raw {
			if !bytes.Equal(a[name], raw[name]) || !bytes.Equal(b[name], raw[name]) {
				t.Errorf("%s: %s differs", c.Name, name)
			}
		}
	}
}

func FuzzParseCIFAR(f *testing.F) {
	for _, c := range []CIFAR{CIFAR10, CIFAR100} {
		raw := tinyCIFAR(c)
		f.Add(raw[c.Train[0].Name], raw[c.Test[0].Name], raw[c.Labels[0].File], raw[c.Labels[len(c.Labels)-1].File])
	}
	f.Fuzz(func(t *testing.T, train, test, first, last []byte) {
		for _, c := range []CIFAR{CIFAR10, CIFAR100} {
			raw := Raw{c.Test[0].Name: test}
			for _, file := range c.Train {
				raw[file.Name] = train
			}
			raw[c.Labels[0].File] = first
			raw[c.Labels[len(c.Labels)-1].File] = last
			m, err := c.Parse(raw)
			if err != nil {
				continue
			}
			for i, l := range c.Labels {
				for _, r := range []CIFARRecords{m.Train, m.Test} {
					if len(m.Classes[i]) != l.Classes || len(r.Label[i]) != len(r.Pixels) || int(slices.Max(r.Label[i])) >= l.Classes {
						t.Fatalf("%s: %d classes, %d labels, %d images", c.Name, len(m.Classes[i]), len(r.Label[i]), len(r.Pixels))
					}
				}
			}
		}
	})
}
