package command

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"foil/internal/artifact"
	"foil/internal/classifiers"
	"foil/internal/npy"
	"foil/models/backend"
	"foil/models/zoo"
)

// imagesArchive is a file in which a program may write images as arrays.
const imagesArchive = "images.npz"

// takeImages takes images of one size with their labels.
func takeImages(a *arrival) error {
	m, err := a.images()
	if err != nil {
		return err
	}
	if err := a.remove(a.form...); err != nil {
		return err
	}
	return m.Write(a.create)
}

func (a *arrival) images() (*artifact.Images, error) {
	m := &artifact.Images{}
	if a.has(artifact.ClassesFile) {
		path := filepath.Join(a.dir, artifact.ClassesFile)
		_, err := artifact.Convert(artifact.ClassesFile, path)
		if err == nil {
			m.Classes, err = artifact.ReadClasses(path)
		}
		if err != nil {
			return nil, of(artifact.ClassesFile, err)
		}
	}
	read := a.imageTables
	if a.form[0] == imagesArchive {
		read = a.imageArrays
	}
	if err := read(m); err != nil {
		return nil, err
	}
	for _, set := range []struct {
		name, file string
		set        artifact.ImageSet
	}{{"train", artifact.TrainFile, m.Train}, {"test", artifact.TestFile, m.Test}} {
		if a.form[0] == imagesArchive {
			set.file = imagesArchive
		}
		if set.set.Len() == 0 {
			return nil, of(set.file, fmt.Errorf("there are no %s images", set.name))
		}
		if m.Classes == nil { // named by their numbers
			for i := range slices.Max(set.set.Label) + 1 {
				m.Classes = append(m.Classes, strconv.Itoa(int(i)))
			}
		}
		if err := set.set.Check(m.Shape, len(m.Classes)); err != nil {
			return nil, of(set.file, fmt.Errorf("%s images: %w", set.name, err))
		}
	}
	return m, nil
}

// imageTables reads tables with the columns label and image.
func (a *arrival) imageTables(m *artifact.Images) (err error) {
	if m.Shape, err = artifact.ReadShape(filepath.Join(a.dir, artifact.ImageFile)); err != nil {
		return err
	}
	for name, set := range map[string]*artifact.ImageSet{artifact.TrainFile: &m.Train, artifact.TestFile: &m.Test} {
		if *set, err = artifact.ReadForeignImages(filepath.Join(a.dir, name), m.Shape); err != nil {
			return of(name, err)
		}
	}
	return nil
}

// imageArrays reads an archive with the arrays train_image, train_label, test_image and test_label.
func (a *arrival) imageArrays(m *artifact.Images) error {
	raw, err := artifact.ReadRaw(filepath.Join(a.dir, imagesArchive))
	if err != nil {
		return of(imagesArchive, err)
	}
	arrays, err := npy.ParseZip(raw)
	if err != nil {
		return of(imagesArchive, err)
	}
	for _, part := range []struct {
		name string
		set  *artifact.ImageSet
	}{{"train", &m.Train}, {"test", &m.Test}} {
		image, label := arrays[part.name+"_image"], arrays[part.name+"_label"]
		switch {
		case image == nil:
			return of(imagesArchive, fmt.Errorf("the array %q is missing; the arrays are train_image, train_label, test_image and test_label", part.name+"_image"))
		case label == nil:
			return of(imagesArchive, fmt.Errorf("the array %q is missing; the arrays are train_image, train_label, test_image and test_label", part.name+"_label"))
		}
		var shape artifact.Shape
		if shape, part.set.Pixels, err = artifact.PixelArray(image); err != nil {
			return of(imagesArchive, fmt.Errorf("array %q: %w", part.name+"_image", err))
		}
		if part.name == "test" && shape != m.Shape {
			return of(imagesArchive, fmt.Errorf("the test images are %v, and the training images %v; they must have one size", shape, m.Shape))
		}
		m.Shape = shape
		if len(label.Shape) != 1 || label.Shape[0] != image.Shape[0] {
			return of(imagesArchive, fmt.Errorf("array %q has the shape %s; it must be (%d,), with a label for each image", part.name+"_label", label.ShapeText(), image.Shape[0]))
		}
		if part.set.Label, err = label.Int32s(); err != nil {
			return of(imagesArchive, fmt.Errorf("array %q: %w", part.name+"_label", err))
		}
	}
	return nil
}

// classifierDescription is model.json of a classifier: one of foil's networks.
type classifierDescription struct {
	Network classifiers.Network `json:"network"`
}

// takeClassifier takes the weights of one of foil's networks.
func takeClassifier(a *arrival) error {
	raw, err := artifact.ReadRaw(filepath.Join(a.dir, modelFile))
	if err != nil {
		return of(modelFile, err)
	}
	var d classifierDescription
	j := json.NewDecoder(bytes.NewReader(raw))
	j.DisallowUnknownFields()
	if err := j.Decode(&d); err != nil {
		return of(modelFile, errors.New(strings.TrimPrefix(err.Error(), "json: ")))
	}
	found, err := zoo.FindClassifier(d.Network.Name)
	if err != nil {
		var names []string
		for _, c := range zoo.Classifiers {
			names = append(names, c.Name)
		}
		return of(modelFile, fmt.Errorf("network.name is %q; it must be one of %s", d.Network.Name, strings.Join(names, ", ")))
	}
	if d.Network.Width == 0 {
		d.Network.Width = found.Width
	}
	images, err := artifact.ReadImages(a.data.Path)
	if err != nil {
		return err
	}
	n, err := d.Network.Build(images.Shape, len(images.Classes))
	if err != nil {
		return of(modelFile, err)
	}
	b, err := backend.Open("go", a.cell.Cores)
	if err != nil {
		return err
	}
	for _, name := range a.weights() {
		file, err := readWeights(a, name)
		if err != nil {
			return err
		}
		if _, err := classifiers.LoadWeights(b, n, file); err != nil {
			return of(name, err)
		}
		for _, p := range n.Params {
			for i, v := range file[p.Name].F32 {
				if err := artifact.Finite(v); err != nil {
					return of(name, fmt.Errorf("tensor %q, number %d: %w", p.Name, i, err))
				}
			}
		}
		if err := a.keepWeights(name, file); err != nil {
			return err
		}
		if unused := classifiers.Unused(n, file); len(unused) > 0 {
			a.cell.Note("%s does not use %d tensors of %s: %s", d.Network.Name, len(unused), shown(name), strings.Join(unused, ", "))
		}
	}
	return a.describe(classifiers.Config{Network: d.Network, Image: images.Shape, Classes: len(images.Classes), Method: "program"})
}
