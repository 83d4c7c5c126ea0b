package classifier

// Passes counts how often a batch goes through classifier and attacker, forward and backward,
// in one step of a training.
type Passes struct {
	Forward, Backward                 int
	AttackerForward, AttackerBackward int
}

// figures are the passes as the artifact has them.
func (p Passes) figures() map[string]float64 {
	return map[string]float64{
		"forward": float64(p.Forward), "backward": float64(p.Backward),
		"attacker_forward": float64(p.AttackerForward), "attacker_backward": float64(p.AttackerBackward),
	}
}

// passes counts how often a batch goes through the networks in one step of the
// training, which is what L2L promises to save (Jiang et al. 2021, section 4).
func (p *Params) passes() Passes {
	both := func(n int) Passes { return Passes{Forward: n, Backward: n} }
	// game: inner is how often the attacker sees a gradient; each turn makes these
	// passes and one for its loss. Only on its own turn the attacker is derived.
	game := func(inner, moves int) Passes {
		n := both(2 * (inner + 1))
		n.AttackerForward, n.AttackerBackward = 2*moves, moves
		return n
	}
	switch p.Method {
	case "fgsm":
		return both(1 + 2)
	case "pgd":
		return both(p.PGD.Steps + 2)
	case "trades":
		n := both(p.TRADES.Steps + 3)
		n.Forward++ // the clean images' distribution, a constant for the attack
		return n
	case "l2l-naive":
		return game(0, 1)
	case "l2l-grad":
		return game(1, 1)
	case "l2l-2step":
		return game(2, 2)
	case "l2l-kstep":
		return game(p.L2L.Steps, p.L2L.Steps)
	case "l2l-grad-interpolation", "l2l-2step-interpolation":
		// The features of partners, those of starts and of what was made of them, and the
		// classifier's own pass. Partners are constants.
		moves := 1
		if p.Method == "l2l-2step-interpolation" {
			moves = 2
		}
		n := both(moves + 2)
		n.Forward++
		n.AttackerForward, n.AttackerBackward = moves, moves
		return n
	}
	return both(1) // plain
}
