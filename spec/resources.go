package spec

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"time"
)

// Resources are the resources of a stage's cells, their timeout and their retries. They are not
// part of keys.
type Resources struct {
	Cores   Amount        // threads
	Memory  Amount        // bytes
	GPUs    Amount        // devices
	Timeout time.Duration // of every try; 0: none
	Retries int           // tries after the first one fails
}

// An Amount is a number with its position; 0 when not given.
type Amount struct {
	Value int64
	Pos   Pos
}

// resourceFields are the fields of a stage that are Resources.
var resourceFields = []string{"cores", "memory", "gpus", "timeout", "retries"}

// resources reads the fields of a stage.
func (p *problems) resources(stage Value, scope *scope) Resources {
	var r Resources
	for _, f := range stage.Map {
		v := f.Value
		if v.Type == Null {
			continue
		}
		switch f.Name {
		case "cores":
			r.Cores = p.amount(scope.resolve(v), f.Name, 1)
		case "gpus":
			r.GPUs = p.amount(scope.resolve(v), f.Name, 0)
		case "retries":
			r.Retries = int(p.amount(scope.resolve(v), f.Name, 0).Value)
		case "memory":
			r.Memory = p.memory(scope.resolve(v))
		case "timeout":
			r.Timeout = p.timeout(scope.resolve(v))
		}
	}
	return r
}

// amount reads a whole number.
func (p *problems) amount(v Value, name string, least int64) Amount {
	const most = 1 << 20 // a larger number is a mistake; also, sums of amounts must not overflow
	switch {
	case v.Type == invalid:
	case v.Type != Int:
		p.at(v.Pos, "%s must be a whole number, not %s", name, describe(v))
	case v.Int < least || v.Int > most:
		p.at(v.Pos, "%s must be a number from %d to %d, not %d", name, least, most, v.Int)
	default:
		return Amount{Value: v.Int, Pos: v.Pos}
	}
	return Amount{Pos: v.Pos}
}

func (p *problems) memory(v Value) Amount {
	if v.Type == invalid {
		return Amount{}
	}
	if v.Type == String {
		if n, ok := ParseSize(v.Str); ok && n > 0 {
			return Amount{Value: n, Pos: v.Pos}
		}
	}
	p.at(v.Pos, "memory must be a number with a unit, such as 2GB, 512MB or 1.5GiB, not %s", describe(v))
	return Amount{}
}

func (p *problems) timeout(v Value) time.Duration {
	if v.Type == invalid {
		return 0
	}
	if v.Type == String {
		if d, err := time.ParseDuration(v.Str); err == nil && d > 0 {
			return d
		}
	}
	p.at(v.Pos, "timeout must be a time with units, such as 90m, 30s or 1h30m, not %s", describe(v))
	return 0
}

var (
	sizePattern = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) ?([kMGT]B|[KMGT]iB)$`)
	sizeUnits   = map[string]float64{"kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
)

// ParseSize reads a number of bytes with its unit, such as 2GB or 1.5 GiB.
func ParseSize(text string) (bytes int64, ok bool) {
	m := sizePattern.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	number, err := strconv.ParseFloat(m[1], 64)
	size := number * sizeUnits[m[2]]
	if err != nil || size >= math.MaxInt64/2 {
		return 0, false
	}
	return int64(size), true
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
