package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/crypto/ssh"
)

// bazelCache starts an HTTP cache in the dialect of Bazel, in memory, and sets a variable to its
// address, with a password that it asks for. It logs requests to a file, if one is named.
func bazelCache(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: bazelcache VARIABLE LOG")
	}
	log, err := os.Create(ts.MkAbs(args[1]))
	ts.Check(err)
	var mu sync.Mutex
	blobs := map[string][]byte{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != "hunter2" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		text, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		io.WriteString(log, r.Method+" "+r.URL.Path+"\n")
		there, ok := blobs[r.URL.Path]
		switch {
		case r.Method == http.MethodPut:
			blobs[r.URL.Path] = text
		case !ok:
			http.NotFound(w, r)
		default:
			w.Write(there)
		}
	}))
	ts.Defer(func() {
		s.Close()
		log.Close()
	})
	ts.Setenv(args[0], strings.Replace(s.URL, "://", "://user:hunter2@", 1))
}

// sshKey makes a key pair like ssh-keygen: FILE and FILE.pub.
func sshKey(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: sshkey FILE")
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	ts.Check(err)
	block, err := ssh.MarshalPrivateKey(private, "")
	ts.Check(err)
	line, err := ssh.NewPublicKey(public)
	ts.Check(err)
	path := ts.MkAbs(args[0])
	ts.Check(os.WriteFile(path, pem.EncodeToMemory(block), 0o600))
	ts.Check(os.WriteFile(path+".pub", ssh.MarshalAuthorizedKey(line), 0o666))
}
