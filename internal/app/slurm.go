package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/internal/words"
	"foil/pipeline/graph"
	"foil/pipeline/history"
	"foil/pipeline/plan"
	"foil/pipeline/run"
	"foil/pipeline/slurm"
	"foil/spec"
)

// Site reads the settings of the site: FOIL_SITE, or foil/site.yaml in the user's configuration
// folder, which may be missing.
func Site() (spec.Slurm, error) {
	path, named := os.Getenv("FOIL_SITE"), true
	if path == "" {
		dir, err := os.UserConfigDir()
		if err != nil {
			return spec.Slurm{}, nil // there is no home
		}
		path, named = filepath.Join(dir, "foil", "site.yaml"), false
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return spec.Slurm{}, nil
	} else if err != nil {
		return spec.Slurm{}, err
	}
	return spec.ParseSite(path, text)
}

// OnSlurm runs the cells of a View by workers on a Slurm cluster.
type OnSlurm struct {
	View    *View
	Cluster *slurm.Cluster
	Site    spec.Slurm
	Workers int // at most; 0: a default
	Command WorkerCommand
	Note    func(text string) // shows a message about the workers

	submission *slurm.Submission
	fresh      *plan.Plan // of this round
	past       slurm.Past
	counts     string // the last message about the queue
}

// A WorkerCommand is the command line of a worker of an array, in a group.
type WorkerCommand func(a *slurm.Array, group string) []string

// NewCluster is the cluster of this machine. Waiting may be nil: see slurm.Cluster.
func NewCluster(waiting func(error)) *slurm.Cluster {
	const answer = 30 * time.Second
	return &slurm.Cluster{Commands: slurm.System{Timeout: answer}, Waiting: waiting}
}

// alone runs f while no other process submits or cancels workers of the experiment, on any machine.
func (v *View) alone(ctx context.Context, f func() error) error {
	lease, err := store.Wait(ctx, v.Cache, digest.KeyOf("workers of "+v.Plan.Graph.Spec.Name))
	if err != nil {
		return err
	}
	defer lease.Release()
	return f()
}

// graphID stands for the cells of a graph and what they do.
func graphID(g *graph.Graph) string {
	var b strings.Builder
	for _, n := range g.Nodes {
		fmt.Fprintf(&b, "%q %s %d %d\n%s", n.ID, n.Kind.Name, n.Kind.Version, n.Seed, n.Params.Canonical)
	}
	return digest.Of([]byte(b.String())).String()
}

// Submissions lists the submissions for the experiment of a View that were not cancelled, oldest
// first. With whole, those for other --set and --only count, too.
func (v *View) Submissions(whole bool) (list []*slurm.Submission, err error) {
	all, err := slurm.List(v.Cache.Dir())
	id := graphID(v.Plan.Graph)
	for _, s := range all {
		if !s.Cancelled && s.Experiment == v.Plan.Graph.Spec.Name && (whole || s.Graph == id) {
			list = append(list, s)
		}
	}
	return list, err
}

// Start makes sure that there are workers for the missing cells: those of an earlier submission that
// are alive, or new ones. It returns false if no workers are needed.
func (o *OnSlurm) Start(ctx context.Context) (bool, error) {
	o.use(ctx, o.View)
	if len(slurm.Size(o.fresh, o.past, spec.Slurm{}, 1, 1, func(spec.Slurm) time.Duration { return 0 })) == 0 {
		return false, nil
	}
	return true, o.View.alone(ctx, func() error { return o.start(ctx) })
}

func (o *OnSlurm) start(ctx context.Context) error {
	earlier, err := o.View.Submissions(false)
	if err != nil {
		return err
	}
	all, err := o.Cluster.QueueWhenUp(ctx, names(earlier), userOf(earlier...))
	if err != nil {
		return err
	}
	for _, s := range slices.Backward(earlier) {
		if alive := ofUse(s, all); len(alive) > 0 {
			o.submission = s
			o.Note(fmt.Sprintf("slurm: %s of submission %s: %s", words.Count(len(alive), "worker"), s.ID, states(alive)))
			return s.Send(ctx, o.Cluster) // arrays that may not have arrived
		}
	}
	o.submission = slurm.New(o.View.Cache.Dir(), o.View.Plan.Graph.Spec.Name, graphID(o.View.Plan.Graph))
	return o.submit(ctx)
}

// again submits others in place of workers that have ended, unless another process has done it.
func (o *OnSlurm) again(ctx context.Context, why string) error {
	return o.View.alone(ctx, func() error {
		known := len(o.submission.Arrays)
		if err := o.submission.Refresh(); err != nil {
			return err
		}
		switch {
		case o.submission.Cancelled:
			return fmt.Errorf("the workers of submission %s were ended by foil cancel; run the command again to continue", o.submission.ID)
		case len(o.submission.Arrays) > known:
			return nil
		}
		o.Note(why)
		return o.submit(ctx)
	})
}

// use sizes new workers for the plan of a View.
func (o *OnSlurm) use(ctx context.Context, v *View) {
	o.fresh, o.past = v.Plan, nil
	if costs, ok := v.costs(ctx).(*history.Costs); ok {
		o.past = costs
	}
}

// submit adds arrays to the submission for the cells that are missing in the fresh plan, and sends them.
func (o *OnSlurm) submit(ctx context.Context) error {
	here, err := o.Cluster.Config(ctx)
	if err != nil {
		return err
	}
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	set := o.View.Plan.Graph.Spec.Slurm.Over(o.Site)
	arrays := slurm.Size(o.fresh, o.past, set, o.Workers, here.MaxArray, o.Cluster.MaxTimes(ctx))
	for _, a := range arrays {
		a.Dir, a.User, a.Cluster = dir, slurm.User(), here.Name
		a.Script = slurm.Script(o.Command(a, o.submission.ID))
		o.submission.Add(a)
	}
	if err := o.submission.Send(ctx, o.Cluster); err != nil {
		return err
	}
	for _, a := range arrays {
		o.Note(fmt.Sprintf("slurm: job %s: %s with %s", a.Job, words.Count(a.Workers, "worker"), sizeText(a)))
	}
	return nil
}

func sizeText(a *slurm.Array) string {
	parts := []string{words.Count(a.Cores, "core")}
	if a.Memory > 0 {
		parts = append(parts, spec.FormatSize(a.Memory))
	}
	if a.GPUs > 0 {
		parts = append(parts, words.Count(a.GPUs, "GPU"))
	}
	if a.Time > 0 {
		parts = append(parts, strings.TrimSuffix(a.Time.Round(time.Minute).String(), "0s"))
	}
	return strings.Join(parts, ", ")
}

// names are the names of the arrays of submissions.
func names(all []*slurm.Submission) (list []string) {
	for _, s := range all {
		list = append(list, s.Names()...)
	}
	return list
}

// aliveOf lists the workers of a submission that wait or run.
func aliveOf(s *slurm.Submission, all []slurm.Worker) (list []slurm.Worker) {
	names := s.Names()
	for _, w := range all {
		if w.IsAlive() && slices.Contains(names, w.Name) {
			list = append(list, w)
		}
	}
	return list
}

// ofUse lists the workers of a submission that may make cells: see slurm.Worker.IsOfUse.
func ofUse(s *slurm.Submission, all []slurm.Worker) []slurm.Worker {
	now := time.Now()
	return slices.DeleteFunc(aliveOf(s, all), func(w slurm.Worker) bool { return !w.IsOfUse(now) })
}

// userOf is the user who has submitted all workers of submissions, if that is this user, or "".
func userOf(all ...*slurm.Submission) string {
	me := slurm.User()
	for _, s := range all {
		if slices.ContainsFunc(s.Arrays, func(a *slurm.Array) bool { return a.User != me }) {
			return ""
		}
	}
	return me
}

// states counts workers by state.
func states(all []slurm.Worker) string {
	count := map[string]int{}
	for _, w := range all {
		count[w.Text()]++
	}
	var parts []string
	for state, n := range count {
		parts = append(parts, strconv.Itoa(n)+" "+state)
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// Run waits until the workers have made all cells, and shows what they do. Reports are made here.
// When all workers have ended and cells are missing, it submits others; after some rounds without
// any progress it gives up.
func (o *OnSlurm) Run(ctx context.Context, r Running) (*run.Result, error) {
	v, group := o.View, o.submission.ID
	v.Cache.SetGroup(group)
	defer v.share(ctx, r.OnNote)
	opts := v.options(r)
	opts.Worker = v.worker(ctx, group)
	opts.Worker.Wait = true
	opts.Worker.Leave = func(n *graph.Node) bool { return !n.Kind.Light }
	watched, cancel := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := o.watch(watched); err != nil && watched.Err() == nil {
			cancel(err)
		}
	}()
	result, err := run.Run(watched, v.Plan, opts)
	cancel(nil)
	<-ended
	if err == nil {
		// Workers that would start now would find nothing to do. If that fails, they end by themselves.
		_ = o.Cluster.CancelPending(context.WithoutCancel(ctx), o.submission.Names())
	}
	return result, err
}

const (
	watchEvery  = 2 * time.Second
	watchRarest = 30 * time.Second
	manyRounds  = 4 // without progress; a cell that is the reason fails one round earlier
	silence     = time.Minute
	limitsEvery = 5 * time.Minute // between submissions that a limit does not permit
)

// watch looks after the workers until ctx is done. It returns an error if it gives up.
func (o *OnSlurm) watch(ctx context.Context) error {
	var silent time.Duration
	rounds, empty := 0, 0
	before := ""
	for delay := watchEvery; ; delay = min(delay+delay/4, watchRarest) {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(delay):
		}
		all, err := o.Cluster.Queue(ctx, o.submission.Names(), userOf(o.submission))
		alive := ofUse(o.submission, all)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			if silent += delay; silent >= silence {
				o.Note(fmt.Sprintf("slurm: %v; the workers may be running, so this goes on", err))
				silent = 0
			}
			continue
		case len(alive) > 0:
			silent, empty = 0, 0
			if text := states(alive); text != o.counts {
				o.counts, delay = text, watchEvery
				o.Note("slurm: workers: " + text)
			}
			continue
		}
		// An empty queue means little: what was just submitted may not show, and what has just ended
		// may have made the last cells.
		if empty++; empty < 2 {
			delay = watchEvery
			continue
		}
		empty, delay, o.counts = 0, watchEvery, ""
		now, missing, err := o.progress(ctx)
		if err != nil || missing == 0 {
			continue
		}
		if now == before {
			rounds++
		} else {
			rounds = 0
		}
		before = now
		how := o.how(ctx)
		if rounds >= manyRounds {
			return fmt.Errorf("the workers ended %d times without making a cell or a checkpoint%s%s", rounds, how, o.lastLog())
		}
		if left := aliveOf(o.submission, all); len(left) > 0 { // held, or completing for a long time
			how = " or cannot go on (" + states(left) + ")"
		}
		why := fmt.Sprintf("slurm: all workers have ended%s; %s missing, so others continue", how, areMissing(missing))
		wait, err := o.replace(ctx, why)
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// replace is again, but limits on jobs are temporary. It returns how long to wait before the next look.
func (o *OnSlurm) replace(ctx context.Context, why string) (time.Duration, error) {
	err := o.again(ctx, why)
	if slurm.IsOverLimit(err) {
		o.Note(fmt.Sprintf("slurm: %v; this command tries it again in %s", err, limitsEvery))
		return limitsEvery, nil
	}
	return 0, err
}

func areMissing(n int) string {
	if n == 1 {
		return "1 cell is"
	}
	return words.Count(n, "cell") + " are"
}

// how says how the workers of the last round have ended, as far as the queue or accounting knows.
func (o *OnSlurm) how(ctx context.Context) string {
	last := o.submission.Arrays[len(o.submission.Arrays)-1].Name
	all, err := o.Cluster.Queue(ctx, []string{last}, "")
	if err != nil || len(all) == 0 {
		all = o.Cluster.Ended(ctx, []string{last}, o.submission.Since)
	}
	if len(all) == 0 {
		return ""
	}
	return " (" + states(all) + ")"
}

// lastLog is the end of the log that a worker wrote last, with its path.
func (o *OnSlurm) lastLog() string {
	files, _ := filepath.Glob(filepath.Join(o.submission.Logs(), "*.log"))
	path, when := "", time.Time{}
	for _, file := range files {
		if info, err := os.Stat(file); err == nil && info.Size() > 0 && info.ModTime().After(when) {
			path, when = file, info.ModTime()
		}
	}
	if path == "" {
		return "; they wrote nothing to their logs in " + o.submission.Logs()
	}
	const most, lines = 4096, 5
	f, err := os.Open(path)
	if err != nil {
		return "; the last log is " + path
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > most {
		_, _ = f.Seek(-most, io.SeekEnd)
	}
	text, _ := io.ReadAll(f)
	all := strings.Split(strings.TrimSpace(string(text)), "\n")
	return "; the last log, " + path + ", ends with\n  " + strings.Join(all[max(0, len(all)-lines):], "\n  ")
}

// progress plans the cells anew, for the size of other workers. It returns a text that changes with
// every cell and every checkpoint.
func (o *OnSlurm) progress(ctx context.Context) (text string, missing int, err error) {
	v := *o.View
	if v.Plan, err = plan.New(ctx, v.Plan.Graph, v.Plan.Options); err != nil {
		return "", 0, err
	}
	begun, err := v.Begun()
	if err != nil {
		return "", 0, err
	}
	failures, err := v.Cache.AllFailures()
	if err != nil {
		return "", 0, err
	}
	var saved time.Time
	for c, state := range begun {
		if state.Saved.After(saved) {
			saved = state.Saved
		}
		if f := failures[c.Key]; f != nil && f.Owner.Group == o.submission.ID {
			missing--
		}
	}
	missing += len(v.Plan.Cells) - v.Plan.Hits
	o.use(ctx, &v)
	return fmt.Sprint(v.Plan.Hits, " ", saved.UnixNano()), missing, nil
}

// Cancel ends the workers of all submissions for an experiment. It returns how many were alive.
func Cancel(ctx context.Context, v *View, c *slurm.Cluster) (submissions, workers int, err error) {
	if list, err := v.Submissions(true); len(list) == 0 {
		return 0, 0, err
	}
	err = v.alone(ctx, func() error {
		all, listErr := v.Submissions(true)
		here, err := c.Config(ctx)
		if err != nil {
			return errors.Join(listErr, err)
		}
		before, err := c.QueueWhenUp(ctx, names(all), userOf(all...))
		if err == nil {
			err = c.Cancel(ctx, names(all)) // also what has not shown up yet
		}
		if err != nil {
			return errors.Join(listErr, err)
		}
		errs := []error{listErr}
		for _, s := range all {
			if alive := aliveOf(s, before); len(alive) > 0 {
				if err := awaitEnd(ctx, c, s); err != nil {
					errs = append(errs, fmt.Errorf("submission %s: %w", s.ID, err))
					continue
				}
				submissions++
				workers += len(alive)
			}
			if a := s.Hidden(slurm.User(), here); a != nil {
				errs = append(errs, fmt.Errorf("submission %s was submitted by %s on the cluster %s, and its workers are not shown here: cancel it there",
					s.ID, a.User, a.Cluster))
				continue
			}
			s.Cancelled = true
			errs = append(errs, s.Save())
		}
		return errors.Join(errs...)
	})
	return submissions, workers, err
}

// awaitEnd looks whether scancel had an effect on the workers of a submission: it reports no error
// for jobs of another user, and may miss a job that is being started. Jobs that it ends are completing
// at once, so a second call is no second signal.
func awaitEnd(ctx context.Context, c *slurm.Cluster, s *slurm.Submission) error {
	const looks, pause = 10, time.Second
	for look := 1; ; look++ {
		all, err := c.Queue(ctx, s.Names(), userOf(s))
		if err != nil {
			return err
		}
		left := slices.DeleteFunc(aliveOf(s, all), func(w slurm.Worker) bool { return w.State == slurm.Completing })
		switch {
		case len(left) == 0:
			return nil
		case look == looks:
			return fmt.Errorf("scancel did not end %s: %s; only the user who submitted them can do that (from %s)",
				words.Count(len(left), "worker"), states(left), s.Host)
		}
		if err := c.Sleep(ctx, pause); err != nil {
			return err
		}
		if look > 1 {
			if err := c.Cancel(ctx, s.Names()); err != nil {
				return err
			}
		}
	}
}

// Requeue puts the job of a worker of a group back into the queue, unless its submission was
// cancelled in the meantime.
func (v *View) Requeue(ctx context.Context, c *slurm.Cluster, group, job string) error {
	all, _ := slurm.List(v.Cache.Dir()) // a group need not be a submission
	for _, s := range all {
		if s.ID == group && s.Cancelled {
			return fmt.Errorf("submission %s was cancelled", s.ID)
		}
	}
	return c.Requeue(ctx, job)
}

// A SlurmStatus is a submission whose workers are alive, or the last one if nothing can be known here.
type SlurmStatus struct {
	Submission *slurm.Submission
	Workers    string // by state; empty: not known
	Err        error  // why not
}

// SlurmStatus lists the submissions for the experiment of a View.
func (v *View) SlurmStatus(ctx context.Context, c *slurm.Cluster) (list []SlurmStatus, err error) {
	if v.Plan.Hits == len(v.Plan.Cells) {
		return nil, nil
	}
	all, err := v.Submissions(true)
	queue, queueErr := c.Queue(ctx, names(all), userOf(all...))
	if queueErr != nil {
		return []SlurmStatus{{Submission: all[len(all)-1], Err: queueErr}}, err
	}
	for _, s := range all {
		if alive := aliveOf(s, queue); len(alive) > 0 {
			list = append(list, SlurmStatus{s, states(alive), nil})
		}
	}
	return list, err
}
