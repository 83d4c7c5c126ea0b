// Package multvae is MultVAE (Liang et al. 2018), a variational autoencoder
// over users' item sets, with any number of adversary groups on its latent
// vector: none makes it MultVAE, one AdvMultVAE (Ganhör et al. 2022), several
// AdvXMultVAE (Escobedo et al. 2024).
//
// A training step is products in graphs and passes over flat values between them,
// so that the sparse input, the large softmax and the dropout masks stay out of
// the graphs:
//
//  1. the encoder's product, a sum of the rows of the user's items (encoder.go)
//  2. sampling of z and the KL divergence (latent.go)
//  3. a graph: z to logits; the softmax cross-entropy and its gradient (package
//     kernels); a graph: from there to the gradients of the decoder and of z
//  4. dropout for each adversary; a graph: their losses and gradients; what they
//     send back to z through gradient reversal (package adversary)
//  5. the gradient of the encoder's output, and of its rows a block at a time, each
//     followed by Adam
//
// Shapes use: b users of a batch, l latent, i items.
package multvae
