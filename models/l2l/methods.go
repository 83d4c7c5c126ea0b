package l2l

import (
	"fmt"

	"foil/models/ascent"
	"foil/models/nn"
)

// A Method is a way to train a classifier: by itself, on images as they are or under an
// attack by gradient ascent, or against an attacker network that learns, too.
type Method struct {
	Name  string // in specs
	Doc   string
	Takes Block // the parameters that it takes beside those of all methods

	Start Start // of the attack
	Moves int   // steps of the ascent or moves of the attacker for each batch; AsSet: a setting

	// Of a classifier that is trained by itself.
	loss     lossFunc
	goal     ascent.Goal // of the attack; nil: there is none
	toLogits bool        // the aim of the attack is the logits of the images, not their labels

	// Of a game.
	Variant string  // its name in artifacts; "": the method has no attacker network
	Sees    Sight   // what the attacker sees
	Smooth  float64 // the part of a label that the script of an interpolation smooths
	perturb perturb // what is added to the images
	pull    pull    // instead, where the attacker pulls images towards others

	// own counts the passes through the classifier in training mode that a step makes, beside
	// those for a gradient that the attacker sees.
	own int
}

// Methods lists them.
var Methods = []Method{
	{Name: "plain", own: 1, loss: plainLoss,
		Doc: "on the images as they are"},
	{Name: "fgsm", Takes: FGSM, Start: AtImages, Moves: 1, own: 2, loss: meanLoss, goal: ascent.Mistake,
		Doc: "on images attacked by one step of epsilon, beside the clean ones"},
	{Name: "pgd", Takes: PGD, Start: NearImages, Moves: AsSet, own: 2, loss: meanLoss, goal: ascent.Mistake,
		Doc: "on images attacked by PGD, beside the clean ones"},
	{Name: "trades", Takes: TRADES, Start: NearImages, Moves: AsSet, own: 3, loss: tradesLoss, goal: driftFrom,
		toLogits: true,
		Doc:      "for equal answers on clean and attacked images (Zhang et al. 2019)"},
	{Name: "l2l-naive", Variant: "naive", Takes: L2L, Sees: Images, Moves: 1, own: 1, perturb: naive,
		Doc: "against an attacker that sees the images"},
	{Name: "l2l-grad", Variant: "grad", Takes: L2L, Sees: Gradients, Moves: 1, own: 1, perturb: grad,
		Doc: "against an attacker that sees the images and the gradient in them"},
	{Name: "l2l-2step", Variant: "2-step", Takes: L2L, Sees: Gradients, Moves: 2, own: 1, perturb: twoStep,
		Doc: "the same, with two moves that learn together"},
	{Name: "l2l-kstep", Variant: "k-step", Takes: L2L, Sees: Gradients, Moves: AsSet, own: 1, perturb: kStep,
		Doc: "the same, with any number of moves of a given length"},
	{Name: "l2l-grad-interpolation", Variant: "grad-interpolation", Takes: L2L, Sees: Gradients,
		Start: WithinEpsilon, Moves: 1, own: 1, pull: gradPull, Smooth: 0.5,
		Doc: "against an attacker that pulls images towards others in one move"},
	{Name: "l2l-2step-interpolation", Variant: "2-step-interpolation", Takes: L2L, Sees: Gradients,
		Start: WithinEpsilon, Moves: 2, own: 1, pull: twoStepPull, Smooth: 0.9,
		Doc: "the same in two moves"},
}

// AsSet says that the number of moves is a setting.
const AsSet = -1

// A Block names the parameters that a method takes beside those of all methods.
type Block string

// The blocks.
const (
	FGSM   Block = "fgsm"   // the weight of the attacked images
	PGD    Block = "pgd"    // steps, their length, noise, the weight of the attacked images
	TRADES Block = "trades" // steps, their length, noise, the weight of the divergence
	L2L    Block = "l2l"    // the attacker and its optimizer; where they apply, moves and smoothing
)

// A Start is where the attack of a method begins.
type Start int

const (
	AtImages      Start = iota
	NearImages          // with normal noise
	WithinEpsilon       // anywhere, uniformly
)

// A Sight is what an attacker sees of images.
type Sight int

const (
	Images    Sight = iota
	Gradients       // the images, and the gradient of the classifier's objective in them
)

// Find finds a method by its name.
func Find(name string) (Method, error) {
	for _, m := range Methods {
		if m.Name == name {
			return m, nil
		}
	}
	return Method{}, fmt.Errorf("unknown method %q", name)
}

// FindVariant finds the method of a variant of L2L by the name that artifacts have for it.
func FindVariant(name string) (Method, error) {
	for _, m := range Methods {
		if m.HasAttacker() && m.Variant == name {
			return m, nil
		}
	}
	return Method{}, fmt.Errorf("unknown variant of L2L %q", name)
}

// HasAttacker says whether the attacker is a network, which learns with the classifier.
func (m Method) HasAttacker() bool { return m.Variant != "" }

// Interpolates says whether the attacker pulls images towards others of their batch.
func (m Method) Interpolates() bool { return m.pull != nil }

// Channels is the number of channels that an attacker sees.
func (m Method) Channels() int {
	if m.Sees == Gradients {
		return 2 * nn.ImageChannels
	}
	return nn.ImageChannels
}

// With is the method with its settings.
func (m Method) With(s Settings) Recipe { return Recipe{m, s} }

// Settings are what methods take beside networks and optimizers. Each method takes its own
// of them.
type Settings struct {
	Epsilon float64 // the largest change of a value; all methods but plain
	Steps   int     // moves, where the method has them AsSet
	Step    float64 // the length of one, likewise
	Beta    float64 // the weight of the loss under attack; fgsm, pgd, trades
	Smooth  float64 // the part of a label that goes over to other classes; interpolations
}

// A Recipe is a method with its settings.
type Recipe struct {
	Method   Method
	Settings Settings
}

// Within is the recipe with another epsilon.
func (r Recipe) Within(epsilon float64) Recipe {
	r.Settings.Epsilon = epsilon
	return r
}

// Moves is the number of steps or moves of an attack.
func (r Recipe) Moves() int {
	if r.Method.Moves == AsSet {
		return r.Settings.Steps
	}
	return r.Method.Moves
}

// step is the length of one: epsilon where it is no setting.
func (r Recipe) step() float64 {
	if r.Method.Moves == AsSet {
		return r.Settings.Step
	}
	return r.Settings.Epsilon
}

// attack is the attack of a training without an attacker network.
func (r Recipe) attack() ascent.PGD {
	return ascent.PGD{Steps: r.Moves(), Step: r.step(), Epsilon: r.Settings.Epsilon}
}

// TrainingPasses is how often a step goes through the classifier in training mode, on the
// classifier's turn.
func (r Recipe) TrainingPasses() int {
	if r.Method.perturb != nil {
		return r.Method.own + r.seen()
	}
	return r.Method.own
}

// seen is the number of gradients that the attacker of a game sees.
func (r Recipe) seen() int {
	if r.Method.Sees == Gradients {
		return r.Moves()
	}
	return 0
}

// Passes counts how often a batch goes through the networks in one step, forward and
// backward. L2L promises to save some of them (Jiang et al. 2021, section 4).
type Passes struct {
	Forward, Backward                 int // through the classifier
	AttackerForward, AttackerBackward int
}

// Passes counts those of a step.
func (r Recipe) Passes() Passes {
	m, moves := r.Method, r.Moves()
	switch {
	case m.Interpolates():
		// The features of the starts, those of each move's result, those of the partners, which
		// are constants, and the classifier's own pass.
		return Passes{
			Forward: moves + 2 + m.own, Backward: moves + 1 + m.own,
			AttackerForward: moves, AttackerBackward: moves,
		}
	case m.HasAttacker():
		// On each turn the gradients that the attacker sees, and the loss. Only its own turn
		// derives the attacker.
		n := 2 * (r.seen() + m.own)
		return Passes{Forward: n, Backward: n, AttackerForward: 2 * moves, AttackerBackward: moves}
	default:
		p := Passes{Forward: moves + m.own, Backward: moves + m.own}
		if m.toLogits {
			p.Forward++ // these logits, constants for the attack
		}
		return p
	}
}
