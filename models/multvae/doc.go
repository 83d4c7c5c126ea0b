// Package multvae is MultVAE (Liang et al. 2018), a variational autoencoder over users' item sets,
// with any number of adversary groups on its latent vector. Without groups it is MultVAE, with one
// group AdvMultVAE (Ganhör et al. 2022), with several groups AdvXMultVAE (Escobedo et al. 2024).
//
// A training step consists of products in graphs, and of passes over flat values between them. So
// the sparse input, the large softmax and the dropout masks are not part of the graphs:
//
//  1. the encoder's product, a sum of the weight rows of the user's items (encoder.go)
//  2. sampling of z and the KL divergence (latent.go)
//  3. a graph from z to logits; the softmax cross-entropy and its gradient (package kernels); a
//     graph from there to the gradients of the decoder and of z;
//     with AVX-512 instead of the graphs: a product, and a pass that updates the decoder by blocks
//     (kernels.LinearStep)
//  4. dropout for each adversary; a graph for their losses and gradients; the reversed gradients
//     are added to that of z (package adversary)
//  5. the gradient of the encoder's output, and of its weight rows, block by block; each block is
//     followed by Adam
//
// Shapes use: b users of a batch, l latent, i items.
package multvae
