package app

import "runtime/debug"

// Version is the version of this program: the version of the module, or the commit of the build.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	commit := settings["vcs.revision"]
	if len(commit) < 12 {
		return "development"
	}
	if settings["vcs.modified"] == "true" {
		return commit[:12] + " with changes"
	}
	return commit[:12]
}

// GoExperiment is the value of GOEXPERIMENT when the program was built.
func GoExperiment() string {
	info, _ := debug.ReadBuildInfo()
	if info != nil {
		for _, s := range info.Settings {
			if s.Key == "GOEXPERIMENT" && s.Value != "" {
				return s.Value
			}
		}
	}
	return ""
}

// ModuleVersion is the version of a module that the program was built with.
func ModuleVersion(path string) string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == path {
				return m.Version
			}
		}
	}
	return "unknown"
}
