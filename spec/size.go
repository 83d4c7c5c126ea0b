package spec

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// sizeUnits are the units of sizes: kB to TB are powers of 1000, KiB to TiB powers of 1024. Case
// does not matter: 1kB and 1KB are equal.
var sizeUnits = map[string]float64{
	"b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12,
	"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
}

const sizeForms = "write a number with a unit, such as 500MB or 1.5GiB (units: B, kB, MB, GB, TB, KiB, MiB, GiB, TiB)"

var sizePattern = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]*)$`)

// goodSize matches the sizes that ParseSize accepts, for the schema.
const goodSize = `^[0-9]+(\.[0-9]+)? ?([kKmMgGtT][iI]?)?[bB]$`

// ParseSize reads a number of bytes with its unit, such as 2GB or 1.5 GiB. The error says what is
// wrong with the text and which forms are right.
func ParseSize(text string) (bytes int64, err error) {
	m := sizePattern.FindStringSubmatch(text)
	if m == nil {
		return 0, errors.New(sizeForms)
	}
	unit := strings.ToLower(m[2])
	factor, ok := sizeUnits[unit]
	switch {
	case ok:
	case unit == "":
		return 0, errors.New("the unit is missing; " + sizeForms)
	case sizeUnits[unit+"b"] > 0:
		return 0, fmt.Errorf("the unit %s lacks its B; %s", m[2], sizeForms)
	default:
		return 0, fmt.Errorf("there is no unit %s; %s", m[2], sizeForms)
	}
	number, err := strconv.ParseFloat(m[1], 64)
	size := number * factor
	switch {
	case err != nil || size >= math.MaxInt64/2:
		return 0, errors.New("no machine has so many bytes")
	case size < 1:
		return 0, errors.New("it must be at least one byte")
	}
	return int64(size), nil
}

// FormatSize writes a number of bytes for people, with three digits: 27.6 MB.
func FormatSize(bytes int64) string {
	size, unit := float64(bytes), "B"
	for _, next := range []string{"kB", "MB", "GB", "TB"} {
		if size < 999.5 {
			break
		}
		size, unit = size/1000, next
	}
	if unit == "TB" {
		return fmt.Sprintf("%.1f TB", size)
	}
	return fmt.Sprintf("%.3g %s", size, unit)
}
