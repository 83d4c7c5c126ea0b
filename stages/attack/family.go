package attack

import (
	"context"
	"fmt"

	"foil/internal/artifact"
	"foil/internal/artifact/latents"
	"foil/internal/learners"
	"foil/models/backend"
	"foil/models/random"
	"foil/pipeline"
)

// familyFiles documents the output of the kinds with a family of attackers. seen is what these see of
// the users.
func familyFiles(seen string) []pipeline.FileDoc {
	return []pipeline.FileDoc{
		{Name: artifact.MetricsFile, Doc: "scores of the strongest attacker, whose group is the attribute, and of each attacker: " +
			"the group is ATTRIBUTE/MEMBER, such as gender/trees. " +
			"Categorical attributes: bacc (balanced accuracy), auc (area under the ROC curve; with more than two classes the mean over classes, each against the rest), " +
			"shuffled_bacc (the same attacker after training on shuffled labels) and bacc_majority (always predicting the most frequent class). " +
			"Numeric attributes: mae (in units of the target), mae_original (in units of the attribute), shuffled_mae, " +
			"mae_mean and mae_median (always predicting the mean or median of the training users). " +
			"chosen is 1 for the member that is the strongest one, otherwise 0. " +
			"Split train: bits, the length of an online code of the training users' labels with logistic regression (Voita and Titov 2020), " +
			"beside bits_frequencies (without the " + seen + ") and bits_uniform (equal probabilities); " +
			"numbers are coded as at most 10 classes between quantiles"},
		{Name: artifact.OutcomesFile, Doc: "for each split, checkpoint and user: the user's attributes, the label of each attribute under attack, and for the strongest attacker and each member " +
			"score and predicted, or score and error, as attack/latent-probe has them; and a column for each metric that is a mean over users"},
		notesDoc,
	}
}

// familyLibraries are those that the members compute with.
var familyLibraries = []string{backend.Module("gonum.org/v1/gonum")}

// familyLike are the parameters that the time of a family depends on.
var familyLike = []string{"attributes", "checkpoints", "members", "trees", "network"}

// memberGroup is the group of a member's metrics.
func memberGroup(attribute, member string) string { return attribute + "/" + member }

// facts lists the metrics. An attribute without a range may be of either type.
func (p *FamilyParams) facts(map[string]*pipeline.Facts) *pipeline.Facts {
	f := &pipeline.Facts{}
	for _, checkpoint := range p.Checkpoints {
		add := func(group, split, unit string, names ...string) {
			for _, name := range names {
				f.Metrics = append(f.Metrics, pipeline.Metric{Name: name, Group: group, Split: split, Checkpoint: checkpoint, Unit: unit})
			}
		}
		for _, a := range p.Attributes {
			add(a.Attribute, artifact.Train, "", "bits", "bits_frequencies", "bits_uniform")
			for _, split := range p.Splits {
				attacker := func(group string) {
					if a.Range == nil {
						add(group, split, artifact.UnitUser, "bacc", "shuffled_bacc")
						add(group, split, "", "auc")
					}
					add(group, split, artifact.UnitUser, "mae", "mae_original", "shuffled_mae")
				}
				attacker(a.Attribute)
				if a.Range == nil {
					add(a.Attribute, split, artifact.UnitUser, "bacc_majority")
				}
				add(a.Attribute, split, artifact.UnitUser, "mae_mean", "mae_median")
				for _, member := range p.Members {
					group := memberGroup(a.Attribute, member)
					attacker(group)
					add(group, split, "", "chosen")
				}
			}
		}
	}
	return f
}

// A view is what the attackers see at a checkpoint: a vector for each user of each part.
type view struct {
	width int
	of    map[string]latents.Part
	note  string // for the readers of tables, the same at all checkpoints; "": none
}

// A family attacks the checkpoints of a recommender.
type family struct {
	params   *FamilyParams
	cell     *pipeline.Cell
	users    *artifact.Users
	done     int // attackers that have been trained
	metrics  []artifact.Metric
	outcomes *artifact.Outcomes
}

// runFamily attacks all checkpoints by what see shows of them.
func runFamily(ctx context.Context, cell *pipeline.Cell, p *FamilyParams, users *artifact.Users, see func(checkpoint string) (*view, error)) error {
	f := &family{params: p, cell: cell, users: users, outcomes: &artifact.Outcomes{}}
	var note string
	for _, checkpoint := range p.Checkpoints {
		v, err := see(checkpoint)
		if err == nil {
			note = v.note
			err = f.run(ctx, checkpoint, v)
		}
		if err != nil {
			return fmt.Errorf("attack on the %s checkpoint: %w", checkpoint, err)
		}
	}
	if err := artifact.WriteNotes(cell.Create, note); err != nil {
		return err
	}
	return artifact.WriteEvaluation(cell.Create, f.metrics, f.outcomes)
}

// run attacks a checkpoint. The attacks on both checkpoints use the same random numbers.
func (f *family) run(ctx context.Context, checkpoint string, v *view) error {
	parts := map[string]*artifact.Outcomes{}
	for _, split := range f.params.Splits {
		user := v.of[split].User
		parts[split] = &artifact.Outcomes{
			Unit:  artifact.UnitUser,
			Parts: []artifact.OutcomePart{{Split: split, Checkpoint: checkpoint, Rows: len(user)}},
			Units: user,
		}
	}
	for _, a := range f.params.Attributes {
		s, err := newSubject(a, f.users, v)
		if err != nil {
			return err
		}
		results, err := f.attack(ctx, s, checkpoint)
		if err != nil {
			return fmt.Errorf("attribute %s: %w", a.Attribute, err)
		}
		if err := f.code(s, checkpoint); err != nil {
			return fmt.Errorf("code of the attribute %s: %w", a.Attribute, err)
		}
		for _, split := range f.params.Splits {
			metrics, series := s.score(results, split)
			for _, m := range metrics {
				m.Split, m.Checkpoint = split, checkpoint
				f.cell.Logf("%s checkpoint, %s users, %s: %s %.4f", checkpoint, split, m.Group, m.Name, m.Value)
				f.metrics = append(f.metrics, m)
			}
			parts[split].Series = append(parts[split].Series, series...)
		}
	}
	for _, split := range f.params.Splits {
		parts[split].AddAttributes(f.users)
		if err := f.outcomes.Append(parts[split]); err != nil {
			return err
		}
	}
	return nil
}

// A result is what a member of the family says about the held users.
type result struct {
	member           string
	answer, shuffled *learners.Matrix // of the attacker, and of one that has learned from shuffled labels
	chosen           bool
}

// attack trains the members on an attribute, and chooses the strongest one on the validation users.
func (f *family) attack(ctx context.Context, s *subject, checkpoint string) ([]result, error) {
	control := s.shuffled(random.New(f.cell.Seed, "attack/shuffled/"+s.Name))
	var results []result
	best := 0
	for i, member := range f.params.Members {
		r := result{member: member}
		for _, of := range []struct {
			subject *subject
			to      **learners.Matrix
		}{{s, &r.answer}, {control, &r.shuffled}} {
			var err error
			if *of.to, err = f.train(ctx, member, of.subject); err != nil {
				return nil, fmt.Errorf("%s: %w", member, err)
			}
			f.done++
			f.cell.Progress(pipeline.Progress{
				Done: int64(f.done), Total: int64(2 * len(f.params.Members) * len(f.params.Attributes) * len(f.params.Checkpoints)),
				Unit: "attackers", Message: checkpoint + " checkpoint, " + memberGroup(s.Name, member),
			})
		}
		results = append(results, r)
		if s.miss(r.answer) < s.miss(results[best].answer) {
			best = i
		}
	}
	results[best].chosen = true
	return results, nil
}

func (f *family) train(ctx context.Context, member string, s *subject) (*learners.Matrix, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	switch member {
	case linear:
		return s.linear(f.params.C)
	case trees:
		return s.trees(ctx, f.params.Trees)
	default:
		return f.network(ctx, s)
	}
}

// codedClasses is the largest number of classes that numbers are coded as.
const codedClasses = 10

// code adds the online code lengths of the training users' labels.
func (f *family) code(s *subject, checkpoint string) error {
	class, classes := s.class, len(s.Classes)
	if s.Classes == nil {
		class, classes = learners.QuantileClasses(s.value, codedClasses)
	}
	order := random.New(f.cell.Seed, "attack/code/"+s.Name).Perm(len(class))
	code, err := learners.CodeLength(s.train, class, classes, f.params.C, order)
	if err != nil {
		return err
	}
	for _, m := range []artifact.Metric{
		{Name: "bits", Value: code.Bits}, {Name: "bits_frequencies", Value: code.Frequencies}, {Name: "bits_uniform", Value: code.Uniform},
	} {
		m.Group, m.Split, m.Checkpoint = s.Name, artifact.Train, checkpoint
		f.metrics = append(f.metrics, m)
	}
	return nil
}
