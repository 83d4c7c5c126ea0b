//go:build unix

package testenv

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// A User runs commands as another user of this machine.
type User struct {
	ID, Group int
	Others    []int // further groups
	Umask     int
}

// NeedUsers skips a test that runs commands as other users, unless this process is root.
func NeedUsers(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can run commands as other users")
	}
}

// Command is exec.Command as this user.
func (u User) Command(ctx context.Context, program string, args ...string) *exec.Cmd {
	script := fmt.Sprintf(`umask %04o; exec "$0" "$@"`, u.Umask)
	cmd := exec.CommandContext(ctx, "/bin/sh", append([]string{"-c", script, program}, args...)...)
	groups := []uint32{}
	for _, g := range u.Others {
		groups = append(groups, uint32(g))
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(u.ID), Gid: uint32(u.Group), Groups: groups}}
	return cmd
}

// PublicDir is t.TempDir for all users. Everybody may write to it.
func PublicDir(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for path, mode := range map[string]os.FileMode{filepath.Dir(dir): 0o755, dir: 0o777} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// PublicProgram copies this test program to a place where all users may run it, under a name.
func PublicProgram(t testing.TB, name string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	from, err := os.Open(self)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	path := filepath.Join(PublicDir(t), name)
	to, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(to, from); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}
