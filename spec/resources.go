package spec

import (
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
			r.Timeout = p.duration(scope.resolve(v), f.Name)
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
	text := v.String()
	if v.Type == String {
		text = v.Str
	}
	n, err := ParseSize(text)
	if err != nil {
		p.at(v.Pos, "memory cannot be %s: %v", describe(v), err)
	}
	return Amount{Value: n, Pos: v.Pos}
}

func (p *problems) duration(v Value, name string) time.Duration {
	if v.Type == invalid {
		return 0
	}
	if v.Type == String {
		if d, err := time.ParseDuration(v.Str); err == nil && d > 0 {
			return d
		}
	}
	p.at(v.Pos, "%s must be a time with units, such as 90m, 30s or 1h30m, not %s", name, describe(v))
	return 0
}
