package artifact

import "strings"

// The files that foil writes beside the files of a published report.
const (
	ProvenanceFile = "provenance.json" // how the report was made, and its files
	CostsFile      = "costs.csv"       // time and memory of the cells
)

// ReservedName returns the name of foil's own that a file of a report, or one of its folders, has,
// or "". Names that differ only in case, or in dots and spaces at the end, are one name on some file
// systems.
func ReservedName(name string) string {
	for part := range strings.SplitSeq(name, "/") {
		for _, own := range []string{ProvenanceFile, CostsFile} {
			if strings.EqualFold(strings.TrimRight(part, ". "), own) {
				return own
			}
		}
	}
	return ""
}
