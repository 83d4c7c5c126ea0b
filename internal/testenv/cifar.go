package testenv

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// CIFAR10 returns a folder with CIFAR-10 in its published layout, with at least 20 training and 4
// test images of each class. It is FOIL_DATA if that holds CIFAR-10, otherwise a part of the JPEG
// copy in ../shared, which is converted once and kept in the temporary folder of the machine.
// Without either, the test is skipped.
func CIFAR10(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"cifar-10-binary.tar.gz", "cifar-10-batches-bin"} {
		if dir := os.Getenv("FOIL_DATA"); dir != "" {
			if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
				return dir
			}
		}
	}
	shared := filepath.Join(here(), "..", "..", "..", "shared")
	packed, tool := filepath.Join(shared, "data", "cifar-10-jpeg.tar.xz"), filepath.Join(shared, "tools", "cifar10bin", "main.go")
	for _, path := range []string{packed, tool} {
		if _, err := os.Stat(path); err != nil {
			t.Skipf("CIFAR-10 is neither under FOIL_DATA nor beside the repository (%v): the real data is needed here", err)
		}
	}
	if _, err := exec.LookPath("xz"); err != nil {
		t.Skip("there is no xz to unpack the real data with")
	}
	dir := filepath.Join(os.TempDir(), "foil-test-cifar-10-20-4")
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	made, err := os.MkdirTemp("", "foil-test-cifar-10-*")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(made)
	convert := exec.Command("sh", "-c", `xz -dc "$0" | go run "$1" "$2" 20 4`, packed, tool, made)
	if text, err := convert.CombinedOutput(); err != nil {
		t.Fatalf("converting %s: %v\n%s", packed, err, text)
	}
	if err := os.Rename(made, dir); err != nil {
		if _, there := os.Stat(dir); there != nil { // otherwise another test has made it in the meantime
			t.Fatal(err)
		}
	}
	return dir
}
