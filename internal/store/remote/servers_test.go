package remote

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Real servers, where they are installed: see .ci/run.

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

// serve starts a server, and waits until it listens. It returns a function that kills it.
func serve(t *testing.T, address string, cmd *exec.Cmd) (kill func()) {
	t.Helper()
	// A file, not a pipe: a child of the server would keep a pipe open.
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	kill = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // so that nginx ends its children
		<-ended
		ended <- nil
	}
	t.Cleanup(kill)
	for {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
			return kill
		}
		select {
		case err := <-ended:
			ended <- nil
			text, _ := os.ReadFile(log.Name())
			t.Fatalf("the server ended: %v\n%s", err, text)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// versity starts an S3 server over a folder with the bucket "bucket".
func versity(t *testing.T) (address, dir string, kill func()) {
	path := program(t, "versitygw")
	dir = t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "bucket"), 0o777); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "tester")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "not a secret")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	host := freePort(t)
	cmd := exec.Command(path, "--port", host, "--access", "tester", "--secret", "not a secret", "posix", "--nometa", dir)
	kill = serve(t, host, cmd)
	return "s3://bucket/shared?endpoint=" + url.QueryEscape("http://"+host), filepath.Join(dir, "bucket", "shared"), kill
}

// filesPlace is a place whose blobs are files of a server.
func filesPlace(t *testing.T, address, dir string) place {
	return place{
		open: func(o Options) *Remote {
			o.Patience = time.Minute
			return opened(t, address, o)
		},
		change: func(kind string, change func([]byte) []byte) {
			_ = filepath.WalkDir(filepath.Join(dir, kind), func(path string, d os.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				text, err := os.ReadFile(path)
				if text = change(text); text == nil {
					return errors.Join(err, os.Remove(path))
				}
				return errors.Join(err, os.WriteFile(path, text, 0o666))
			})
		},
	}
}

func TestAServerOfS3(t *testing.T) {
	address, dir, kill := versity(t)
	testPromises(t, func(t *testing.T) place {
		name := url.PathEscape(strings.ReplaceAll(t.Name(), "/", "-"))
		return filesPlace(t, strings.Replace(address, "/shared", "/shared/"+name, 1), filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "-")))
	})
	r := opened(t, address, Options{})
	f := putText(t, r, "content")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "another one")
	_, err := getText(t, opened(t, address, Options{}), f)
	var refused *RefusedError
	if !errors.As(err, &refused) || !refused.IsDenied() || strings.Contains(err.Error(), "another one") {
		t.Errorf("with wrong credentials: %v", err)
	}
	kill()
	if _, err := getText(t, r, f); err == nil || IsAbsent(err) {
		t.Errorf("without a server: %v", err)
	}
}

// nginx starts an HTTP server that stores what it is sent in a folder, with an account that may only
// read.
func nginx(t *testing.T) (address, dir string) {
	path := program(t, "nginx")
	if out, err := exec.Command(path, "-V").CombinedOutput(); err != nil || !strings.Contains(string(out), "http_dav_module") {
		t.Skip("this nginx has no module for WebDAV")
	}
	dir = t.TempDir()
	root := filepath.Join(dir, "root")
	host := freePort(t)
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
	serve(t, host, exec.Command(path, "-c", file, "-p", dir))
	return "http://" + host, root
}

func userName(t *testing.T) string {
	out, err := exec.Command("id", "-un").Output()
	if err != nil {
		t.Skip("no id command")
	}
	return strings.TrimSpace(string(out))
}

func TestAnNginxWithWebDAV(t *testing.T) {
	address, dir := nginx(t)
	testPromises(t, func(t *testing.T) place {
		name := strings.ReplaceAll(t.Name(), "/", "-")
		return filesPlace(t, address+"/"+url.PathEscape(name), filepath.Join(dir, name))
	})
	f := putText(t, opened(t, address, Options{}), "content")
	only := opened(t, address+"/only", Options{})
	if text, err := getText(t, only, f); text != "content" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	_, err := only.PutRecord(t.Context(), recordOf("work", f))
	var refused *RefusedError
	if !errors.As(err, &refused) || !refused.IsDenied() || refused.Status != http.StatusMethodNotAllowed {
		t.Errorf("a server that only reads: %v", err)
	}
}
