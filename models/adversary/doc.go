// Package adversary holds the networks that read a user's attribute from a
// latent vector: groups of small heads trained in parallel behind a gradient
// reversal layer (Escobedo et al. 2024, section 3), and probes, the same heads
// trained on frozen latents to attack a finished model.
//
// A head is dropout - linear - activation - linear. A group is a number of
// heads for one attribute that share their input; its loss is the mean over them.
package adversary
