package load

import (
	"foil/internal/artifact"
	"foil/pipeline"
)

func imagesFiles(classes string) []pipeline.FileDoc {
	return []pipeline.FileDoc{
		{Name: artifact.TrainFile, Doc: "label (row number of classes.arrow) and image (pixels as planes of red, green and blue, row by row, one byte each)"},
		{Name: artifact.TestFile, Doc: "the same for the test images, which are not for training"},
		{Name: artifact.ClassesFile, Doc: "name, " + classes},
		{Name: artifact.ImageFile, Doc: "channels, height and width of every image"},
	}
}
