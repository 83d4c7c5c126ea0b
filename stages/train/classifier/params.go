package classifier

import (
	"foil/internal/classifiers"
	"foil/models/l2l"
	"foil/models/random"
	"foil/spec"
)

// Params are the parameters of train/classifier. The defaults are the published ones
// (Jiang et al. 2021, section 4, and its code).
type Params struct {
	Method      string              `yaml:"method" required:"true" oneof:"plain,fgsm,pgd,trades,l2l-naive,l2l-grad,l2l-2step,l2l-kstep,l2l-grad-interpolation,l2l-2step-interpolation"`
	Network     classifiers.Network `yaml:"network"`
	Epochs      int                 `yaml:"epochs" min:"1" max:"100000" unit:"passes over the training images"`
	Batch       int                 `yaml:"batch" min:"1" max:"100000" unit:"images"`
	Rate        float64             `yaml:"rate" above:"0"`
	Momentum    float64             `yaml:"momentum" min:"0" max:"1"`
	WeightDecay float64             `yaml:"weight_decay" min:"0"`
	Schedule    Schedule            `yaml:"schedule"`
	Crop        int                 `yaml:"crop" min:"0" max:"64" unit:"pixels"`
	Flip        bool                `yaml:"flip"`
	Epsilon     float64             `yaml:"epsilon" above:"0" max:"1"`
	FGSM        FGSM                `yaml:"fgsm"`
	PGD         PGD                 `yaml:"pgd"`
	TRADES      TRADES              `yaml:"trades"`
	L2L         L2L                 `yaml:"l2l"`
	Select      Select              `yaml:"select"`
}

// Schedule is a step schedule.
type Schedule struct {
	Epochs []int   `yaml:"epochs" min:"1" unit:"epochs"`
	Factor float64 `yaml:"factor" above:"0" max:"1"`
}

// FGSM holds the settings of method fgsm. Its attack is one step of epsilon from the image itself.
type FGSM struct {
	Beta float64 `yaml:"beta" min:"0"`
}

// Crafting holds the settings of projected gradient ascent in a training.
type Crafting struct {
	Steps int     `yaml:"steps" min:"1" max:"10000"`
	Step  float64 `yaml:"step" above:"0" max:"1"`
	Noise float64 `yaml:"noise" min:"0" max:"1"`
}

// PGD holds the settings of method pgd.
type PGD struct {
	Crafting
	Beta float64 `yaml:"beta" min:"0"`
}

// TRADES holds the settings of method trades.
type TRADES struct {
	Crafting
	Beta float64 `yaml:"beta" min:"0"`
}

// L2L holds the settings of the methods with an attacker network.
type L2L struct {
	Attacker    classifiers.Attacker `yaml:"attacker"`
	Optimizer   string               `yaml:"optimizer" oneof:"adam,sgd"`
	Rate        float64              `yaml:"rate" above:"0"`
	Momentum    float64              `yaml:"momentum" min:"0" max:"1"`
	WeightDecay float64              `yaml:"weight_decay" min:"0"`
	Steps       int                  `yaml:"steps" min:"1" max:"1000"`
	Step        float64              `yaml:"step" above:"0" max:"1"`
	Smooth      float64              `yaml:"smooth" min:"0" max:"1"`
	Updates     int                  `yaml:"updates" min:"1" max:"100"`
	ZeroGrad    string               `yaml:"zero_gradient" oneof:"continue,stop"`
}

// Select holds the settings of the attack that selects the best epoch.
type Select struct {
	Crafting
	From   string `yaml:"from" oneof:"training,test"`
	Images int    `yaml:"images" min:"0" unit:"images"`
}

// The images that select the best epoch.
const (
	fromTraining = "training" // held out from the training images
	fromTest     = "test"
)

var params = &spec.Params[Params]{
	Defaults: defaults,
	Docs: spec.Docs{
		"method": "plain: clean images. fgsm, pgd: attacked images, too. trades: Zhang et al. 2019. " +
			"l2l-*: against an attacker that is trained, too. Its input is images (naive), " +
			"or images and gradients: once (grad), twice (2step), k times (kstep). " +
			"interpolation: it moves images towards others.",
		"network":      "network of the classifier",
		"epochs":       "number of epochs; the checkpoints of the epoch with the best selection score and of the last epoch are kept",
		"batch":        "batch size; the last batch of an epoch may be smaller",
		"rate":         "initial learning rate of the classifier's SGD",
		"momentum":     "momentum of the classifier's SGD",
		"weight_decay": "L2 penalty, added to the gradient of all parameters of the classifier, also of biases and batch norm",
		"schedule":     "lowers the classifier's learning rate",
		"crop":         "width of the border of zeros around a training image before a random crop to its size; 0: no crop",
		"flip":         "mirror training images left to right with probability 1/2",
		"epsilon":      "largest change of a pixel by the attacks in training and selection, where black is 0 and white 1",
		"fgsm":         "settings of the method fgsm",
		"pgd":          "settings of the method pgd",
		"trades":       "settings of the method trades",
		"l2l":          "settings of the methods l2l-*",
		"select":       "attack that selects the best epoch: the one with the highest accuracy under PGD, or the last of several",
	},
	Nested: []spec.Described{classifiers.NetworkParams, scheduleParams, fgsmParams, pgdParams, tradesParams, l2lParams, selectParams},
	Check:  (*Params).check,
	Settle: (*Params).settle,
}

var scheduleParams = &spec.Params[Schedule]{
	Docs: spec.Docs{"epochs": "epochs after which the learning rate is lowered", "factor": "factor for the learning rate"},
}

const betaDoc = "weight of the loss on attacked images; the loss on clean images has weight 1, and the sum is divided by the sum of the weights"

var fgsmParams = &spec.Params[FGSM]{Docs: spec.Docs{"beta": betaDoc}}

var craftingParams = &spec.Params[Crafting]{
	Docs: spec.Docs{
		"steps": "steps of the attack",
		"step":  "length of a step",
		"noise": "standard deviation of the normal noise that is added to the images at the start",
	},
}

var pgdParams = &spec.Params[PGD]{Docs: spec.Docs{"beta": betaDoc}, Nested: []spec.Described{craftingParams}}

var tradesParams = &spec.Params[TRADES]{
	Docs:   spec.Docs{"beta": "weight of the divergence between the class distributions of clean and attacked images"},
	Nested: []spec.Described{craftingParams},
}

var l2lParams = &spec.Params[L2L]{
	Docs: spec.Docs{
		"attacker":     "network of the attacker",
		"optimizer":    "optimizer of the attacker",
		"rate":         "learning rate of the attacker; it is constant",
		"momentum":     "momentum of the attacker's optimizer, for sgd",
		"weight_decay": "L2 penalty, added to the attacker's gradient",
		"steps":        "number of steps of the attacker, for l2l-kstep",
		"step":         "largest change of a pixel by one step of the attacker, for l2l-kstep",
		"smooth": "share of a label that is distributed over all classes but that of the other image, with interpolation. " +
			"0: the authors' values (grad 0.5, 2step 0.9).",
		"updates": "updates of the attacker for each one of the classifier",
		"zero_gradient": "if the gradient that the attacker sees is zero in every value of a batch: " +
			"continue with zeros and count it in train/flat_gradients, or stop. " +
			"The published scripts divide it by zero.",
	},
	Nested: []spec.Described{classifiers.AttackerParams},
}

var selectParams = &spec.Params[Select]{
	Docs: spec.Docs{
		"from": "images that select: some that are held out from training (training), or test images, as in the authors' code (test)",
		"images": "number of these images. From training, they are at equal distances in the data, and none is trained on; " +
			"0: a tenth of the training images, at most 1,000. From test, they are the first ones; 0: all.",
	},
	Nested: []spec.Described{craftingParams},
}

func defaults() Params {
	return Params{
		Network:     classifiers.Network{Name: "wrn-34"},
		Epochs:      76,
		Batch:       128,
		Rate:        0.1,
		Momentum:    0.9,
		WeightDecay: 2e-4,
		Schedule:    Schedule{Epochs: []int{29, 59, 89}, Factor: 0.1},
		Crop:        4,
		Flip:        true,
		Epsilon:     0.031,
		FGSM:        FGSM{Beta: 1},
		PGD:         PGD{Crafting: Crafting{Steps: 10, Step: 0.007, Noise: 0.001}, Beta: 1},
		TRADES:      TRADES{Crafting: Crafting{Steps: 10, Step: 0.007, Noise: 0.001}, Beta: 6},
		L2L: L2L{
			Attacker: classifiers.Attacker{Name: "wide"}, Optimizer: "adam", Rate: 1e-3, Momentum: 0.9, WeightDecay: 2e-4,
			Steps: 2, Step: 0.007, Updates: 1, ZeroGrad: "continue",
		},
		Select: Select{Crafting: Crafting{Steps: 10, Step: 0.003, Noise: 0.001}, From: fromTraining},
	}
}

func (p *Params) check(report spec.Reporter) {
	for i, epoch := range p.Schedule.Epochs {
		if i > 0 && epoch <= p.Schedule.Epochs[i-1] {
			report("schedule.epochs", "%d follows %d; the epochs must increase", epoch, p.Schedule.Epochs[i-1])
		}
	}
}

// settle clears the parameters that the method does not use, so that they are not part of the key.
func (p *Params) settle() {
	m := p.method()
	if m.Takes != l2l.FGSM {
		p.FGSM = FGSM{}
	}
	if m.Takes != l2l.PGD {
		p.PGD = PGD{}
	}
	if m.Takes != l2l.TRADES {
		p.TRADES = TRADES{}
	}
	if m.Takes != l2l.L2L {
		p.L2L = L2L{}
		return
	}
	if m.Sees != l2l.Gradients {
		p.L2L.ZeroGrad = ""
	}
	if p.L2L.Optimizer == "adam" {
		p.L2L.Momentum = 0
	}
	switch {
	case !m.Interpolates():
		p.L2L.Smooth = 0
	case p.L2L.Smooth == 0:
		p.L2L.Smooth = m.Smooth
	}
	if m.Moves != l2l.AsSet {
		p.L2L.Steps, p.L2L.Step = 0, 0
	}
}

// method returns the method in the parameters. An unknown method has no settings.
func (p *Params) method() l2l.Method {
	m, _ := l2l.Find(p.Method)
	return m
}

// recipe returns the method with its settings.
func (p *Params) recipe() l2l.Recipe {
	m := p.method()
	s := l2l.Settings{Epsilon: p.Epsilon}
	switch m.Takes {
	case l2l.FGSM:
		s.Beta = p.FGSM.Beta
	case l2l.PGD:
		s.Steps, s.Step, s.Beta = p.PGD.Steps, p.PGD.Step, p.PGD.Beta
	case l2l.TRADES:
		s.Steps, s.Step, s.Beta = p.TRADES.Steps, p.TRADES.Step, p.TRADES.Beta
	case l2l.L2L:
		s.Steps, s.Step, s.Smooth, s.Updates = p.L2L.Steps, p.L2L.Step, p.L2L.Smooth, p.L2L.Updates
	}
	return m.With(s)
}

// start returns the noise at the start of the method's attack; nil: none.
func (p *Params) start() random.Noise {
	m := p.method()
	switch m.Start {
	case l2l.NearImages:
		if m.Takes == l2l.TRADES {
			return random.NormalNoise(p.TRADES.Noise)
		}
		return random.NormalNoise(p.PGD.Noise)
	case l2l.WithinEpsilon:
		return random.UniformNoise(p.Epsilon)
	}
	return nil
}

// game returns the description of the attacker network for the artifact, or nil without one.
func (p *Params) game() *classifiers.Game {
	m := p.method()
	if !m.HasAttacker() {
		return nil
	}
	return &classifiers.Game{
		Attacker: p.L2L.Attacker, Variant: m.Variant,
		Steps: p.L2L.Steps, Step: p.L2L.Step, Smooth: p.L2L.Smooth, Epsilon: p.Epsilon,
	}
}

// figures returns the numbers of passes through the networks in one step of the training, under
// their names in the artifact.
func (p *Params) figures() map[string]float64 {
	n := p.recipe().Passes()
	return map[string]float64{
		"forward": float64(n.Forward), "backward": float64(n.Backward),
		"attacker_forward": float64(n.AttackerForward), "attacker_backward": float64(n.AttackerBackward),
	}
}

// rate returns the classifier's learning rate in an epoch. Epochs are counted from 1.
func (p *Params) rate(epoch int) float64 {
	rate := p.Rate
	for _, after := range p.Schedule.Epochs {
		if epoch > after {
			rate *= p.Schedule.Factor
		}
	}
	return rate
}
