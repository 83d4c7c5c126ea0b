//go:build cgo

package backend

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/gomlx/go-xla/compute/xla" // registers xla, stablehlo, hlo and shlo
)

// pjrtFolders is the variable with the folders of XLA's plugins.
const pjrtFolders = "PJRT_PLUGIN_LIBRARY_PATH"

func init() {
	xla.EnableAutoInstall(false) // also where a later version of go-xla brings its installer along
	for _, family := range []string{"xla", "stablehlo", "hlo", "shlo"} {
		natives[family] = findXLA
	}
}

// pluginName matches the files of XLA's plugins: pjrt_c_api_cpu_plugin.so,
// pjrt_c_api_cpu_v0.114.0_plugin.so, pjrt-plugin-cuda.so.
var pluginName = regexp.MustCompile(`^pjrt(?:_c_api_(.+)_plugin|[-_]plugin[-_](.+))\.(?:so|dylib|dll)$`)

// findXLA finds the plugin of a device: the one of that name, or the one with the highest version.
// go-xla would choose among versions at random.
func findXLA(name string) (*Native, error) {
	plugins := pluginFiles()
	chosen := name
	if plugins[name] == "" {
		for p := range plugins {
			if version, ok := strings.CutPrefix(p, name+"_v"); ok && compareVersions(version, strings.TrimPrefix(chosen, name+"_v")) > 0 {
				chosen = p
			}
		}
	}
	path := plugins[chosen]
	if path == "" {
		return nil, &MissingError{Library: "XLA's plugin " + strconv.Quote(name), Variable: pjrtFolders}
	}
	n := &Native{Path: path, From: filepath.Dir(path), plugin: chosen}
	// go-xla's installer writes a link without the version beside the file with it.
	if target, err := filepath.EvalSymlinks(path); err == nil {
		if m := pluginName.FindStringSubmatch(filepath.Base(target)); m != nil {
			chosen = m[1] + m[2]
		}
	}
	version, ok := strings.CutPrefix(chosen, name+"_v")
	if !ok {
		version = ""
	}
	return n, n.describe("pjrt "+name, version)
}

// compareVersions compares numbers that are separated by dots.
func compareVersions(a, b string) int {
	number := func(part string) int {
		n, err := strconv.Atoi(part)
		if err != nil {
			return -1
		}
		return n
	}
	return slices.CompareFunc(strings.Split(a, "."), strings.Split(b, "."), func(a, b string) int { return cmp.Compare(number(a), number(b)) })
}

// pluginFiles are the plugins in the folders that go-xla searches, by name. If two folders have the
// same plugin, go-xla loads the first.
func pluginFiles() map[string]string {
	plugins := map[string]string{}
	for _, dir := range pluginDirs() {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, e := range entries {
			path := filepath.Join(dir, e.Name())
			if m := pluginName.FindStringSubmatch(e.Name()); m != nil && plugins[m[1]+m[2]] == "" && isFile(path) {
				plugins[m[1]+m[2]] = path
			}
		}
	}
	return plugins
}

// pluginDirs are the folders that go-xla searches, without those that only the system's linker
// knows.
func pluginDirs() []string {
	if list, ok := os.LookupEnv(pjrtFolders); ok {
		return slices.DeleteFunc(strings.Split(list, ":"), func(dir string) bool { return dir == "" })
	}
	var dirs []string
	if home, err := os.UserHomeDir(); err == nil {
		switch runtime.GOOS {
		case "darwin":
			lib := filepath.Join(home, "Library", "Application Support")
			dirs = append(dirs, filepath.Join(lib, "go-xla"), filepath.Join(lib, "GoMLX", "PJRT"))
		case "windows":
			return []string{filepath.Join(home, "AppData", "Local", "go-xla")}
		default:
			lib := filepath.Join(home, ".local", "lib")
			dirs = append(dirs, filepath.Join(lib, "go-xla"), filepath.Join(lib, "go-xla", "nvidia"), filepath.Join(lib, "gomlx", "pjrt"))
		}
	}
	dirs = append(dirs, "/usr/local/lib/go-xla", "/usr/local/lib/go-xla/nvidia", "/usr/local/lib/gomlx/pjrt")
	for _, variable := range []string{"DYLD_LIBRARY_PATH", "LD_LIBRARY_PATH"} {
		if variable == "LD_LIBRARY_PATH" || runtime.GOOS == "darwin" {
			dirs = append(dirs, filepath.SplitList(os.Getenv(variable))...)
		}
	}
	return slices.DeleteFunc(dirs, func(dir string) bool { return !filepath.IsAbs(dir) })
}
