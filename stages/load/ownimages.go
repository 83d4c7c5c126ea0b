package load

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"foil/internal/artifact"
	"foil/internal/attributes"
	"foil/internal/dataset"
	"foil/internal/digest"
	"foil/internal/npy"
	"foil/pipeline"
	"foil/spec"
)

// OwnImagesParams are the parameters of load/images.
type OwnImagesParams struct {
	Train   string   `yaml:"train" required:"true"`
	Test    string   `yaml:"test" required:"true"`
	Images  string   `yaml:"images"`
	Labels  string   `yaml:"labels"`
	Classes []string `yaml:"classes"`
}

var ownImagesParams = &spec.Params[OwnImagesParams]{
	Defaults: func() OwnImagesParams { return OwnImagesParams{Images: "images", Labels: "labels"} },
	Docs: spec.Docs{
		"train": "training images: a folder that has a folder for each class, or a .npz file, beside the spec or in the data folder (--data or FOIL_DATA)",
		"test":  "test images, in the same form; they are not for training",
		"images": "array of a .npz file with the pixels, uint8, with 3 channels or 1 for grey. " +
			"Its shape is (n, height, width, channels), (n, channels, height, width) or (n, height, width). " +
			"If it is the name of a .npy file, train and test are folders that have this file.",
		"labels":  "array, or .npy file, with the labels: integers from 0",
		"classes": "names of the classes; empty: those of the folders, sorted, or the labels",
	},
	Check: func(p *OwnImagesParams, report spec.Reporter) {
		for parameter, name := range map[string]string{"train": p.Train, "test": p.Test} {
			if !filepath.IsLocal(name) {
				report(parameter, "%q is not inside the folder of the spec or the data folder; write the path from that folder", name)
			}
		}
		if filepath.Clean(p.Train) == filepath.Clean(p.Test) {
			report("test", "the test images are the training images")
		}
		attributes.CheckUnique("classes", "", p.Classes, report)
		if isNPY(p.Images) != isNPY(p.Labels) {
			report("labels", "images and labels are both names of arrays, or both names of .npy files")
		}
	},
}

func isNPY(name string) bool { return strings.HasSuffix(name, ".npy") }

// OwnImages is load/images.
func OwnImages() pipeline.Kind {
	return pipeline.Define(pipeline.Kind{
		Name:    "load/images",
		Version: 1,
		Doc: "Loads your own images for classifiers, from folders of PNG and JPEG files, one folder for each class, or from NumPy arrays. " +
			"All images must have the same size; grey ones become three equal planes. " +
			"Files whose names begin with a dot are skipped. Anything else that is not an opaque image is an error. " +
			"A test image that is also a training image is told in a note.",
		Output: artifact.TypeImages,
		Files:  imagesFiles("in the order of the labels"),
	}, ownImagesParams, pipeline.Work[OwnImagesParams]{Sources: findOwnImages, Run: runOwnImages})
}

func findOwnImages(ctx context.Context, env *pipeline.Env, p *OwnImagesParams) (sources []pipeline.Source, err error) {
	for _, name := range []string{p.Train, p.Test} {
		where, err := besideOrData(env, name)
		if err != nil {
			return nil, err
		}
		digest, err := treeDigest(ctx, where, p, nil)
		if err != nil {
			return nil, err
		}
		sources = append(sources, pipeline.Source{Name: name, Digest: digest, Path: where})
	}
	return sources, nil
}

// treeDigest is the digest of a file, or of the files in a folder, by name. It calls visit with each.
func treeDigest(ctx context.Context, where string, p *OwnImagesParams, visit func(name string, raw []byte) error) (digest.Digest, error) {
	info, err := os.Stat(where)
	if err != nil {
		return digest.Digest{}, err
	}
	if !info.IsDir() {
		if visit == nil {
			return dataset.FileDigest(ctx, where)
		}
		raw, err := os.ReadFile(where)
		if err == nil {
			err = visit(filepath.Base(where), raw)
		}
		return digest.Of(raw), err
	}
	names := []string{p.Images, p.Labels}
	if !isNPY(p.Images) {
		if names, err = imageNames(where); err != nil {
			return digest.Digest{}, err
		}
	}
	h := sha256.New()
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return digest.Digest{}, err
		}
		raw, err := os.ReadFile(filepath.Join(where, filepath.FromSlash(name)))
		if err == nil && visit != nil {
			err = visit(name, raw)
		}
		if err != nil {
			return digest.Digest{}, err
		}
		fmt.Fprintf(h, "%s %s\n", digest.Of(raw), name)
	}
	return digest.Digest(h.Sum(nil)), nil
}

// imageNames lists the files in the folders of the classes, sorted.
func imageNames(where string) (names []string, err error) {
	err = fs.WalkDir(os.DirFS(where), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != "." && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			if strings.Count(name, "/") > 0 {
				return fmt.Errorf("%s: the folder %s is in the folder of a class; put the images there directly", where, name)
			}
			return nil
		case strings.Count(name, "/") == 0:
			return fmt.Errorf("%s: %s is not in the folder of a class; name the folder that has one folder for each class", where, name)
		}
		names = append(names, name)
		return nil
	})
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("%s has no images", where)
	}
	return names, err
}

func runOwnImages(ctx context.Context, cell *pipeline.Cell, p *OwnImagesParams) error {
	if len(cell.Sources) != 2 {
		return fmt.Errorf("the cell has %d sources; it must have 2", len(cell.Sources))
	}
	var parts [2]*imageReader
	for i, source := range cell.Sources {
		r := &imageReader{params: p}
		found, err := treeDigest(ctx, source.Path, p, r.add)
		if err == nil {
			err = r.end()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", source.Name, err)
		}
		if err := confirm(cell, source, found); err != nil {
			return err
		}
		parts[i] = r
	}
	train, test := parts[0], parts[1]
	if train.shape != test.shape {
		return fmt.Errorf("training images are %v (channels, height, width), test images %v; resize them", train.shape, test.shape)
	}
	out := &artifact.Images{Shape: train.shape, Classes: p.Classes}
	if err := classesOf(out, train, test, p); err != nil {
		return err
	}
	out.Train, out.Test = train.set, test.set
	seen := map[digest.Digest]bool{}
	size := out.Shape.Size()
	for i := range out.Train.Len() {
		seen[digest.Of(out.Train.Pixels[i*size:(i+1)*size])] = true
	}
	both := 0
	for i := range out.Test.Len() {
		if seen[digest.Of(out.Test.Pixels[i*size:(i+1)*size])] {
			both++
		}
	}
	if both > 0 {
		cell.Note("%d of %d test images are training images, too", both, out.Test.Len())
	}
	cell.Logf("%d training images and %d test images of %d classes, %v", out.Train.Len(), out.Test.Len(), len(out.Classes), out.Shape)
	return out.Write(cell.Create)
}

// classesOf names the classes, and numbers those of folders.
func classesOf(out *artifact.Images, train, test *imageReader, p *OwnImagesParams) error {
	if train.folders == nil != (test.folders == nil) {
		return errors.New("training and test images must be in the same form: folders of images, or arrays")
	}
	if train.folders == nil {
		most := max(slices.Max(train.set.Label), slices.Max(test.set.Label))
		for label := len(out.Classes); label <= int(most) && len(p.Classes) == 0; label++ {
			out.Classes = append(out.Classes, strconv.Itoa(label))
		}
		if int(most) >= len(out.Classes) {
			return fmt.Errorf("there is a label %d, but classes has %d names", most, len(out.Classes))
		}
		return nil
	}
	if len(out.Classes) == 0 {
		out.Classes = slices.Compact(slices.Sorted(slices.Values(train.folders)))
	}
	number := map[string]int32{}
	for i, name := range out.Classes {
		number[name] = int32(i)
	}
	for _, r := range []*imageReader{train, test} {
		for _, folder := range r.folders {
			label, ok := number[folder]
			if !ok {
				return fmt.Errorf("the folder %q is none of the classes %s", folder, strings.Join(out.Classes, ", "))
			}
			r.set.Label = append(r.set.Label, label)
		}
	}
	return nil
}

// An imageReader collects the images of a part.
type imageReader struct {
	params  *OwnImagesParams
	shape   artifact.Shape
	set     artifact.ImageSet
	folders []string     // of each image; nil for arrays
	arrays  []*npy.Array // of the images and the labels
}

func (r *imageReader) add(name string, raw []byte) error {
	var err error
	switch {
	case strings.HasSuffix(name, ".npz"):
		var arrays map[string]*npy.Array
		if arrays, err = npy.ParseZip(raw, r.params.Images, r.params.Labels); err == nil {
			r.arrays = []*npy.Array{arrays[r.params.Images], arrays[r.params.Labels]}
		}
	case isNPY(name):
		var a *npy.Array
		if a, err = npy.Parse(raw); err == nil {
			r.arrays = append(r.arrays, a)
		}
	case path.Dir(name) == ".":
		return fmt.Errorf("%s is neither a .npz file nor a folder", name)
	default:
		var shape artifact.Shape
		if shape, r.set.Pixels, err = appendPixels(r.set.Pixels, raw); err == nil && len(r.folders) > 0 && shape != r.shape {
			err = fmt.Errorf("it is %v (channels, height, width), and those before it are %v; resize them", shape, r.shape)
		}
		r.shape, r.folders = shape, append(r.folders, path.Dir(name))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// end reads the arrays, if the part consists of arrays.
func (r *imageReader) end() error {
	if r.folders != nil {
		return nil
	}
	if len(r.arrays) != 2 {
		return errors.New("it has no images")
	}
	images, labels := r.arrays[0], r.arrays[1]
	var err error
	if r.shape, r.set.Pixels, err = artifact.PixelArray(images); err != nil {
		return fmt.Errorf("%s: %w", r.params.Images, err)
	}
	n := images.Shape[0]
	if len(labels.Shape) != 1 || labels.Shape[0] != n {
		return fmt.Errorf("%s: the shape is %s; it must be (%d,), a label for each image", r.params.Labels, labels.ShapeText(), n)
	}
	if r.set.Label, err = labels.Int32s(); err != nil {
		return fmt.Errorf("%s: %w", r.params.Labels, err)
	}
	const mostClasses = 100_000
	for i, v := range r.set.Label {
		if v < 0 || v >= mostClasses {
			return fmt.Errorf("%s: label %d of image %d is outside 0..%d", r.params.Labels, v, i, mostClasses-1)
		}
	}
	if r.shape.Channels == 1 {
		r.shape.Channels = channels
		r.set.Pixels = threePlanes(r.set.Pixels, r.shape.Height*r.shape.Width)
	}
	return nil
}

// threePlanes repeats the plane of each grey image.
func threePlanes(grey []uint8, area int) (pixels []uint8) {
	pixels = make([]uint8, 0, channels*len(grey))
	for plane := range slices.Chunk(grey, area) {
		for range channels {
			pixels = append(pixels, plane...)
		}
	}
	return pixels
}
