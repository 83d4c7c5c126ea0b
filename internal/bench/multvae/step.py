"""One training step of AdvXMultVAE in plain PyTorch: the peer of foil's.

Reads a workload (JSON, see workload.go) from standard input, writes what was
measured to standard output. With --fused Adam is PyTorch's fused kernel, which
is not what the published code uses, but faster. The model is the published one (Escobedo et al.
2024): dense batches, each adversary a small network of its own, one backward
pass, two optimizers. Shapes use: b users of a batch, l latent, i items.
"""

import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

LATENT = 100
HEADS, HIDDEN = 10, 5
INPUT_DROPOUT, HEAD_DROPOUT = 0.1, 0.3
REVERSAL = 400.0
BETA = 0.8
CLASS_WEIGHTS = [0.72, 0.28]
ADAM = {"lr": 1e-3, "weight_decay": 1e-4, "fused": "--fused" in sys.argv[1:]}


def linear(inputs, outputs):
    """A layer of the autoencoder, with the published initialisation."""
    layer = nn.Linear(inputs, outputs)
    nn.init.xavier_normal_(layer.weight, gain=5 / 3)
    nn.init.constant_(layer.bias, 0.01)
    return layer


class MultVAE(nn.Module):
    def __init__(self, items):
        super().__init__()
        self.encoder = linear(items, 2 * LATENT)
        self.decoder = linear(LATENT, items)

    def forward(self, x):  # [b, i]
        h = F.normalize(F.dropout(x, INPUT_DROPOUT, self.training))
        mu, log_var = self.encoder(h).chunk(2, dim=1)  # [b, l]
        z = mu + torch.randn_like(mu) * torch.exp(log_var / 2)
        kl = 0.5 * (log_var.exp() + mu**2 - log_var - 1).sum(dim=1).mean()
        return self.decoder(z), z, kl


class Reverse(torch.autograd.Function):
    """Gradient reversal: identity forward, times -REVERSAL backward."""

    @staticmethod
    def forward(ctx, z):
        return z.view_as(z)

    @staticmethod
    def backward(ctx, grad):
        return -REVERSAL * grad


class Group(nn.Module):
    """The adversaries of one attribute, one network after the other."""

    def __init__(self, activation, outputs, loss):
        super().__init__()
        self.loss = loss
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Dropout(HEAD_DROPOUT), nn.Linear(LATENT, HIDDEN), activation(), nn.Linear(HIDDEN, outputs))
            for _ in range(HEADS)
        )

    def forward(self, z, target):
        z = Reverse.apply(z)
        return torch.stack([self.loss(head(z), target) for head in self.heads]).mean()


def main():
    work = json.load(sys.stdin)
    torch.set_num_threads(work["threads"])
    torch.manual_seed(1)

    x = torch.zeros(len(work["rows"]), work["items"])
    for user, items in enumerate(work["rows"]):
        x[user, items] = 1
    gender = torch.tensor(work["gender"])
    age = torch.tensor(work["age"]).unsqueeze(1)

    vae = MultVAE(work["items"])
    groups = nn.ModuleList([
        Group(nn.ReLU, 2, nn.CrossEntropyLoss(torch.tensor(CLASS_WEIGHTS))),
        Group(nn.Sigmoid, 1, nn.MSELoss()),
    ])
    optimizers = [torch.optim.Adam(part.parameters(), **ADAM) for part in (vae, groups)]

    def step():
        logits, z, kl = vae(x)
        losses = {
            "softmax": -(F.log_softmax(logits, dim=1) * x).sum(dim=1).mean(),
            "KL": BETA * kl,
            "gender": groups[0](z, gender),
            "age": groups[1](z, age),
        }
        for optimizer in optimizers:
            optimizer.zero_grad()
        sum(losses.values()).backward()
        for optimizer in optimizers:
            optimizer.step()
        return {part: loss.item() for part, loss in losses.items()}

    losses, times = [], []
    for _ in range(work["warmup"] + work["steps"]):
        start = time.perf_counter()
        losses.append(step())
        times.append(1000 * (time.perf_counter() - start))
    json.dump({
        "version": f"PyTorch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}",
        "step_ms": times[work["warmup"]:],
        "losses": losses,
    }, sys.stdout)


if __name__ == "__main__":
    main()
