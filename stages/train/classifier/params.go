package classifier

import (
	"foil/internal/classifiers"
	"foil/models/l2l"
	"foil/models/random"
)

// Params are the parameters of train/classifier. The defaults are the published ones
// (Jiang et al. 2021, section 4, and its code).
type Params struct {
	Method      string              `yaml:"method" required:"true" oneof:"plain,fgsm,pgd,trades,l2l-naive,l2l-grad,l2l-2step,l2l-kstep,l2l-grad-interpolation,l2l-2step-interpolation" doc:"plain: on the images as they are; fgsm, pgd: on attacked images beside them; trades: Zhang et al. 2019; l2l-*: against an attacker that learns, too, and sees the images (naive), their gradient as well (grad), twice (2step) or k times (kstep), or pulls images towards others (interpolation)"`
	Network     classifiers.Network `yaml:"network" doc:"the classifier"`
	Epochs      int                 `yaml:"epochs" min:"1" max:"100000" unit:"passes over the training images" doc:"length of the training; the best epoch by the selection and the last one are kept"`
	Batch       int                 `yaml:"batch" min:"1" max:"100000" unit:"images" doc:"size of a batch; the last, shorter one of an epoch counts too"`
	Rate        float64             `yaml:"rate" above:"0" doc:"learning rate of the classifier's SGD at the start"`
	Momentum    float64             `yaml:"momentum" min:"0" max:"1" doc:"its momentum"`
	WeightDecay float64             `yaml:"weight_decay" min:"0" doc:"L2 decay added to its gradient, of biases and batch norm, too"`
	Schedule    Schedule            `yaml:"schedule" doc:"lowers the classifier's rate"`
	Crop        int                 `yaml:"crop" min:"0" max:"64" unit:"pixels" doc:"zeros around a training image, out of which one of the old size is cut anywhere; 0: no cropping"`
	Flip        bool                `yaml:"flip" doc:"mirror half of the training images, left to right"`
	Epsilon     float64             `yaml:"epsilon" above:"0" max:"1" doc:"largest change of a pixel, where black is 0 and white 1, that the attacks of training and selection make"`
	FGSM        FGSM                `yaml:"fgsm" doc:"of method fgsm"`
	PGD         PGD                 `yaml:"pgd" doc:"of method pgd"`
	TRADES      TRADES              `yaml:"trades" doc:"of method trades"`
	L2L         L2L                 `yaml:"l2l" doc:"of the methods l2l-*"`
	Select      Select              `yaml:"select" doc:"which epoch counts as the best: the one with the best accuracy on test images under PGD, of equals the last"`
}

// Schedule is a step schedule.
type Schedule struct {
	Epochs []int   `yaml:"epochs" min:"1" unit:"epochs" doc:"after how many epochs the rate falls"`
	Factor float64 `yaml:"factor" above:"0" max:"1" doc:"what it is multiplied by"`
}

// FGSM is how method fgsm trains: one step as long as allowed, from the image itself.
type FGSM struct {
	Beta float64 `yaml:"beta" min:"0" doc:"weight of the attacked images' loss beside the clean ones', which has 1; the sum is divided by both"`
}

// Crafting is how projected gradient ascent makes the images of a training.
type Crafting struct {
	Steps int     `yaml:"steps" min:"1" max:"10000" doc:"steps of the attack"`
	Step  float64 `yaml:"step" above:"0" max:"1" doc:"length of one"`
	Noise float64 `yaml:"noise" min:"0" max:"1" doc:"standard deviation of the normal noise that it starts from"`
}

// PGD is how method pgd trains.
type PGD struct {
	Crafting
	Beta float64 `yaml:"beta" min:"0" doc:"weight of the attacked images' loss beside the clean ones', which has 1; the sum is divided by both"`
}

// TRADES is how method trades trains.
type TRADES struct {
	Crafting
	Beta float64 `yaml:"beta" min:"0" doc:"weight of the divergence between the classes' distributions of clean and attacked images"`
}

// L2L is how an attacker network learns.
type L2L struct {
	Attacker    classifiers.Attacker `yaml:"attacker" doc:"the attacker's network"`
	Optimizer   string               `yaml:"optimizer" oneof:"adam,sgd" doc:"of the attacker"`
	Rate        float64              `yaml:"rate" above:"0" doc:"its learning rate, which stays"`
	Momentum    float64              `yaml:"momentum" min:"0" max:"1" doc:"its momentum, of sgd"`
	WeightDecay float64              `yaml:"weight_decay" min:"0" doc:"L2 decay added to its gradient"`
	Steps       int                  `yaml:"steps" min:"1" max:"1000" doc:"of l2l-kstep: how often the attacker moves"`
	Step        float64              `yaml:"step" above:"0" max:"1" doc:"of l2l-kstep: how far at most each time"`
	Smooth      float64              `yaml:"smooth" min:"0" max:"1" doc:"of the interpolations: the part of a label that goes over to the classes that the other image is not of; 0: the authors' (grad 0.5, 2step 0.9)"`
}

// Select is the attack that the epochs are compared by.
type Select struct {
	Crafting
	Images int `yaml:"images" min:"0" unit:"images" doc:"the first so many test images; 0: all"`
}

func defaults() any {
	return &Params{
		Network:     classifiers.Network{Name: "wrn-34"},
		Epochs:      76,
		Batch:       128,
		Rate:        0.1,
		Momentum:    0.9,
		WeightDecay: 2e-4,
		Schedule:    Schedule{Epochs: []int{30, 60, 90}, Factor: 0.1},
		Crop:        4,
		Flip:        true,
		Epsilon:     0.031,
		FGSM:        FGSM{Beta: 1},
		PGD:         PGD{Crafting: Crafting{Steps: 10, Step: 0.007, Noise: 0.001}, Beta: 1},
		TRADES:      TRADES{Crafting: Crafting{Steps: 10, Step: 0.007, Noise: 0.001}, Beta: 6},
		L2L: L2L{
			Attacker: classifiers.Attacker{Name: "wide"}, Optimizer: "adam", Rate: 1e-3, Momentum: 0.9, WeightDecay: 2e-4,
			Steps: 2, Step: 0.007,
		},
		Select: Select{Crafting: Crafting{Steps: 10, Step: 0.003, Noise: 0.001}},
	}
}

// Check reports what no single field shows.
func (p *Params) Check(report func(path, format string, args ...any)) {
	for i, epoch := range p.Schedule.Epochs {
		if i > 0 && epoch <= p.Schedule.Epochs[i-1] {
			report("schedule.epochs", "%d stands behind %d; the epochs have to rise", epoch, p.Schedule.Epochs[i-1])
		}
	}
}

// Settle writes widths out, and clears what the method has no use for: it is not
// part of the key then.
func (p *Params) Settle() {
	p.Network.Settle()
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
	p.L2L.Attacker.Settle()
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

// method is the row of the table that the parameters name; an unknown method takes nothing.
func (p *Params) method() l2l.Method {
	m, _ := l2l.Find(p.Method)
	return m
}

// recipe is the method with the parameters that it takes.
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
		s.Steps, s.Step, s.Smooth = p.L2L.Steps, p.L2L.Step, p.L2L.Smooth
	}
	return m.With(s)
}

// start is the noise that the attack of the method starts with; nil: none.
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

// game is the attacker as its artifact describes it, nil where it is no network.
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

// figures are how often a batch goes through the networks in one step of the training, as the
// artifact has them.
func (p *Params) figures() map[string]float64 {
	n := p.recipe().Passes()
	return map[string]float64{
		"forward": float64(n.Forward), "backward": float64(n.Backward),
		"attacker_forward": float64(n.AttackerForward), "attacker_backward": float64(n.AttackerBackward),
	}
}

// rate is the classifier's learning rate in an epoch, counted from 1.
func (p *Params) rate(epoch int) float64 {
	rate := p.Rate
	for _, after := range p.Schedule.Epochs {
		if epoch > after {
			rate *= p.Schedule.Factor
		}
	}
	return rate
}
