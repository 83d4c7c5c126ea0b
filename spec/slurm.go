package spec

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// Slurm is how workers are submitted to a cluster. It is not part of keys. Empty fields are left to
// the cluster, and Time to an estimate.
type Slurm struct {
	Partition  string        `json:"partition,omitempty"`
	Account    string        `json:"account,omitempty"`
	QOS        string        `json:"qos,omitempty"`
	Constraint string        `json:"constraint,omitempty"`
	Time       time.Duration `json:"time,omitempty"`  // limit of a worker
	Extra      []string      `json:"extra,omitempty"` // more options of sbatch, such as --exclude=node7
	GPU        *Slurm        `json:"gpu,omitempty"`   // of workers with GPUs; nil: nothing else
}

// ForGPUs returns the settings of workers with GPUs: what is said for them, and the rest.
func (s Slurm) ForGPUs() Slurm {
	gpu := s.GPU
	if s.GPU = nil; gpu == nil {
		return s
	}
	return gpu.Over(s)
}

// Over returns s, with what is not set there from the settings of the site.
func (s Slurm) Over(site Slurm) Slurm {
	for _, f := range []struct{ own, other *string }{
		{&s.Partition, &site.Partition}, {&s.Account, &site.Account}, {&s.QOS, &site.QOS}, {&s.Constraint, &site.Constraint},
	} {
		if *f.own == "" {
			*f.own = *f.other
		}
	}
	if s.Time == 0 {
		s.Time = site.Time
	}
	switch {
	case s.GPU == nil:
		s.GPU = site.GPU
	case site.GPU != nil:
		both := s.GPU.Over(*site.GPU)
		s.GPU = &both
	}
	s.Extra = append(slices.Clone(site.Extra), s.Extra...) // of two equal options, sbatch takes the last
	return s
}

// slurmFields are the fields of slurm in a spec and in the file of a site.
var slurmFields = []string{"partition", "account", "qos", "constraint", "time", "extra", "gpu"}

// gpuFields are those that workers with GPUs may have of their own.
var gpuFields = []string{"partition", "constraint", "extra"}

// foilsOptions are the options of sbatch that foil sets itself.
var foilsOptions = []string{
	"--array", "--comment", "--job-name", "--output", "--error", "--parsable", "--wrap", "--wait", "--signal", "--cpus-per-task",
	"--ntasks", "--nodes", "--mem", "--gres", "--time", "--partition", "--account", "--qos", "--constraint", "--chdir", "--export",
	"--requeue", "--no-requeue", "--open-mode", "--quiet", "--test-only", "--clusters",
}

// isFoils reports whether foil sets an option of sbatch itself. sbatch accepts the beginning of a
// name.
func isFoils(option string) bool {
	return slices.ContainsFunc(foilsOptions, func(own string) bool {
		return strings.HasPrefix(own, option)
	})
}

// Only long options are accepted: sbatch takes the value of a short one without "=".
var optionPattern = regexp.MustCompile(`^--[a-z][a-z0-9-]*(=.*)?$`)

// slurm reads the field of a spec or of the file of a site.
func (p *problems) slurm(root Value, scope *scope) Slurm {
	return p.slurmSettings(p.mapField(root, "slurm"), "slurm", slurmFields, scope)
}

func (p *problems) slurmSettings(v Value, what string, fields []string, scope *scope) (s Slurm) {
	p.checkFields(v, what, fields)
	for _, f := range v.Map {
		v := f.Value
		if scope != nil {
			v = scope.resolve(v)
		}
		if v.Type == Null || !slices.Contains(fields, f.Name) {
			continue
		}
		switch f.Name {
		case "partition":
			s.Partition = p.slurmText(v, f.Name)
		case "account":
			s.Account = p.slurmText(v, f.Name)
		case "qos":
			s.QOS = p.slurmText(v, f.Name)
		case "constraint":
			s.Constraint = p.slurmText(v, f.Name)
		case "time":
			s.Time = p.duration(v, f.Name)
		case "extra":
			s.Extra = p.slurmOptions(v)
		case "gpu":
			gpu := p.slurmSettings(p.mapOrNothing(v, "gpu"), "gpu", gpuFields, scope)
			s.GPU = &gpu
		}
	}
	return s
}

// slurmText reads the value of an option of sbatch.
func (p *problems) slurmText(v Value, name string) string {
	text := p.text(v, name)
	if v.Type == String && (text == "" || text != strings.TrimSpace(text) || strings.ContainsAny(text, "\x00\n\r")) {
		p.at(v.Pos, "%s must be a text on one line, without spaces around it, not %s", name, describe(v))
	}
	return text
}

// slurmOptions reads a list of options of sbatch.
func (p *problems) slurmOptions(v Value) (list []string) {
	if v.Type == invalid {
		return nil
	}
	if v.Type != List {
		p.at(v.Pos, "extra must be a list of options of sbatch, such as [--exclude=node7], not %s", describe(v))
		return nil
	}
	for _, e := range v.List {
		option := p.slurmText(e, "an option")
		name, _, _ := strings.Cut(option, "=")
		switch {
		case e.Type != String || option == "":
		case !optionPattern.MatchString(option):
			p.at(e.Pos, "%q is not an option of sbatch; write --NAME or --NAME=VALUE", option)
		case isFoils(name):
			p.at(e.Pos, "foil sets the option %s itself%s", name, slurmAdvice(name))
		default:
			list = append(list, option)
		}
	}
	return list
}

// slurmAdvice says what to write instead of an option that foil sets.
func slurmAdvice(option string) string {
	switch option {
	case "--partition", "--account", "--qos", "--constraint", "--time":
		return "; write " + option[2:] + " beside extra"
	case "--mem", "--cpus-per-task", "--gres":
		return "; stages set cores, memory and gpus"
	case "--array":
		return "; --jobs sets the number of workers"
	case "--clusters":
		return "; the variable SLURM_CLUSTERS names the cluster for all commands of Slurm"
	}
	return ""
}

// ParseSite reads the file of a site, which holds what specs need not say: slurm. The error is
// Errors.
func ParseSite(file string, src []byte) (Slurm, error) {
	text := strings.TrimPrefix(string(src), "\ufeff")
	p := &problems{sources: sources{file: splitLines(text)}}
	root, ok := parseTree(p, file, text)
	if !ok || root.Type != Map {
		if ok && root.Type != Null {
			p.at(root.Pos, "the file of a site is a map with slurm, not %s", describe(root))
		}
		return Slurm{}, p.err()
	}
	p.checkFields(root, "the file of a site", []string{"slurm"})
	s := p.slurm(root, nil)
	return s, p.err()
}
