package tabular

import (
	"strings"
	"testing"
)

// Whatever the bytes, reading ends with an array whose elements can all be read, or with an error.
func FuzzArrays(f *testing.F) {
	head := "{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }\n"
	f.Add([]byte("\x93NUMPY\x01\x00" + string(rune(len(head))) + "\x00" + head + "abcd"))
	f.Add([]byte("\x93NUMPY\x02\x00\xff\xff\xff\xff"))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if a, err := ReadNPY(raw); err == nil {
			for i := range a.Len() {
				a.At(i)
			}
		}
		ReadNPZ(raw, "images")
	})
}

func TestArraysThatAreMissingAreTold(t *testing.T) {
	if _, err := ReadNPZ([]byte("PK\x05\x06"+strings.Repeat("\x00", 18)), "x"); err == nil || !strings.Contains(err.Error(), `it has no array "x"`) {
		t.Error(err)
	}
}
