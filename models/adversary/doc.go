// Package adversary holds networks that predict a user's attribute from a latent vector: groups of
// small heads that are trained in parallel behind a gradient reversal layer (Escobedo et al. 2024,
// section 3), and probes, which are the same heads trained on frozen latent vectors to attack a
// finished model.
//
// A head is dropout - linear - activation - linear. A group is a number of heads for one attribute
// with the same input. Its loss is the mean over the heads.
package adversary
