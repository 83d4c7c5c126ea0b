//go:build unix

// Package servertest starts real servers that keep results, for tests. A test is skipped where a
// server is not installed: see .ci/run.
package servertest

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A Server is a running server whose blobs are files.
type Server struct {
	Address string // for remote.Open
	Dir     string // of the blobs of Address

	t       *testing.T
	host    string
	command func() *exec.Cmd
	process *os.Process
	ended   chan error // gets the end of the process, and keeps it
}

// program finds the program of a server, or skips the test.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed", name)
	}
	return path
}

// freePort is the address of a port that nobody uses.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Start starts the server again after Stop or Kill, at the same address and with the same files. It
// waits until the server listens.
func (s *Server) Start() {
	s.t.Helper()
	// A file, not a pipe: a child of the server would keep a pipe open.
	log, err := os.Create(filepath.Join(s.t.TempDir(), "log"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	cmd := s.command()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	s.process, s.ended = cmd.Process, ended
	for {
		c, err := net.Dial("tcp", s.host)
		if err == nil {
			c.Close()
			return
		}
		select {
		case err := <-ended:
			ended <- nil
			text, _ := os.ReadFile(log.Name())
			s.t.Fatalf("the server ended: %v\n%s", err, text)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Stop ends the server, and waits for its end.
func (s *Server) Stop() { s.signal(syscall.SIGTERM) }

// Kill ends the server and its children without a warning.
func (s *Server) Kill() { s.signal(syscall.SIGKILL) }

func (s *Server) signal(how syscall.Signal) {
	_ = syscall.Kill(-s.process.Pid, how)
	s.ended <- <-s.ended
}

// start starts a server for the time of a test.
func start(t *testing.T, host, address, dir string, command func() *exec.Cmd) *Server {
	t.Helper()
	s := &Server{Address: address, Dir: dir, t: t, host: host, command: command}
	s.Start()
	t.Cleanup(func() { s.Stop() })
	return s
}

// S3 starts versitygw, an S3 server over a folder, with one bucket. Credentials are in the
// environment of the test.
func S3(t *testing.T) *Server {
	t.Helper()
	path := program(t, "versitygw")
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "bucket"), 0o777); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "tester")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "not a secret")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	host := freePort(t)
	address := "s3://bucket/shared?endpoint=" + url.QueryEscape("http://"+host)
	return start(t, host, address, filepath.Join(dir, "bucket", "shared"), func() *exec.Cmd {
		return exec.Command(path, "--port", host, "--access", "tester", "--secret", "not a secret", "posix", "--nometa", dir)
	})
}

// Nginx starts nginx, which stores what it is sent in a folder. At Address/only it takes nothing.
func Nginx(t *testing.T) *Server {
	t.Helper()
	path := program(t, "nginx")
	if out, err := exec.Command(path, "-V").CombinedOutput(); err != nil || !strings.Contains(string(out), "http_dav_module") {
		t.Skip("this nginx has no module for WebDAV")
	}
	dir, host := t.TempDir(), freePort(t)
	root := filepath.Join(dir, "root")
	config := fmt.Sprintf(`
worker_processes 1; daemon off; error_log %[1]s/error.log; pid %[1]s/pid;
user %[4]s;
events {}
http {
  access_log off; client_max_body_size 0; client_body_temp_path %[1]s/tmp;
  server {
    listen %[2]s; root %[3]s;
    location / { dav_methods PUT; create_full_put_path on; }
    location /only/ { alias %[3]s/; }
  }
}`, dir, host, root, userName(t))
	file := filepath.Join(dir, "nginx.conf")
	if err := errors.Join(os.Mkdir(root, 0o777), os.WriteFile(file, []byte(config), 0o666)); err != nil {
		t.Fatal(err)
	}
	return start(t, host, "http://"+host, root, func() *exec.Cmd { return exec.Command(path, "-c", file, "-p", dir) })
}

func userName(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("id", "-un").Output()
	if err != nil {
		t.Skip("no id command")
	}
	return strings.TrimSpace(string(out))
}
