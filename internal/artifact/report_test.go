package artifact

import "testing"

func TestReservedNamesOfReports(t *testing.T) {
	for name, want := range map[string]string{
		"provenance.json": ProvenanceFile, "Provenance.JSON": ProvenanceFile, "provenance.json. ": ProvenanceFile,
		"a/provenance.json": ProvenanceFile, "costs.csv": CostsFile, "COSTS.csv": CostsFile, "costs.csv/a": CostsFile,
		"provenance.jsonl": "", "my-costs.csv": "", "report.html": "", "a/b.csv": "",
	} {
		if got := ReservedName(name); got != want {
			t.Errorf("%q has the reserved name %q, want %q", name, got, want)
		}
	}
}
