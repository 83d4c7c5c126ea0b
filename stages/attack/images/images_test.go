package images

import (
	"context"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/internal/artifact/attacks"
	"foil/internal/kindtest"
	"foil/pipeline"
	"foil/spec"
	"foil/stages/load"
	"foil/stages/train/classifier"
)

// shared is the folder of what several tests train.
var shared string

func TestMain(m *testing.M) {
	var err error
	if shared, err = os.MkdirTemp("", "foil-attacked-"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(shared)
	os.Exit(code)
}

// textures are 8 test images of each of some classes.
func textures(t testing.TB, size, classes int) pipeline.Artifact {
	t.Helper()
	p := load.SyntheticImages().Params().(*load.SyntheticImagesParams)
	p.Classes, p.Size, p.PerClassTrain, p.PerClassTest = classes, size, 32, 8
	return kindtest.MustRun(t, load.SyntheticImages(), p, &pipeline.Cell{Seed: 1})
}

// trained is a classifier of textures that has learned to tell most of them.
func trained(t testing.TB, data pipeline.Artifact, method string) pipeline.Artifact {
	t.Helper()
	return trainedFor(t, data, method, 8)
}

func trainedFor(t testing.TB, data pipeline.Artifact, method string, epochs int) pipeline.Artifact {
	t.Helper()
	dir := filepath.Join(shared, fmt.Sprintf("%s-%d-%s", method, epochs, data.Digest()))
	if _, err := os.Stat(dir); err == nil {
		a, err := pipeline.DirArtifact(dir)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	kind := classifier.Kind()
	with, err := spec.ParseValue("test", fmt.Sprintf("{method: %s, epochs: %d, network: {name: resnet-9, width: 8}, l2l: {attacker: {name: slim, width: 4}}, "+
		"batch: 8, rate: 0.01, schedule: {epochs: [6]}, crop: 0, flip: false, select: {steps: 1, from: test}}", method, epochs))
	if err != nil {
		t.Fatal(err)
	}
	p, err := kind.Decode(with)
	if err != nil {
		t.Fatal(err)
	}
	return kindtest.MustRun(t, kind, p.Values, &pipeline.Cell{Seed: 7, OutDir: dir, Inputs: map[string]pipeline.Artifact{"data": data}})
}

func kinds() []pipeline.Kind {
	return []pipeline.Kind{FGSM(), PGD(), Transfer(), CW(), Learned(), APGD(), FAB(), Square(), Auto()}
}

// attack runs a kind with its defaults as edit leaves them, if that is not nil.
func attack(t testing.TB, kind pipeline.Kind, inputs map[string]pipeline.Artifact, cell pipeline.Cell, edit func(params any)) pipeline.Artifact {
	t.Helper()
	params := kind.Params()
	cell.Inputs = map[string]pipeline.Artifact{}
	if cell.Seed == 0 {
		cell.Seed = 3
	}
	switch p := params.(type) {
	case *CWParams:
		p.Images = 3
	case *SquareParams:
		p.Queries = 300
	case *AutoParams:
		p.Attacks = []string{"apgd-ce", "fab-t"} // apgd-t needs four classes
	}
	if edit != nil {
		edit(params)
	}
	for _, port := range kind.Inputs {
		cell.Inputs[port.Name] = inputs[port.Name]
	}
	return kindtest.MustRun(t, kind, params, &cell)
}

func outcomes(t testing.TB, a pipeline.Artifact) []attacks.Outcome {
	t.Helper()
	_, out, err := attacks.Read(a)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func metrics(t testing.TB, a pipeline.Artifact) map[string]float64 {
	t.Helper()
	out := map[string]float64{}
	for _, m := range kindtest.Metrics(t, a) {
		name := m.Name
		if m.Group != "" {
			name += "/" + m.Group
		}
		out[name] = m.Value
	}
	return out
}

func TestAttacksDoHarmWithinEpsilon(t *testing.T) {
	data := textures(t, 16, 3)
	model := trained(t, data, "l2l-grad")
	inputs := map[string]pipeline.Artifact{"model": model, "data": data, "source": trained(t, data, "plain"), "attacker": model}
	for _, kind := range kinds() {
		a := attack(t, kind, inputs, pipeline.Cell{Cores: 1}, nil)
		if a.Digest() != attack(t, kind, inputs, pipeline.Cell{Cores: 2}, nil).Digest() {
			t.Errorf("%s: two threads give other bytes", kind.Name)
		}
		changed := 0.0
		for _, o := range outcomes(t, a) {
			changed = max(changed, o.Change)
		}
		if changed == 0 || changed > 0.031+ulp {
			t.Errorf("%s: the largest change is %g", kind.Name, changed)
		}
		m := metrics(t, a)
		// Images that are carried over may change no more labels to wrong ones than to right ones.
		harm := m["accuracy"] < m["accuracy_clean"] || kind.Name == "attack/transfer" && m["success"] > 0
		if !harm || m["loss"] <= m["loss_clean"] || m["success"] < 1-m["accuracy"]/m["accuracy_clean"] {
			t.Errorf("%s does no harm: %v", kind.Name, m)
		}
		if on, _, _ := attacks.Read(a); on != (attacks.Attack{Epsilon: 0.031, Model: inputs["model"].Digest(), Data: data.Digest()}) {
			t.Errorf("%s says that it was on %+v", kind.Name, on)
		}
	}
}

// golden is what the attacks find on weights that nobody has trained: a training
// differs in its last bits between processors, and after some epochs in more. When it
// changes, raise the Version of that attack.
var golden = map[string]map[string]float64{
	"attack/fgsm":     {"accuracy": 0, "accuracy_clean": 0.5, "success": 1, "loss": 1.46088, "loss_clean": 1.05762, "change": 0.031, "images": 24},
	"attack/pgd":      {"accuracy": 0, "accuracy_clean": 0.5, "success": 1, "loss": 1.65513, "loss_clean": 1.05762, "change": 0.031, "images": 24},
	"attack/transfer": {"accuracy": 0.5, "accuracy_clean": 0.5, "success": 0, "loss": 1.0675, "loss_clean": 1.05762, "change": 0.031, "images": 24},
	"attack/cw-linf":  {"accuracy": 0, "accuracy_clean": 0.333333, "success": 1, "loss": 1.09197, "loss_clean": 1.08238, "change": 0.000822107, "images": 3},
	"attack/apgd":     {"accuracy": 0, "accuracy_clean": 0.5, "success": 1, "loss": 1.40115, "loss_clean": 1.05762, "change": 0.0155, "images": 24},
	"attack/fab":      {"accuracy": 0, "accuracy_clean": 0.5, "success": 1, "loss": 1.09397, "loss_clean": 1.05762, "change": 0.00217129, "images": 24},
	"attack/square":   {"accuracy": 0.0833333, "accuracy_clean": 0.5, "success": 0.833333, "loss": 1.08169, "loss_clean": 1.05762, "change": 0.0129167, "images": 24},
	"attack/auto": {"accuracy": 0, "accuracy_clean": 0.5, "success": 1, "loss": 1.40115, "loss_clean": 1.05762, "change": 0.0155, "images": 24,
		"accuracy/apgd-ce": 0, "success/apgd-ce": 1, "accuracy/fab-t": 0, "success/fab-t": 1},
	"attack/learned": {"accuracy": 0.5, "accuracy_clean": 0.5, "success": 0, "loss": 1.06843, "loss_clean": 1.05762, "change": 0.0251654, "images": 24},
}

func TestTinyAttacksArePinned(t *testing.T) {
	data := textures(t, 16, 3)
	model := untrained(t, data, 1, "grad")
	inputs := map[string]pipeline.Artifact{"model": model, "data": data, "source": untrained(t, data, 2, ""), "attacker": model}
	for _, kind := range kinds() {
		got := metrics(t, attack(t, kind, inputs, pipeline.Cell{}, nil))
		for _, name := range slices.Sorted(maps.Keys(got)) {
			want, ok := golden[kind.Name][name]
			if !ok || math.Abs(got[name]-want) > 1e-3*math.Abs(want) {
				t.Errorf("%s: %q: %.6g, want %.6g; has Version been raised?", kind.Name, name, got[name], want)
			}
		}
		if len(got) != len(golden[kind.Name]) {
			t.Errorf("%s: %d metrics, want %d", kind.Name, len(got), len(golden[kind.Name]))
		}
	}
}

func commonOf(params any) *Common {
	switch p := params.(type) {
	case *FGSMParams:
		return &p.Common
	case *PGDParams:
		return &p.Common
	case *TransferParams:
		return &p.Common
	case *CWParams:
		return &p.Common
	case *APGDParams:
		return &p.Common
	case *FABParams:
		return &p.Common
	case *SquareParams:
		return &p.Common
	case *AutoParams:
		return &p.Common
	default:
		return &p.(*LearnedParams).Common
	}
}

func TestEveryAttackerThatIsLeftCanBeUsed(t *testing.T) {
	data := textures(t, 16, 3)
	for _, method := range []string{"l2l-naive", "l2l-2step", "l2l-kstep", "l2l-grad-interpolation", "l2l-2step-interpolation"} {
		model := trainedFor(t, data, method, 1)
		inputs := map[string]pipeline.Artifact{"model": model, "data": data, "attacker": model}
		a := attack(t, Learned(), inputs, pipeline.Cell{Seed: 3}, nil)
		if metrics(t, a)["change"] == 0 {
			t.Errorf("%s: the attacker changes nothing", method)
		}
		other := attack(t, Learned(), inputs, pipeline.Cell{Seed: 4}, nil)
		if drawn := a.Digest() != other.Digest(); drawn != strings.HasSuffix(method, "-interpolation") {
			t.Errorf("%s: seeds matter: %v; only attackers that interpolate start at random", method, drawn)
		}
	}
}

// TestResultsAfterFewerStepsAreThoseOfAShorterAttack holds one attack that is looked at on
// its way against attacks that end there, with the worst of two starts.
func TestResultsAfterFewerStepsAreThoseOfAShorterAttack(t *testing.T) {
	data := textures(t, 16, 3)
	inputs := map[string]pipeline.Artifact{"model": trained(t, data, "plain"), "data": data}
	after := func(steps int, before ...int) (pipeline.Artifact, []artifact.Metric) {
		a := attack(t, PGD(), inputs, pipeline.Cell{}, func(params any) {
			p := params.(*PGDParams)
			p.Steps, p.Before, p.Restarts, p.Step = steps, before, 2, 0.002
		})
		return a, kindtest.Metrics(t, a)
	}
	long, got := after(6, 1, 3)
	for _, steps := range []int{1, 3, 6} {
		short, want := after(steps)
		for _, m := range want {
			if !slices.Contains(got, m) {
				t.Errorf("%d steps give %+v, and six that are looked at then do not", steps, m)
			}
		}
		if same := slices.Equal(outcomes(t, short), outcomes(t, long)); same != (steps == 6) {
			t.Errorf("the outcomes are those after %d steps: %v", steps, same)
		}
	}
	if want := 3*4 + 3; len(got) != want {
		t.Errorf("%d metrics, want %d", len(got), want)
	}
}

func TestMoreStartsNeverHelpTheDefender(t *testing.T) {
	data := textures(t, 16, 3)
	inputs := map[string]pipeline.Artifact{"model": trained(t, data, "plain"), "data": data}
	stood := func(restarts int) []attacks.Outcome {
		return outcomes(t, attack(t, PGD(), inputs, pipeline.Cell{}, func(params any) {
			p := params.(*PGDParams)
			p.Restarts, p.Steps = restarts, 3
		}))
	}
	one, five := stood(1), stood(5)
	if slices.Equal(one, five) {
		t.Error("one start is as good as five: the case shows nothing")
	}
	for i := range one {
		if one[i].Worse(five[i]) {
			t.Errorf("image %d: the worst of five starts is better than the first", i)
		}
	}
}

// TestStartsAreAsNamed makes one tiny step, so that what is left is the start.
func TestStartsAreAsNamed(t *testing.T) {
	data := textures(t, 16, 3)
	inputs := map[string]pipeline.Artifact{"model": trained(t, data, "plain"), "data": data}
	for _, c := range []struct {
		start        string
		noise        float64
		least, large float64 // of the mean largest change
	}{
		{"uniform", 0, 0.03, 0.031 + 1e-6},
		{"normal", 0.001, 0.002, 0.006},
		{"normal", 0.002, 0.004, 0.012},
		{"none", 0, 0, 2e-6},
	} {
		m := metrics(t, attack(t, PGD(), inputs, pipeline.Cell{}, func(params any) {
			p := params.(*PGDParams)
			p.Start, p.Noise, p.Steps, p.Step = c.start, c.noise, 1, 1e-6
		}))
		if v := m["change"]; v < c.least || v > c.large {
			t.Errorf("start %s, noise %g: images change by %g, want %g to %g", c.start, c.noise, v, c.least, c.large)
		}
	}
}

// TestImagesAreAttackedAlikeInAnyNumber takes a few of them.
func TestImagesAreAttackedAlikeInAnyNumber(t *testing.T) {
	data := textures(t, 16, 3)
	inputs := map[string]pipeline.Artifact{"model": trained(t, data, "plain"), "data": data}
	all := outcomes(t, attack(t, PGD(), inputs, pipeline.Cell{}, nil))
	few := outcomes(t, attack(t, PGD(), inputs, pipeline.Cell{}, func(params any) { commonOf(params).Images = 5 }))
	for i, o := range few {
		if o.Attacked != all[i].Attacked || math.Abs(o.Loss-all[i].Loss) > 1e-3*(1+o.Loss) {
			t.Errorf("image %d: %+v among 5, %+v among %d", i, o, all[i], len(all))
		}
	}
}

func TestCheckpointsAreAttackedAsNamed(t *testing.T) {
	data := textures(t, 16, 3)
	inputs := map[string]pipeline.Artifact{"model": trained(t, data, "l2l-grad"), "data": data}
	of := func(checkpoints ...string) []attacks.Outcome {
		return outcomes(t, attack(t, FGSM(), inputs, pipeline.Cell{}, func(params any) { commonOf(params).Checkpoints = checkpoints }))
	}
	best, last, both := of("best"), of("last"), of("best", "last")
	if !slices.Equal(both, append(best, last...)) {
		t.Error("both checkpoints together come out otherwise than one after the other")
	}
	if best[0].Loss == last[0].Loss {
		t.Error("best and last checkpoint give the same: the case shows nothing")
	}
	if best[0].Checkpoint != "best" || last[0].Checkpoint != "last" {
		t.Errorf("the checkpoints are called %s and %s", best[0].Checkpoint, last[0].Checkpoint)
	}
}

// TestProgressCoversAllTries ends where it says that the end is, and never goes back.
func TestProgressCoversAllTries(t *testing.T) {
	data := textures(t, 16, 3)
	inputs := map[string]pipeline.Artifact{"model": trained(t, data, "plain"), "data": data}
	var at []pipeline.Progress
	attack(t, PGD(), inputs, pipeline.Cell{OnProgress: func(p pipeline.Progress) { at = append(at, p) }}, func(params any) {
		p := params.(*PGDParams)
		p.Restarts, p.Steps, p.Checkpoints = 2, 1, []string{"best", "last"}
	})
	for i, p := range at {
		if p.Total != 96 || i > 0 && p.Done <= at[i-1].Done {
			t.Errorf("progress %+v", at)
			break
		}
	}
	if len(at) == 0 || at[len(at)-1].Done != 96 {
		t.Errorf("the last progress is not the end: %+v", at)
	}
}

// TestImagesAreNumberedThroughAllBatches attacks them in batches of other sizes.
func TestImagesAreNumberedThroughAllBatches(t *testing.T) {
	data := textures(t, 16, 3)
	inputs := map[string]pipeline.Artifact{"model": trained(t, data, "plain"), "data": data}
	in := func(size int) []attacks.Outcome {
		kind := pipeline.Define(attackKind(pipeline.Kind{Name: "attack/batches"}), squareParams, pipeline.Work[SquareParams]{
			Run: func(ctx context.Context, cell *pipeline.Cell, p *SquareParams) error {
				return p.run(ctx, cell, func(v *victim) (plan, error) {
					return plan{tries: 1, batch: size, build: func(epsilon float64) ([]leg, error) { return single(p.attack(v, epsilon), nil) }}, nil
				})
			},
		})
		return outcomes(t, attack(t, kind, inputs, pipeline.Cell{}, nil))
	}
	if all, few := in(24), in(5); !slices.Equal(all, few) {
		t.Errorf("in batches of 5 images the outcomes are\n%+v\nnot\n%+v", few, all)
	}
}
