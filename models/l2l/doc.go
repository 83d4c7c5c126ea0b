// Package l2l trains image classifiers against an attacker network that is trained with them
// (Learning to Defend by Learning to Attack, Jiang et al. 2021), and by the methods that L2L is
// compared with.
//
//   - Methods is the table of all methods, with their names and properties. Other code asks the
//     table. A Recipe is a method with its settings.
//   - A Trainer trains a classifier without an attacker network, on clean images or under an
//     attack. A Game trains a classifier and an attacker against each other. A round is one of the
//     losses of a game.
//   - Each step takes a Batch, which holds all random numbers. A State holds everything that a
//     training must save to continue with the same bits.
//   - NewAttack attacks with the attacker of a game.
//
// Formulas are those of the authors' PyTorch code. Networks come from packages nn and zoo, attacks
// by gradient ascent from package ascent.
package l2l
