package dataset

import (
	"fmt"
	"slices"
)

// CIFARImages is the checked content of CIFAR-10 or CIFAR-100.
type CIFARImages struct {
	Classes     [][]string // names of the classes, for every label
	Train, Test CIFARRecords
}

// CIFARRecords are images in the order of their files.
type CIFARRecords struct {
	Label  [][]uint8 // by label, then by image
	Pixels [][]byte  // by image; they share the bytes of the files
}

// Parse reads the files. All classes must have the same number of images, as in the published data
// and in balanced parts of it.
func (c CIFAR) Parse(raw Raw) (*CIFARImages, error) {
	m := &CIFARImages{}
	for _, l := range c.Labels {
		names, err := l.names(raw)
		if err != nil {
			return nil, err
		}
		m.Classes = append(m.Classes, names)
	}
	var err error
	if m.Train, err = c.records(raw, c.Train); err != nil {
		return nil, err
	}
	if m.Test, err = c.records(raw, c.Test); err != nil {
		return nil, err
	}
	return m, c.checkGroups(m)
}

func (c CIFAR) records(raw Raw, files []CIFARFile) (CIFARRecords, error) {
	r := CIFARRecords{Label: make([][]uint8, len(c.Labels))}
	size := len(c.Labels) + cifarPixels
	for _, f := range files {
		b := raw[f.Name]
		if len(b) == 0 {
			return r, fmt.Errorf("%s is empty", f.Name)
		}
		if len(b)%size != 0 {
			return r, fmt.Errorf("%s has %d bytes, which is not a complete number of records of %d (%d of labels, %d of pixels): truncated, images of another size, or a file of another data set",
				f.Name, len(b), size, len(c.Labels), cifarPixels)
		}
		for at := 0; at < len(b); at += size {
			for i, l := range c.Labels {
				label := b[at+i]
				if int(label) >= l.Classes {
					return r, fmt.Errorf("%s: image %d (at byte %d): the %s label is %d; it must be a number from 0 to %d",
						f.Name, at/size, at+i, l.Name, label, l.Classes-1)
				}
				r.Label[i] = append(r.Label[i], label)
			}
			r.Pixels = append(r.Pixels, b[at+len(c.Labels):at+size:at+size])
		}
	}
	return r, c.checkBalance(files, r)
}

// checkBalance counts the images of every class. This detects nearly all files with missing or
// foreign images.
func (c CIFAR) checkBalance(files []CIFARFile, r CIFARRecords) error {
	for i, l := range c.Labels {
		count := make([]int, l.Classes)
		for _, label := range r.Label[i] {
			count[label]++
		}
		least, most := slices.Min(count), slices.Max(count)
		if least == most {
			continue
		}
		where := files[0].Name
		if n := len(files); n > 1 {
			where += " to " + files[n-1].Name
		}
		return fmt.Errorf("%s: %d images have the %s label %d, and %d have %d; every class must have the same number of images",
			where, least, l.Name, slices.Index(count, least), most, slices.Index(count, most))
	}
	return nil
}

// checkGroups checks that all images of a fine class have the same coarse class.
func (c CIFAR) checkGroups(m *CIFARImages) error {
	if len(c.Labels) < 2 {
		return nil
	}
	group := map[uint8]uint8{}
	for _, r := range []CIFARRecords{m.Train, m.Test} {
		for i, fine := range r.Label[1] {
			coarse := r.Label[0][i]
			if first, ok := group[fine]; ok && first != coarse {
				return fmt.Errorf("images of %q are both of %q and of %q; a class belongs to one group",
					m.Classes[1][fine], m.Classes[0][first], m.Classes[0][coarse])
			}
			group[fine] = coarse
		}
	}
	return nil
}
