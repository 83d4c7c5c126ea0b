package l2l

import (
	"fmt"

	"foil/models/ascent"
	"foil/models/nn"
)

// A Method is a way to train a classifier: on clean images, under an attack by gradient ascent, or
// against an attacker network that is trained, too.
type Method struct {
	Name  string // in specs
	Doc   string
	Takes Block // the parameters of this method beside those of all methods

	Start Start // of the attack
	Moves int   // steps of the ascent or moves of the attacker for each batch; AsSet: a parameter

	// For a classifier that is trained without an attacker network.
	loss     loss
	goal     *ascent.Goal // of the attack; nil: there is no attack
	toLogits bool         // the aim of the attack is the logits of the images, not their labels

	// For a game.
	Variant string  // name in artifacts; "": the method has no attacker network
	Sees    Sight   // the input of the attacker
	Smooth  float64 // the share of a label that the script of an interpolation smooths
	perturb perturb // the change that the attacker adds to the images
	pull    perturb // used instead of perturb if the attacker interpolates

	// own is the number of passes through the classifier in training mode in a step, without those
	// for the gradient in the attacker's input.
	own int
}

// Methods is the table of all methods.
var Methods = []Method{
	{Name: "plain", own: 1, loss: plainLoss,
		Doc: "on the images as they are"},
	{Name: "fgsm", Takes: FGSM, Start: AtImages, Moves: 1, own: 2, loss: meanLoss, goal: &ascent.ToMistake,
		Doc: "on images attacked by one step of epsilon, beside the clean ones"},
	{Name: "pgd", Takes: PGD, Start: NearImages, Moves: AsSet, own: 2, loss: meanLoss, goal: &ascent.ToMistake,
		Doc: "on images attacked by PGD, beside the clean ones"},
	{Name: "trades", Takes: TRADES, Start: NearImages, Moves: AsSet, own: 3, loss: tradesLoss, goal: &toDrift,
		toLogits: true,
		Doc:      "for equal answers on clean and attacked images (Zhang et al. 2019)"},
	{Name: "l2l-naive", Variant: "naive", Takes: L2L, Sees: Images, Moves: 1, own: 1, perturb: perturb{naive[*node], naive[*wave]},
		Doc: "against an attacker that sees the images"},
	{Name: "l2l-grad", Variant: "grad", Takes: L2L, Sees: Gradients, Moves: 1, own: 1, perturb: perturb{grad[*node], grad[*wave]},
		Doc: "against an attacker that sees the images and the gradient in them"},
	{Name: "l2l-2step", Variant: "2-step", Takes: L2L, Sees: Gradients, Moves: 2, own: 1, perturb: perturb{twoStep[*node], twoStep[*wave]},
		Doc: "the same, with two moves that learn together"},
	{Name: "l2l-kstep", Variant: "k-step", Takes: L2L, Sees: Gradients, Moves: AsSet, own: 1, perturb: perturb{kStep[*node], kStep[*wave]},
		Doc: "the same, with any number of moves of a given length"},
	{Name: "l2l-grad-interpolation", Variant: "grad-interpolation", Takes: L2L, Sees: Gradients,
		Start: WithinEpsilon, Moves: 1, own: 1, pull: perturb{gradPull[*node], gradPull[*wave]}, Smooth: 0.5,
		Doc: "against an attacker that pulls images towards others in one move"},
	{Name: "l2l-2step-interpolation", Variant: "2-step-interpolation", Takes: L2L, Sees: Gradients,
		Start: WithinEpsilon, Moves: 2, own: 1, pull: perturb{twoStepPull[*node], twoStepPull[*wave]}, Smooth: 0.9,
		Doc: "the same in two moves"},
}

// AsSet means that the number of moves is a parameter.
const AsSet = -1

// A Block names the parameters of a method beside those of all methods.
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

// A Sight is the input of an attacker.
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

// FindVariant finds the method of a variant of L2L by its name in artifacts.
func FindVariant(name string) (Method, error) {
	for _, m := range Methods {
		if m.HasAttacker() && m.Variant == name {
			return m, nil
		}
	}
	return Method{}, fmt.Errorf("unknown variant of L2L %q", name)
}

// HasAttacker reports whether the attacker is a network that is trained with the classifier.
func (m Method) HasAttacker() bool { return m.Variant != "" }

// Interpolates reports whether the attacker moves images towards others of their batch.
func (m Method) Interpolates() bool { return m.pull.graph != nil }

// Channels is the number of channels of the attacker's input.
func (m Method) Channels() int {
	if m.Sees == Gradients {
		return 2 * nn.ImageChannels
	}
	return nn.ImageChannels
}

// With returns the method with settings.
func (m Method) With(s Settings) Recipe { return Recipe{m, s} }

// Settings are the parameters of methods beside networks and optimizers. Each method uses some of
// them.
type Settings struct {
	Epsilon float64 // the largest change of a value; all methods but plain
	Steps   int     // number of moves, for methods with Moves AsSet
	Step    float64 // length of a move, for the same methods
	Beta    float64 // the weight of the loss under attack; fgsm, pgd, trades
	Smooth  float64 // the share of a label that is moved to other classes; interpolations
	Updates int     // of the attacker per step; 0: one. L2L
}

// A Recipe is a method with its settings.
type Recipe struct {
	Method   Method
	Settings Settings
}

// Within returns the recipe with another epsilon.
func (r Recipe) Within(epsilon float64) Recipe {
	r.Settings.Epsilon = epsilon
	return r
}

// Moves returns the number of steps or moves of an attack.
func (r Recipe) Moves() int {
	if r.Method.Moves == AsSet {
		return r.Settings.Steps
	}
	return r.Method.Moves
}

// step returns the length of a step: epsilon if it is not a parameter.
func (r Recipe) step() float64 {
	if r.Method.Moves == AsSet {
		return r.Settings.Step
	}
	return r.Settings.Epsilon
}

// attack returns the attack of a training without an attacker network.
func (r Recipe) attack() ascent.PGD {
	return ascent.PGD{Steps: r.Moves(), Step: r.step(), Epsilon: r.Settings.Epsilon}
}

// TrainingPasses returns the number of passes through the classifier in training mode in a step, on
// the classifier's turn.
func (r Recipe) TrainingPasses() int {
	if r.Method.perturb.graph != nil {
		return r.Method.own + r.seen()
	}
	return r.Method.own
}

// seen returns the number of gradients in the attacker's input.
func (r Recipe) seen() int {
	if r.Method.Sees == Gradients {
		return r.Moves()
	}
	return 0
}

// Passes counts the passes of a batch through the networks in one step, forward and backward. L2L
// is meant to save some of them (Jiang et al. 2021, section 4).
type Passes struct {
	Forward, Backward                 int // through the classifier
	AttackerForward, AttackerBackward int
}

// Passes counts the passes of a step.
func (r Recipe) Passes() Passes {
	m, moves := r.Method, r.Moves()
	updates := max(r.Settings.Updates, 1)
	switch {
	case m.Interpolates():
		// In each turn of the attacker: the features of the starts, of the result of each move and of
		// the partners, which are constants. And the classifier's own pass.
		return Passes{
			Forward: updates*(moves+2) + m.own, Backward: updates*(moves+1) + m.own,
			AttackerForward: updates * moves, AttackerBackward: updates * moves,
		}
	case m.HasAttacker():
		// Each turn has the gradients in the attacker's input, and the loss. Only the attacker's
		// own turn derives the attacker.
		n := (1 + updates) * (r.seen() + m.own)
		return Passes{Forward: n, Backward: n, AttackerForward: (1 + updates) * moves, AttackerBackward: updates * moves}
	default:
		p := Passes{Forward: moves + m.own, Backward: moves + m.own}
		if m.toLogits {
			p.Forward++ // these logits, constants for the attack
		}
		return p
	}
}
