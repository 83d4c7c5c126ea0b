package images

import (
	"context"

	"foil/internal/tables"
	"foil/models/l2l"
	"foil/pipeline"
	"foil/stages/classifierfile"
)

// FGSM is attack/fgsm.
func FGSM() pipeline.Kind {
	return attackKind(pipeline.Kind{
		Name: "attack/fgsm",
		Doc: "Attacks a classifier with the fast gradient sign method: one step of epsilon from the image (Goodfellow et al. 2015; " +
			"Jiang et al. 2021, section 4).",
		Params: func() any { return &FGSMParams{common()} },
	}, func(ctx context.Context, cell *pipeline.Cell) error {
		p := cell.Params.(*FGSMParams)
		return p.run(ctx, cell, plan{tries: 1, make: func(v *victim, epsilon float64) (l2l.Attack, error) {
			return v.PGD(l2l.FGSM(epsilon)), nil
		}})
	})
}

// PGD is attack/pgd.
func PGD() pipeline.Kind {
	return attackKind(pipeline.Kind{
		Name: "attack/pgd",
		Doc: "Attacks a classifier by projected gradient ascent in the maximum norm, from one start or several (Madry et al. 2018; " +
			"Jiang et al. 2021, section 4).",
		Draws:  true,
		Params: func() any { return &PGDParams{common(), climb(), 1} },
	}, func(ctx context.Context, cell *pipeline.Cell) error {
		p := cell.Params.(*PGDParams)
		return p.run(ctx, cell, p.plan(p.Restarts, p.Epsilon, func(v *victim) *l2l.Evaluator { return v.Evaluator }))
	})
}

// plan climbs on some classifier.
func (c Climb) plan(tries int, epsilon float64, on func(v *victim) *l2l.Evaluator) plan {
	pgd := func(v *victim, steps int, epsilon float64) l2l.Attack {
		return on(v).PGD(l2l.PGD{Steps: steps, Step: c.Step, Epsilon: epsilon})
	}
	return plan{
		tries: tries, start: c.Start,
		make:    func(v *victim, epsilon float64) (l2l.Attack, error) { return pgd(v, c.Steps, epsilon), nil },
		shorter: func(v *victim) l2l.Attack { return pgd(v, 1, epsilon) },
	}
}

// Transfer is attack/transfer.
func Transfer() pipeline.Kind {
	k := attackKind(pipeline.Kind{
		Name: "attack/transfer",
		Doc: "Attacks a classifier with images that PGD made on another one, without looking at the first (Jiang et al. 2021, section 4, " +
			"black-box).",
		Inputs: []pipeline.Port{{Name: "source", Type: tables.TypeClassifier, Doc: "the classifier that the images are made on"}},
		Draws:  true,
		Params: func() any { return &TransferParams{common(), climb()} },
	}, runTransfer)
	return k
}

func runTransfer(ctx context.Context, cell *pipeline.Cell) error {
	p := cell.Params.(*TransferParams)
	var source *l2l.Evaluator
	pl := p.plan(1, p.Epsilon, func(*victim) *l2l.Evaluator { return source })
	pl.shorter = nil // on another classifier more steps may well be worse
	crafted := pl.make
	pl.make = func(v *victim, epsilon float64) (l2l.Attack, error) {
		m, err := tables.ReadImages(cell.Inputs["data"].Path)
		if err != nil {
			return nil, err
		}
		if source, _, err = v.classifier("source", m); err != nil {
			return nil, err
		}
		return crafted(v, epsilon)
	}
	return p.run(ctx, cell, pl)
}

// CW is attack/cw-linf.
func CW() pipeline.Kind {
	return attackKind(pipeline.Kind{
		Name: "attack/cw-linf",
		Doc: "Attacks a classifier with Carlini and Wagner's attack in the maximum norm, image by image (Carlini and Wagner 2017; " +
			"Jiang et al. 2021, section 4). Images that are misclassified already are left alone.",
		Params: func() any { return &CWParams{common(), l2l.DefaultCW(0).Iterations} },
	}, func(ctx context.Context, cell *pipeline.Cell) error {
		p := cell.Params.(*CWParams)
		return p.run(ctx, cell, plan{tries: 1, make: func(v *victim, epsilon float64) (l2l.Attack, error) {
			c := l2l.DefaultCW(epsilon)
			c.Iterations = p.Iterations
			return v.CW(c)
		}})
	})
}

// Learned is attack/learned.
func Learned() pipeline.Kind {
	return attackKind(pipeline.Kind{
		Name: "attack/learned",
		Doc: "Attacks a classifier with an attacker network that a training of L2L has left (Jiang et al. 2021, section 3): the " +
			"classifier's own, or another one's.",
		Inputs: []pipeline.Port{{Name: "attacker", Type: tables.TypeClassifier, Doc: "the training whose attacker is used; may be the model itself"}},
		Params: func() any { return &LearnedParams{common()} },
	}, runLearned)
}

func runLearned(ctx context.Context, cell *pipeline.Cell) error {
	p := cell.Params.(*LearnedParams)
	return p.run(ctx, cell, plan{tries: 1, make: func(v *victim, epsilon float64) (l2l.Attack, error) {
		a := cell.Inputs["attacker"]
		config, err := classifierfile.ReadConfig(a)
		if err != nil {
			return nil, err
		}
		if err := config.For(cell.Inputs["data"]); err != nil {
			return nil, err
		}
		variant, attacker, err := classifierfile.OpenAttacker(v.backend, a, config, v.checkpoint)
		if err != nil {
			return nil, err
		}
		return v.Learned(variant, attacker.Network, attacker.Weights, epsilon)
	}})
}
