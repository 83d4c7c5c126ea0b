"""Training steps and convolutions of L2L's small protocol in plain PyTorch: the peer of foil's.

Reads a workload (JSON, see workload.go) from standard input, writes what was
measured to standard output. Networks and their parameters' names are those of the
authors' code (Jiang et al. 2021), eager mode, channels first.
"""

import base64
import json
import math
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

EPSILON = 0.031
ATTACK_STEPS, ATTACK_STEP = 10, 0.007
SGD = {"lr": 0.05, "momentum": 0.9, "weight_decay": 2e-4}
ADAM = {"lr": 1e-3, "weight_decay": 2e-4}


def conv3x3(inputs, outputs, stride=1, bias=False):
    return nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=bias)


class PooledUnit(nn.Module):
    def __init__(self, inputs, outputs, pool):
        super().__init__()
        self.bn1, self.conv1, self.pool = nn.BatchNorm2d(outputs), conv3x3(inputs, outputs), nn.MaxPool2d(pool)

    def forward(self, x):
        return F.relu(self.bn1(self.pool(self.conv1(x))))


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(width), conv3x3(width, width)
        self.bn2, self.conv2 = nn.BatchNorm2d(width), conv3x3(width, width)

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return x + F.relu(self.bn2(self.conv2(y)))


class ResNet9(nn.Module):
    def __init__(self, width, classes):
        super().__init__()
        self.conv1, self.conv2 = PooledUnit(3, width, 1), PooledUnit(width, 2 * width, 2)
        self.block1 = Block(2 * width)
        self.conv3, self.conv4 = PooledUnit(2 * width, 4 * width, 2), PooledUnit(4 * width, 8 * width, 2)
        self.block2 = Block(8 * width)
        self.fc = nn.Linear(8 * width, classes)

    def forward(self, x):
        x = self.block1(self.conv2(self.conv1(x)))
        x = self.block2(self.conv4(self.conv3(x)))
        return self.fc(torch.flatten(F.max_pool2d(x, 4), 1))


class PreactBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(inputs), conv3x3(inputs, outputs, stride)
        self.bn2, self.conv2 = nn.BatchNorm2d(outputs), conv3x3(outputs, outputs)
        if inputs != outputs:
            self.convShortcut = nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False)

    def forward(self, x):
        y = F.relu(self.bn1(x))
        if hasattr(self, "convShortcut"):
            x = self.convShortcut(y)
        return x + self.conv2(F.relu(self.bn2(self.conv1(y))))


class Stage(nn.Module):
    def __init__(self, inputs, outputs, stride, blocks):
        super().__init__()
        self.layer = nn.Sequential(*[
            PreactBlock(outputs if i else inputs, outputs, 1 if i else stride) for i in range(blocks)])

    def forward(self, x):
        return self.layer(x)


class WideResNet(nn.Module):
    def __init__(self, depth, widen, classes):
        super().__init__()
        n, width = (depth - 4) // 6, 16 * widen
        self.conv1 = conv3x3(3, 16)
        self.block1, self.block2 = Stage(16, width, 1, n), Stage(width, 2 * width, 2, n)
        self.block3 = Stage(2 * width, 4 * width, 2, n)
        self.bn1, self.fc = nn.BatchNorm2d(4 * width), nn.Linear(4 * width, classes)

    def forward(self, x):
        x = self.block3(self.block2(self.block1(self.conv1(x))))
        return self.fc(F.relu(self.bn1(x)).mean((2, 3)))


class Unit(nn.Module):
    """Convolution (or its transpose), batch norm, ReLU."""

    def __init__(self, conv):
        super().__init__()
        self.conv, self.bn = conv, nn.BatchNorm2d(conv.out_channels, eps=1e-3)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


class AttackerBlock(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.b1, self.act1 = nn.BatchNorm2d(inputs, affine=False), nn.PReLU()
        self.b2, self.act2 = nn.BatchNorm2d(outputs, affine=False), nn.PReLU()
        self.c1, self.c2 = conv3x3(inputs, outputs, bias=True), conv3x3(outputs, outputs, bias=True)
        self.c_sc = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x):
        y = self.c1(self.act1(self.b1(x)))
        return self.c2(self.act2(self.b2(y))) + self.c_sc(x)


class Slim(nn.Module):
    def __init__(self, channels, width):
        super().__init__()
        self.scale_last = nn.Parameter(torch.tensor([5.0]))
        self.res_group = nn.Sequential(
            Unit(conv3x3(channels, width, stride=2)),
            AttackerBlock(width, 2 * width), AttackerBlock(2 * width, width),
            nn.BatchNorm2d(width, affine=False),
            Unit(nn.ConvTranspose2d(width, 16, 4, stride=2, padding=1, bias=False)),
        )
        self.convfinal = conv3x3(16 + channels, 3)

    def forward(self, x):
        y = self.convfinal(torch.cat([self.res_group(x), x], 1))
        return torch.tanh(y * self.scale_last) * EPSILON


def array(work, name):
    a = work["arrays"][name]
    return torch.frombuffer(bytearray(base64.b64decode(a["data"])), dtype=torch.float32).reshape(a["shape"]).clone()


def load(work, prefix, network):
    """Takes the weights; counts of batches, which foil has not, stay."""
    names = [n for n in network.state_dict() if not n.endswith("num_batches_tracked")]
    wrong = network.load_state_dict({n: array(work, prefix + n) for n in names}, strict=False)
    assert not wrong.unexpected_keys and all(n.endswith("num_batches_tracked") for n in wrong.missing_keys), wrong
    return network


def input_gradient(network, x, labels):
    """The gradient in the images alone: weights' are not computed."""
    x = x.detach().requires_grad_()
    return torch.autograd.grad(F.cross_entropy(network(x), labels), x)[0]


def ascend(network, x, at, labels, steps, step):
    """Moves images by PGD from at, which may be anywhere, and keeps them within epsilon of x."""
    for _ in range(steps):
        at = at + step * input_gradient(network, at, labels).sign()
        at = torch.max(torch.min(at, x + EPSILON), x - EPSILON).clamp(0, 1)
    return at


def pgd(network, x, noise, labels):
    network.eval()
    at = ascend(network, x, x + noise, labels, ATTACK_STEPS, ATTACK_STEP)
    network.train()
    return at


def seen(network, x, labels):
    """What Grad L2L's attacker sees, the images and their scaled gradient, and whether that is all
    zero. The authors' code divides it by zero then; here it stays zero."""
    gradient = input_gradient(network, x, labels)
    largest = gradient.abs().max()
    flat = largest == 0
    return torch.cat([x, gradient / torch.where(flat, 1, largest)], 1), flat.item()


def move(optimizer, loss):
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


class GradGame:
    """Grad L2L: a classifier f and an attacker g, each with its optimizer."""

    def __init__(self, f, g):
        self.f, self.g = f, g
        self.sgd, self.adam = torch.optim.SGD(f.parameters(), **SGD), torch.optim.Adam(g.parameters(), **ADAM)

    def step(self, x, labels):
        """Makes the classifier's turn, then the attacker's turn. Returns the losses of the turns, and
        whether the gradient that the attacker saw was all zero, by turn."""
        f, g = self.f, self.g
        losses, flat = {}, {}
        f.train(), g.eval()
        view, flat["classifier"] = seen(f, x, labels)
        with torch.no_grad():
            moved = g(view)
        loss = F.cross_entropy(f((x + moved).clamp(0, 1)), labels)
        move(self.sgd, loss)
        losses["classifier"] = loss.item()
        f.eval(), g.train()
        view, flat["attacker"] = seen(f, x, labels)
        loss = F.cross_entropy(f((x + g(view)).clamp(0, 1)), labels)
        move(self.adam, -loss)
        losses["attacker"] = loss.item()
        return losses, flat


def training(work):
    x, labels = array(work, "images"), torch.tensor(work["labels"], dtype=torch.long)
    wide = work["work"] == "wrn-34-10"
    f = load(work, "classifier.", WideResNet(34, 10, 10) if wide else ResNet9(16, 10)).train()
    sgd = torch.optim.SGD(f.parameters(), **SGD)

    def plain():
        clean = F.cross_entropy(f(x), labels)
        move(sgd, clean)
        return {"clean": clean.item()}

    def adversarial():
        attacked = pgd(f, x, noise, labels)
        clean, other = F.cross_entropy(f(x), labels), F.cross_entropy(f(attacked), labels)
        move(sgd, (clean + other) / 2)
        return {"clean": clean.item(), "adversarial": other.item()}

    if work["work"] in ("plain", "wrn-34-10"):
        return plain
    if work["work"] == "pgd":
        noise = array(work, "noise")
        return adversarial
    game = GradGame(f, load(work, "attacker.", Slim(6, 32)))
    return lambda: game.step(x, labels)[0]


def convolution(work):
    x, kernel = array(work, "images").requires_grad_(), array(work, "kernel").requires_grad_()
    gradient = array(work, "gradient")

    def step():
        y = F.conv2d(x, kernel, padding=1)
        dx, dk = torch.autograd.grad(y, (x, kernel), gradient)
        return lambda: {"image gradient": dx.norm().item(), "kernel gradient": dk.norm().item(), "result": y.norm().item()}

    return step


def main():
    work = json.load(sys.stdin)
    torch.set_num_threads(work["threads"])
    step = convolution(work) if work["work"].startswith("conv-") else training(work)
    losses, times = [], []
    for _ in range(work["warmup"] + work["steps"]):
        start = time.perf_counter()
        told = step()
        times.append(1000 * (time.perf_counter() - start))
        losses.append(told() if callable(told) else told)
    assert all(math.isfinite(v) for told in losses for v in told.values()), losses
    json.dump({
        "version": f"PyTorch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}",
        "step_ms": times[work["warmup"]:],
        "losses": losses,
    }, sys.stdout)


if __name__ == "__main__":
    main()
