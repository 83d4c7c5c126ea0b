package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Workers of a cluster use the same remote, and no password gets into a job script.
func TestWorkersGetTheRemote(t *testing.T) {
	keys, err := filepath.Abs("keys")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		flags remoteFlags
		want  []string
	}{
		{remoteFlags{}, nil},
		{remoteFlags{url: "s3://group/foil", readOnly: true}, []string{"--remote=s3://group/foil", "--remote-read-only"}},
		{remoteFlags{url: "https://cache.example.org", trust: []string{"keys"}, sign: keys},
			[]string{"--remote=https://cache.example.org", "--trust=" + keys, "--sign=" + keys}},
	} {
		got, err := c.flags.args()
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%+v: %q, %v; want %q", c.flags, got, err, c.want)
		}
	}
	secret := remoteFlags{url: "https://me:secret@cache.example.org"}
	if got, err := secret.args(); err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "FOIL_REMOTE") {
		t.Errorf("a password: %q, %v; want an error that names FOIL_REMOTE and hides the password", got, err)
	}
}
