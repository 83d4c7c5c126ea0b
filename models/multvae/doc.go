// Package multvae is MultVAE (Liang et al. 2018), a variational autoencoder
// over users' item sets, with any number of adversary groups on its latent
// vector: none makes it MultVAE, one AdvMultVAE (Ganhör et al. 2022), several
// AdvXMultVAE (Escobedo et al. 2024).
//
// A training step runs in five parts, so that the sparse input and the large
// softmax stay out of the graph:
//
//  1. the encoder's product, a sum of the rows of the user's items (encoder.go)
//  2. a graph: sampling, KL divergence, adversaries and their gradients, logits
//  3. the softmax cross-entropy and its gradient, in place (package kernels)
//  4. a graph: from the gradient of the logits to those of decoder and latent
//  5. the encoder's gradient, scattered to the rows of the items, and Adam
//
// Shapes use: b users of a batch, l latent, i items.
package multvae
