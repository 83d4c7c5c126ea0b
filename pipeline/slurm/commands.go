package slurm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// Commands runs the commands of Slurm.
type Commands interface {
	// Run returns what a command prints. The error is a *CommandError if the command fails.
	Run(ctx context.Context, stdin, name string, args ...string) (stdout string, err error)
}

// A CommandError is the failure of a command.
type CommandError struct {
	Name   string
	Stderr string
	Err    error
}

func (e *CommandError) Error() string {
	text := strings.TrimSpace(e.Stderr)
	if text == "" {
		return fmt.Sprintf("%s: %v", e.Name, e.Err)
	}
	return fmt.Sprintf("%s: %s", e.Name, text)
}

func (e *CommandError) Unwrap() error { return e.Err }

// System runs the commands that are installed on this machine.
type System struct {
	Timeout time.Duration // of a command; without a controller, they block
}

// Run runs a command.
func (s System) Run(ctx context.Context, stdin, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = slices.DeleteFunc(os.Environ(), isOfAJob)
	cmd.WaitDelay = time.Second
	cmd.Stdin = strings.NewReader(stdin)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("no answer within %s", s.Timeout)
		}
		return out.String(), &CommandError{name, said.String(), err}
	}
	return out.String(), nil
}

// isOfAJob reports whether a variable may be that of a job in which foil runs. sbatch would take its
// sizes from there, and hand it on to the workers.
func isOfAJob(variable string) bool {
	name, _, _ := strings.Cut(variable, "=")
	return strings.HasPrefix(name, "SLURM_") && !slices.Contains([]string{"SLURM_CONF", "SLURM_CLUSTERS", "SLURM_JWT"}, name)
}

// isMissing reports whether a command is not installed.
func isMissing(err error) bool { return errors.Is(err, exec.ErrNotFound) }

// IsRefused reports whether an error is an answer of Slurm.
func IsRefused(err error) bool {
	var c *CommandError
	return errors.As(err, &c) && !isMissing(err) && !isUncertain(err)
}

// IsOverLimit reports whether Slurm has refused a job because of limits of the account or the QOS,
// such as on the number of jobs.
func IsOverLimit(err error) bool {
	return IsRefused(err) && strings.Contains(err.Error(), "violates accounting/QOS policy")
}

// isUncertain reports whether a failed submission may have arrived, or may succeed later: the
// controller did not answer. Other failures are answers of the controller.
func isUncertain(err error) bool {
	var c *CommandError
	if !errors.As(err, &c) || isMissing(err) {
		return false
	}
	text := strings.ToLower(c.Error())
	for _, part := range []string{
		"unable to contact", "timed out", "timeout", "no answer within", "connection refused", "connection reset",
		"communication", "zero bytes", "temporarily", "transport", "try again", "backup controller", "socket", "signal:",
	} {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}
