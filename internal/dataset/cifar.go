package dataset

import (
	"fmt"
	"foil/internal/digest"
	"slices"
	"strings"
	"unicode/utf8"
)

// The size of CIFAR's images: planes of red, green and blue, row by row.
const (
	CIFARChannels = 3
	CIFARSide     = 32

	cifarPixels = CIFARChannels * CIFARSide * CIFARSide
)

// A CIFAR is one of the two data sets in its published layout. Its files are records: one byte for
// every label, and 3,072 bytes of pixels.
type CIFAR struct {
	Name        string // its common name
	Original    Original
	Folder      string       // in the archive
	Train, Test []CIFARFile  // in their order
	Labels      []CIFARLabel // in the order of a record's bytes
}

// A CIFARFile is a file of records.
type CIFARFile struct {
	Name   string
	Images int           // in the published file
	Digest digest.Digest // of the published file
}

// A CIFARLabel is one of the labels of an image.
type CIFARLabel struct {
	Name    string // fine, coarse
	File    string // the names of its classes, one a line
	Classes int
}

// CIFAR10 has ten classes of 5,000 images for training and 1,000 for tests.
// (The archive's MD5, which its makers publish: c32a1d4ab5d03f1284b67883e8d87530.)
var CIFAR10 = CIFAR{
	Name: "CIFAR-10",
	Original: Original{
		Name:   "cifar-10-binary.tar.gz",
		URL:    "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
		Size:   170_052_171,
		Digest: mustDigest("c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"),
	},
	Folder: "cifar-10-batches-bin",
	Train: []CIFARFile{
		{"data_batch_1.bin", 10_000, mustDigest("cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5")},
		{"data_batch_2.bin", 10_000, mustDigest("a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed")},
		{"data_batch_3.bin", 10_000, mustDigest("bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67")},
		{"data_batch_4.bin", 10_000, mustDigest("014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48")},
		{"data_batch_5.bin", 10_000, mustDigest("755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add")},
	},
	Test: []CIFARFile{
		{"test_batch.bin", 10_000, mustDigest("8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b")},
	},
	Labels: []CIFARLabel{{"fine", "batches.meta.txt", 10}},
}

// CIFAR100 has a hundred classes of 500 images for training and 100 for tests,
// in twenty groups of five. (The archive's MD5, which its makers publish:
// 03b5dce01913d631647c71ecec9e9cb8.)
var CIFAR100 = CIFAR{
	Name: "CIFAR-100",
	Original: Original{
		Name:   "cifar-100-binary.tar.gz",
		URL:    "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
		Size:   168_513_733,
		Digest: mustDigest("58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"),
	},
	Folder: "cifar-100-binary",
	Train:  []CIFARFile{{"train.bin", 50_000, mustDigest("f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29")}},
	Test:   []CIFARFile{{"test.bin", 10_000, mustDigest("d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a")}},
	Labels: []CIFARLabel{{"coarse", "coarse_label_names.txt", 20}, {"fine", "fine_label_names.txt", 100}},
}

// Files are the files to read a Raw with.
func (c CIFAR) Files() []Member {
	const (
		margin   = 2
		maxNames = 64 << 10 // the published files have less than 1 kB
	)
	var files []Member
	for _, f := range slices.Concat(c.Train, c.Test) {
		files = append(files, Member{f.Name, margin * int64(f.Images) * int64(len(c.Labels)+cifarPixels)})
	}
	for _, l := range c.Labels {
		files = append(files, Member{l.File, maxNames})
	}
	return files
}

// LabelIndex is the number of the label called name, which must exist.
func (c CIFAR) LabelIndex(name string) int {
	return slices.IndexFunc(c.Labels, func(l CIFARLabel) bool { return l.Name == name })
}

// Foreign lists the record files that differ from the published files.
func (c CIFAR) Foreign(raw Raw) []string {
	var names []string
	for _, f := range slices.Concat(c.Train, c.Test) {
		if digest.Of(raw[f.Name]) != f.Digest {
			names = append(names, f.Name)
		}
	}
	return names
}

// names reads the names of a label's classes. The published files end in an
// empty line.
func (l CIFARLabel) names(raw Raw) ([]string, error) {
	clean, err := raw.text([]Member{{Name: l.File}})
	if err != nil {
		return nil, err
	}
	names := strings.Split(strings.ReplaceAll(string(clean[l.File]), "\r\n", "\n"), "\n")
	if len(names) != l.Classes {
		return nil, fmt.Errorf("%s has %d lines; it must have %d, one class name each", l.File, len(names), l.Classes)
	}
	for i, name := range names {
		if !utf8.ValidString(name) {
			return nil, fmt.Errorf("%s:%d: the class is called %q, which is not UTF-8; convert the file to UTF-8", l.File, i+1, clip([]byte(name)))
		}
		if name == "" || strings.TrimSpace(name) != name || slices.Contains(names[:i], name) {
			return nil, fmt.Errorf("%s:%d: the class is called %q; every class needs a unique name", l.File, i+1, clip([]byte(name)))
		}
	}
	return names, nil
}
