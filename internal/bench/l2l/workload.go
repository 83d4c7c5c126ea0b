package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"

	"foil/models/backend"
	"foil/models/nn"
	"foil/models/zoo"
)

// The small protocol's sizes and rates.
const (
	classes       = 10
	classifier    = 16 // width of ResNet-9
	attacker      = 32 // width of slim
	epsilon       = 0.031
	attackSteps   = 10
	attackStep    = 0.007
	noise         = 0.001
	rate          = 0.05
	attackersRate = 1e-3
)

// image is the shape of an image of the trainings.
var image = [3]int{nn.ImageChannels, 32, 32}

// A Workload is a work, its initial numbers and the number of steps. Both sides read the same
// workload as JSON.
type Workload struct {
	Work    string           `json:"work"`
	Threads int              `json:"threads"`
	Backend string           `json:"backend"` // of foil
	Warmup  int              `json:"warmup"`  // steps before those that are timed
	Steps   int              `json:"steps"`   // steps that are timed
	Labels  []int32          `json:"labels"`
	Arrays  map[string]Array `json:"arrays"` // images, noise, weights by their parameters' names
}

// An Array is a tensor of float32.
type Array struct {
	Shape []int  `json:"shape"`
	Data  []byte `json:"data"` // little-endian, in base64
}

// Name is the name of the workload in progress messages and errors.
func (w Workload) Name() string { return fmt.Sprintf("%s, threads %d", w.Work, w.Threads) }

// Counts are the numbers of warm-up steps and of timed steps.
func (w Workload) Counts() (warmup, steps int) { return w.Warmup, w.Steps }

// networks are the networks of a training, by the prefix of their weights.
func (w work) networks() map[string]*nn.Network {
	n := map[string]*nn.Network{"attacker.": zoo.Slim(2*nn.ImageChannels, attacker)} // it sees gradients, too
	if w.wide {
		n["classifier."] = zoo.WideResNet(34, 10, 16, classes)
	} else {
		n["classifier."] = zoo.ResNet9(classifier, classes)
	}
	return n
}

// newWorkload draws the numbers; equal arguments give equal ones.
func newWorkload(work work, threads, warmup, steps int) (Workload, error) {
	r := rand.New(rand.NewPCG(1, 2))
	w := Workload{Work: work.name, Threads: threads, Warmup: warmup, Steps: steps, Arrays: map[string]Array{}}
	if work.isConv() {
		w.draw("images", r.NormFloat64, work.batch, work.in, work.size, work.size)
		w.draw("kernel", r.NormFloat64, work.outs, work.in, 3, 3)
		w.draw("gradient", r.NormFloat64, work.batch, work.outs, work.size, work.size)
		return w, nil
	}
	w.draw("images", r.Float64, work.batch, 3, 32, 32)
	w.draw("noise", func() float64 { return noise * r.NormFloat64() }, work.batch, 3, 32, 32)
	for i := range work.batch {
		w.Labels = append(w.Labels, int32(i%classes))
	}
	return w, w.initialise(work)
}

// initialise adds the weights that training starts from.
func (w Workload) initialise(work work) error {
	b, err := backend.Open(backend.Default, 1)
	if err != nil {
		return err
	}
	for prefix, network := range work.networks() {
		weights, err := nn.NewWeights(b, network.Params, 1, "weights/"+prefix)
		if err != nil {
			return err
		}
		for i, p := range network.Params {
			values, err := backend.Copy(weights.Tensors[i])
			if err != nil {
				return err
			}
			w.Arrays[prefix+p.Name] = newArray(values, p.Shape)
		}
	}
	return nil
}

func (w Workload) draw(name string, number func() float64, shape ...int) {
	n := 1
	for _, d := range shape {
		n *= d
	}
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(number())
	}
	w.Arrays[name] = newArray(values, shape)
}

func newArray(values []float32, shape []int) Array {
	a := Array{Shape: shape}
	for _, v := range values {
		a.Data = binary.LittleEndian.AppendUint32(a.Data, math.Float32bits(v))
	}
	return a
}

// Values are the array's numbers.
func (a Array) Values() []float32 {
	values := make([]float32, len(a.Data)/4)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(a.Data[4*i:]))
	}
	return values
}
