package slurm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
	"time"

	"foil/spec"
)

// A Cluster is Slurm as seen from a login node.
type Cluster struct {
	Commands Commands

	// Pause waits between two attempts to reach the controller. Nil: it waits for real.
	Pause func(ctx context.Context, d time.Duration) error

	// Waiting is called once when a command waits for a controller that does not answer. It may be
	// nil.
	Waiting func(err error)
}

// Sleep waits for a time, or for the end of ctx.
func (c *Cluster) Sleep(ctx context.Context, d time.Duration) error {
	if c.Pause != nil {
		return c.Pause(ctx, d)
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

// ErrNoSlurm means that the commands of Slurm are not installed.
var ErrNoSlurm = errors.New("there is no Slurm here: the command sbatch was not found; use a login node of the cluster")

// patience is how long a controller that does not answer is waited for: a restart takes about a
// minute.
const patience = 5 * time.Minute

// patiently repeats a command until the controller answers.
func (c *Cluster) patiently(ctx context.Context, command func() error) error {
	var waited time.Duration
	for delay := 5 * time.Second; ; delay = min(2*delay, 30*time.Second) {
		err := command()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case !isUncertain(err):
			return err
		case waited >= patience:
			return fmt.Errorf("%w (tried for %s; the same command looks for what has arrived, and continues)", err, waited)
		case waited == 0 && c.Waiting != nil:
			c.Waiting(err)
		}
		if err := c.Sleep(ctx, delay); err != nil {
			return err
		}
		waited += delay
	}
}

// Submit sends an array, unless it is there already: a submission whose answer was lost may have
// arrived. It returns the number of the job.
func (c *Cluster) Submit(ctx context.Context, a *Array, dir string) (job string, err error) {
	err = c.patiently(ctx, func() error {
		job, err = c.tryToSubmit(ctx, a, dir)
		return err
	})
	return job, err
}

// tryToSubmit sends an array once, if it is not there and the queue could be read.
func (c *Cluster) tryToSubmit(ctx context.Context, a *Array, dir string) (job string, err error) {
	if a.Sent {
		all, err := c.Queue(ctx, []string{a.Name}, "")
		if err != nil {
			return "", err
		}
		if len(all) > 0 { // also those that have ended
			return all[0].Job, nil
		}
	}
	a.Sent = true
	out, err := c.Commands.Run(ctx, a.Script, "sbatch", a.args(dir)...)
	if isMissing(err) {
		return "", ErrNoSlurm
	} else if err != nil {
		return "", err
	}
	return parseSubmitted(out)
}

// User is the name of this user.
func User() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}

// Queue lists the workers of jobs with the given names, also those that have ended, as long as the
// queue shows them. With a user, the controller sends only jobs of that user, who must be known here.
func (c *Cluster) Queue(ctx context.Context, names []string, user string) ([]Worker, error) {
	if len(names) == 0 {
		return nil, nil
	}
	args := []string{"--noheader", "--array", "--states=all", "--name=" + strings.Join(names, ","), "--format=" + queueFormat}
	if user != "" {
		args = append(args, "--user="+user)
	}
	out, err := c.Commands.Run(ctx, "", "squeue", args...)
	if isMissing(err) {
		return nil, ErrNoSlurm
	} else if err != nil {
		return nil, err
	}
	all, err := parseQueue(out)
	if err != nil {
		return nil, err
	}
	return all, nil
}

// QueueWhenUp is Queue that waits for a controller that does not answer.
func (c *Cluster) QueueWhenUp(ctx context.Context, names []string, user string) (list []Worker, err error) {
	err = c.patiently(ctx, func() error {
		list, err = c.Queue(ctx, names, user)
		return err
	})
	return list, err
}

// Requeue puts a running job back into the queue. Slurm then ends the processes of the job.
func (c *Cluster) Requeue(ctx context.Context, job string) error {
	_, err := c.Commands.Run(ctx, "", "scontrol", "requeue", job)
	return err
}

// Ended lists workers that have ended, from accounting. It is empty where there is none.
func (c *Cluster) Ended(ctx context.Context, names []string, since time.Time) []Worker {
	out, err := c.Commands.Run(ctx, "", "sacct", "--noheader", "--parsable2", "--allocations", "--name="+strings.Join(names, ","),
		"--starttime="+since.Add(-24*time.Hour).Format("2006-01-02"), "--format="+accountingFormat)
	if err != nil {
		return nil
	}
	return parseAccounting(out)
}

// CancelPending ends the workers of jobs with the given names that have not started.
func (c *Cluster) CancelPending(ctx context.Context, names []string) error {
	_, err := c.Commands.Run(ctx, "", "scancel", "--state=PENDING", "--name="+strings.Join(names, ","))
	return err
}

// Cancel ends the workers of jobs with the given names. scancel reports no error, so the caller looks
// at the queue.
func (c *Cluster) Cancel(ctx context.Context, names []string) error {
	if len(names) == 0 {
		return nil
	}
	_, err := c.Commands.Run(ctx, "", "scancel", "--name="+strings.Join(names, ","))
	if isMissing(err) {
		return ErrNoSlurm
	}
	return err
}

// defaultMaxArray is Slurm's default for the largest array.
const defaultMaxArray = 1001

// Config reads the configuration of the cluster. It waits for a controller that does not answer.
func (c *Cluster) Config(ctx context.Context) (Config, error) {
	var out string
	err := c.patiently(ctx, func() (err error) {
		out, err = c.Commands.Run(ctx, "", "scontrol", "show", "config")
		return err
	})
	switch {
	case isMissing(err):
		return Config{}, ErrNoSlurm
	case err != nil && (ctx.Err() != nil || isUncertain(err)):
		return Config{}, err
	case err != nil:
		out = ""
	}
	return parseConfig(out), nil
}

// MaxTimes returns a function for the longest time limit that the partition of settings permits, or 0
// if it is not known.
func (c *Cluster) MaxTimes(ctx context.Context) func(spec.Slurm) time.Duration {
	out, err := c.Commands.Run(ctx, "", "scontrol", "--oneliner", "show", "partition")
	return func(set spec.Slurm) time.Duration {
		if err != nil {
			return 0
		}
		return parseMaxTime(out, cmp.Or(set.Partition, os.Getenv("SBATCH_PARTITION")))
	}
}

// args are the arguments of sbatch. The script comes by standard input.
func (a *Array) args(dir string) []string {
	args := []string{
		"--parsable", "--job-name=" + a.Name, "--comment=foil " + a.Name,
		"--nodes=1", "--ntasks=1", "--cpus-per-task=" + strconv.Itoa(a.Cores),
		// foil is the batch shell, and gets the signal before the time is over.
		"--signal=B:USR1@" + strconv.Itoa(int(warning(a.Time).Seconds())),
		"--requeue", "--open-mode=append", "--export=ALL", "--chdir=" + a.Dir,
	}
	log := strings.ReplaceAll(dir, "%", "%%") + "/"
	if a.Workers > 1 {
		args = append(args, fmt.Sprintf("--array=0-%d", a.Workers-1), "--output="+log+"%A_%a.log")
	} else {
		args = append(args, "--output="+log+"%j.log")
	}
	if a.Memory > 0 {
		args = append(args, fmt.Sprintf("--mem=%dM", (a.Memory+1<<20-1)>>20))
	}
	if a.GPUs > 0 {
		args = append(args, "--gres=gpu:"+strconv.Itoa(a.GPUs))
	}
	if a.Time > 0 {
		args = append(args, "--time="+strconv.Itoa(int((a.Time+time.Minute-1)/time.Minute)))
	}
	for _, o := range []struct{ name, value string }{
		{"partition", a.Slurm.Partition}, {"account", a.Slurm.Account}, {"qos", a.Slurm.QOS}, {"constraint", a.Slurm.Constraint},
	} {
		if o.value != "" {
			args = append(args, "--"+o.name+"="+o.value)
		}
	}
	return append(args, a.Slurm.Extra...)
}

// The time between the signal and the time limit of a worker. Slurm may send the signal up to a minute
// earlier, and foil needs ten seconds. Under a short limit, little would be left to work.
const (
	longWarning  = time.Minute
	shortWarning = 15 * time.Second
)

// warning is the time between the signal and a time limit; 0: the limit of the cluster.
func warning(limit time.Duration) time.Duration {
	if limit == 0 {
		return longWarning
	}
	return min(max(limit/4, shortWarning), longWarning)
}
