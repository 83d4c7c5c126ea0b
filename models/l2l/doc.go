// Package l2l trains image classifiers: against an attacker network that learns with them,
// which is Learning to Defend by Learning to Attack (Jiang et al. 2021), and by the methods that
// it is compared with.
//
//   - Methods is the table of all methods, and the one place that knows their names and
//     properties. A Recipe is a method with its settings.
//   - A Trainer trains a classifier by itself, on images as they are or under an attack. A Game
//     trains a classifier and an attacker against each other. A round is one of its losses.
//   - Each step takes a Batch, which holds all that is random. A State is what a training must
//     save to go on to the same bits.
//   - NewAttack attacks with the attacker of a game.
//
// Formulas are those of the authors' PyTorch code. Networks come from packages nn and zoo,
// attacks by gradient ascent from package ascent.
package l2l
