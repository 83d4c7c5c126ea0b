package load

import (
	"foil/internal/tables"
	"foil/pipeline"
)

func imagesFiles(classes string) []pipeline.FileDoc {
	return []pipeline.FileDoc{
		{Name: tables.TrainFile, Doc: "label (row number of classes.arrow) and image (its pixels: planes of red, green and blue, row by row, a byte each)"},
		{Name: tables.TestFile, Doc: "likewise, images that nothing is trained on"},
		{Name: tables.ClassesFile, Doc: "name, " + classes},
		{Name: tables.ImageFile, Doc: "channels, height and width of every image"},
	}
}
