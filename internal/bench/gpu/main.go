// Gpu times L2L's trainings of the paper's large classifier, WRN-34-10, on a backend such as xla:cuda,
// and checks a step of each against foil's engine on the processor. README.md says how to run it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"time"

	"foil/internal/bench"
	"foil/models/backend"
	"foil/models/l2l"
	"foil/models/nn"
	"foil/models/random"
	"foil/models/zoo"
)

// The published protocol (Jiang et al. 2021, section 4) on CIFAR-10.
const (
	epochs, trainingImages = 76, 50000
	classes                = 10
	epsilon                = 0.031
)

// image is the shape of an image.
var image = [3]int{nn.ImageChannels, 32, 32}

type options struct {
	backend             string
	widen, depth        int
	batch, check, steps int
	methods             []string
}

func main() { bench.Main(run) }

func run(_ context.Context, args []string) error {
	o := options{methods: []string{"plain", "pgd", "l2l-grad"}}
	f := flag.NewFlagSet("gpu", flag.ContinueOnError)
	f.StringVar(&o.backend, "backend", "xla:cuda", "what is timed")
	f.IntVar(&o.depth, "depth", 34, "depth of the classifier")
	f.IntVar(&o.widen, "widen", 10, "its widening factor")
	f.IntVar(&o.batch, "batch", 128, "images of a step that is timed")
	f.IntVar(&o.check, "check", 8, "images of the step that is checked")
	f.IntVar(&o.steps, "steps", 10, "steps that are timed, after two others")
	f.Func("methods", "comma-separated (default: plain,pgd,l2l-grad)", func(s string) (err error) {
		o.methods, err = bench.List(s, func(name string) (string, error) {
			m, err := l2l.Find(name)
			return m.Name, err
		})
		return err
	})
	if err := bench.Parse(f, args); err != nil {
		return err
	}
	return o.measure(os.Stdout)
}

// measure prints a row for each method.
func (o options) measure(out io.Writer) error {
	fmt.Fprintf(out, "WRN-%d-%d, batches of %d images, %s\n\n", o.depth, o.widen, o.batch, bench.Machine())
	fmt.Fprintln(out, "| method | backend | ms a step | hours for 76 epochs | loss on the backend | by the engine | weights moved apart |")
	fmt.Fprintln(out, "| --- | --- | ---: | ---: | ---: | ---: | ---: |")
	for _, name := range o.methods {
		apart, losses, err := o.compare(name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		ms, err := o.time(name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		steps := float64(epochs * ((trainingImages + o.batch - 1) / o.batch))
		fmt.Fprintf(out, "| %s | %s | %.1f | %.1f | %.5f | %.5f | %.2g |\n", name, o.backend, ms, steps*ms/3.6e6, losses[0], losses[1], apart)
	}
	return nil
}

// A training is the networks' weights and a step.
type training struct {
	weights []*nn.Weights
	step    func(b l2l.Batch) (loss float64, err error)
}

func (o options) training(name, on string) (t training, err error) {
	b, err := backend.Open(on, runtime.NumCPU())
	if err != nil {
		return t, err
	}
	m, err := l2l.Find(name)
	if err != nil {
		return t, err
	}
	recipe := m.With(l2l.Settings{Epsilon: epsilon, Steps: 10, Step: 0.007, Beta: 1})
	classifier, attacker := zoo.WideResNet(o.depth, o.widen, 16, classes), zoo.Slim(m.Channels(), 128)
	w, err := nn.NewWeights(b, classifier.Params, 1, "weights/classifier")
	if err != nil {
		return t, err
	}
	t.weights = []*nn.Weights{w}
	optimizers := l2l.PaperOptimizers()
	if !m.HasAttacker() {
		trainer, err := l2l.NewTrainer(l2l.TrainerConfig{Recipe: recipe, Network: classifier, Image: image, Optimizer: optimizers[0], Backend: b}, w)
		if err != nil {
			return t, err
		}
		t.step = func(b l2l.Batch) (float64, error) {
			l, err := trainer.Step(context.Background(), b, 0.1)
			return l.Total, err
		}
		return t, nil
	}
	a, err := nn.NewWeights(b, attacker.Params, 1, "weights/attacker")
	if err != nil {
		return t, err
	}
	t.weights = append(t.weights, a)
	game, err := l2l.NewGame(l2l.GameConfig{
		Recipe: recipe, Backend: b, Image: image, Networks: [2]*nn.Network{classifier, attacker}, Optimizers: optimizers,
	}, w, a)
	if err != nil {
		return t, err
	}
	t.step = func(b l2l.Batch) (float64, error) {
		l, err := game.Step(context.Background(), b, [2]float64{0.1, 1e-3})
		return l[0], err
	}
	return t, nil
}

// batch draws images.
func batch(images int) l2l.Batch {
	b := l2l.Batch{X: make([]float32, images*image[0]*image[1]*image[2]), Labels: make([]int32, images)}
	r := random.New(1, "images")
	for i := range b.X {
		b.X[i] = r.Float32()
	}
	b.Noise = make([]float32, len(b.X))
	random.Normal(r, b.Noise, 0.001)
	for i := range b.Labels {
		b.Labels[i] = int32(i % classes)
	}
	return b
}

// compare makes a step on the backend and by the engine. It returns how far the classifiers' weights
// are apart, relative to how far they moved, and both losses.
func (o options) compare(name string) (apart float64, losses [2]float64, err error) {
	var weights [2][]float32
	var start []float32
	for i, on := range []string{o.backend, backend.Default} {
		t, err := o.training(name, on)
		if err != nil {
			return 0, losses, err
		}
		if start, err = copied(t.weights[0]); err != nil {
			return 0, losses, err
		}
		if losses[i], err = t.step(batch(o.check)); err != nil {
			return 0, losses, err
		}
		if weights[i], err = copied(t.weights[0]); err != nil {
			return 0, losses, err
		}
	}
	var difference, moved float64
	for i, v := range weights[1] {
		difference += math.Pow(float64(v-weights[0][i]), 2)
		moved += math.Pow(float64(v-start[i]), 2)
	}
	if moved == 0 {
		return 0, losses, errors.New("the step moved nothing")
	}
	return math.Sqrt(difference / moved), losses, nil
}

// copied are all values of weights.
func copied(w *nn.Weights) (all []float32, err error) {
	for _, t := range w.Tensors {
		values, err := backend.Copy(t)
		if err != nil {
			return nil, err
		}
		all = append(all, values...)
	}
	return all, nil
}

// time returns the median milliseconds of a step.
func (o options) time(name string) (float64, error) {
	t, err := o.training(name, o.backend)
	if err != nil {
		return 0, err
	}
	b := batch(o.batch)
	var ms []float64
	for i := range o.steps + 2 {
		start := time.Now()
		if _, err := t.step(b); err != nil {
			return 0, err
		}
		if i >= 2 {
			ms = append(ms, 1e3*time.Since(start).Seconds())
		}
	}
	slices.Sort(ms)
	return ms[len(ms)/2], nil
}
