package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"foil/internal/app"
	"foil/internal/store/remote"
	"foil/internal/words"
	"foil/pipeline"
	"foil/spec"
)

// remoteFlags name a remote.
type remoteFlags struct {
	url      string
	readOnly bool
	trust    []string
	sign     string
}

func (f *remoteFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.url, "remote", "", "`URL` of results that several machines share: "+remote.Schemes+" (default $FOIL_REMOTE)")
	cmd.Flags().StringArrayVar(&f.trust, "trust", nil, "use only results of the remote that a key in `FILE` has signed (repeatable; default $FOIL_TRUST)")
}

func (f *remoteFlags) registerSign(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.sign, "sign", "", "sign results that are sent with the private key in `FILE`, of ssh or minisign (default $FOIL_SIGN_KEY)")
}

func (f *remoteFlags) registerReadOnly(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.readOnly, "remote-read-only", false, "use results of the remote, and send none")
}

// setup applies the defaults. offline forbids what needs a network.
func (f *remoteFlags) setup(offline bool) (app.Remote, error) {
	r := app.Remote{URL: f.url, ReadOnly: f.readOnly, Trust: f.trust, Sign: f.sign}
	if r.URL == "" {
		r.URL = os.Getenv("FOIL_REMOTE")
	}
	if r.Trust == nil && os.Getenv("FOIL_TRUST") != "" {
		r.Trust = []string{os.Getenv("FOIL_TRUST")}
	}
	if r.Sign == "" {
		r.Sign = os.Getenv("FOIL_SIGN_KEY")
	}
	if r.URL == "" {
		if len(f.trust) > 0 || f.sign != "" || f.readOnly {
			return r, usageError{fmt.Errorf("--trust, --sign and --remote-read-only go with --remote URL, or FOIL_REMOTE")}
		}
		return app.Remote{}, nil
	}
	if offline && !strings.HasPrefix(r.URL, "file:") {
		if f.url != "" {
			return r, usageError{fmt.Errorf("--offline forbids the network, which --remote %s needs", remote.Redacted(f.url))}
		}
		return app.Remote{}, nil
	}
	if _, err := r.Open(nil); err != nil {
		return r, usageError{err}
	}
	return r, nil
}

// args are the flags for a worker of a cluster. Its environment is that of the submission, so
// FOIL_REMOTE and the like need no flags.
func (f *remoteFlags) args() (args []string, err error) {
	if f.url != "" {
		if remote.Redacted(f.url) != f.url {
			return nil, usageError{fmt.Errorf("--remote %s has a password or parameters, which job scripts would show; set FOIL_REMOTE instead", remote.Redacted(f.url))}
		}
		args = append(args, "--remote="+f.url)
	}
	if f.readOnly {
		args = append(args, "--remote-read-only")
	}
	for _, file := range f.trust {
		if file, err = filepath.Abs(file); err != nil {
			return nil, err
		}
		args = append(args, "--trust="+file)
	}
	if f.sign != "" {
		file, err := filepath.Abs(f.sign)
		if err != nil {
			return nil, err
		}
		args = append(args, "--sign="+file)
	}
	return args, nil
}

// withoutSecrets is a command line as it may be kept.
func withoutSecrets(args []string) []string {
	shown := append([]string(nil), args...)
	for i, arg := range shown {
		if url, ok := strings.CutPrefix(arg, "--remote="); ok {
			shown[i] = "--remote=" + remote.Redacted(url)
		}
		if i > 0 && shown[i-1] == "--remote" {
			shown[i] = remote.Redacted(arg)
		}
	}
	return shown
}

// transferFlags are those of push and pull.
type transferFlags struct {
	experimentFlags
	cacheFlags
	remoteFlags
}

func (f *transferFlags) register(cmd *cobra.Command) {
	f.experimentFlags.register(cmd)
	f.registerOnly(cmd)
	f.cacheFlags.register(cmd)
	f.remoteFlags.register(cmd)
}

func (f *transferFlags) setup(cmd *cobra.Command) (app.Setup, error) {
	s, err := f.cacheFlags.setup()
	if err != nil {
		return s, err
	}
	if s.Remote, err = f.remoteFlags.setup(false); err == nil && s.Remote.URL == "" {
		err = usageError{fmt.Errorf("%s needs --remote URL, or FOIL_REMOTE: %s", cmd.Name(), remote.Schemes)}
	}
	return s, err
}

func newPush() *cobra.Command {
	var f transferFlags
	cmd := &cobra.Command{
		Use:   "push EXPERIMENT",
		Short: "Send the cached results of an experiment to a remote",
		Long: `push sends what foil run has made, with all files and logs, to a remote that other
machines use. It skips what is there, and sends again what the remote has lost. A
run with --remote sends its own results, so push is for those that were made
before, or while the remote was not there.

If the remote has other output for a cell, it keeps that, and push reports both;
foil status shows them until they agree.

Exit status: 0 no problem, 1 something could not be sent, also because of the
signatures of others, or a cell has other output there although nothing explains
that.`,
		Example: `  foil push advx-ml-1m --remote s3://my-group/foil
  FOIL_REMOTE=https://cache.example.org foil push mine.yaml`,
		Args: oneExperiment,
		RunE: func(cmd *cobra.Command, args []string) error {
			setup, err := f.setup(cmd)
			if err != nil {
				return err
			}
			progress, done := countBar(cmd.ErrOrStderr(), "sending")
			t, err := setup.Push(cmd.Context(), f.experiment(args[0]), progress)
			done()
			if t == nil || err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			unexplained := 0
			for _, c := range t.Conflicts {
				if !app.WhyDifferent(c.Ours, c.Theirs, "", "").Allowed {
					unexplained++
				}
				fmt.Fprintf(out, "conflict   %s (%s, key %s) %s\n", c.Ours.Cell, c.Ours.Kind, c.Ours.Key.Short(), app.ConflictText(c.Ours, c.Theirs))
			}
			writeTransfer(out, remote.Redacted(setup.Remote.URL), "sent", "not cached here", t)
			if unexplained > 0 || t.Others > 0 {
				return errReported
			}
			return nil
		},
	}
	f.register(cmd)
	f.registerSign(cmd)
	return cmd
}

func newPull() *cobra.Command {
	var f transferFlags
	cmd := &cobra.Command{
		Use:   "pull EXPERIMENT",
		Short: "Get the results of an experiment from a remote",
		Long: `pull gets the results of all cells of an experiment that a remote has, with all
files and logs, so that foil works on without the remote. foil run --remote gets
only what it needs: for a table whose cells are all there, the table alone.

Exit status: 0 no problem, 1 the remote cannot be used, or has lost files of a
result; foil run makes these again.`,
		Example: `  foil pull advx-ml-1m --remote s3://my-group/foil
  foil pull advx-ml-1m --only 'model[fold=0]' --remote file:///mnt/group/foil`,
		Args: oneExperiment,
		RunE: func(cmd *cobra.Command, args []string) error {
			setup, err := f.setup(cmd)
			if err != nil {
				return err
			}
			setup.Remote.OnNote = func(string) {} // the same is an error here, or told at the end
			progress, done := countBar(cmd.ErrOrStderr(), "receiving")
			t, err := setup.Pull(cmd.Context(), f.experiment(args[0]), progress)
			done()
			if t == nil || err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			for _, text := range t.Lost {
				fmt.Fprintf(out, "lost       %s; foil run makes it again\n", text)
			}
			writeTransfer(out, remote.Redacted(setup.Remote.URL), "received", "not there", t)
			if t.Lost != nil {
				return errReported
			}
			return nil
		},
	}
	f.register(cmd)
	return cmd
}

func writeTransfer(out io.Writer, url, done, missing string, t *app.Transferred) {
	line := fmt.Sprintf("%s: %s: %s %s with %s (%s), %d already there", url, words.Count(t.Cells, "cell"),
		words.Count(t.Results, "result"), done, words.Count(t.Objects, "file"), spec.FormatSize(t.Bytes), t.Known)
	if t.Missing > 0 {
		line += fmt.Sprintf(", %s %s", words.Count(t.Missing, "cell"), missing)
	}
	if t.Others > 0 {
		line += ", " + app.OthersText(t.Others)
	}
	fmt.Fprintf(out, "%s; %s in %s\n", line, words.Count(int(t.Requests), "request"), duration(t.Took))
}

// countBar shows on a terminal how many results are done.
func countBar(out io.Writer, what string) (progress func(done, all int), done func()) {
	f, ok := terminal(out)
	if !ok {
		return nil, func() {}
	}
	bar := &bar{name: what, begun: time.Now()}
	progress = func(done, all int) {
		now := time.Now()
		bar.report(pipeline.Progress{Done: int64(done), Total: int64(all), Unit: "results"}, now)
		width, _ := sizeOf(f)
		fmt.Fprint(f, "\r\x1b[K"+barLines([]cellText{bar.text(now)}, width)[0])
	}
	return progress, func() { fmt.Fprint(f, "\r\x1b[K") }
}
