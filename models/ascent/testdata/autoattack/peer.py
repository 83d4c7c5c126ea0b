"""Runs the published AutoAttack on a classifier of foil, with foil's random numbers.

    go test ./stages/attack/images -run TestClassifierForPeers -args -peer /tmp/classifier.safetensors
    git clone https://github.com/fra31/auto-attack   # a39220048b3c9f2cca9a4d3a54604793c68eca7e
    PYTHONPATH=auto-attack python peer.py /tmp/classifier.safetensors models/ascent/testdata/autoattack

The first command trains a classifier anew; tensors.safetensors of the folder holds the one of the
committed figures, and serves in place of its file. It needs torch and numpy. AutoAttack draws random numbers for a batch. Here a batch is one image, and
its numbers come from the stream that foil uses for this image and this try. Nothing else differs
from the published code. The folder gets tensors.safetensors and case.json.
"""

import contextlib
import hashlib
import io
import json
import struct
import sys

import torch
import torch.nn.functional as F
from torch import nn

from autoattack import AutoAttack
from autoattack.autopgd_base import APGDAttack, APGDAttack_targeted
from autoattack.fab_pt import FABAttack_PT
from autoattack.square import SquareAttack

SEED, EPSILON, LARGE, SHORT = 5, 0.025, 0.06, 25


class Stream:
    """models/random: PCG-DXSM of Go's math/rand/v2, seeded by a purpose."""

    def __init__(self, purpose):
        h = hashlib.sha256(f"foil random stream\n{SEED}\n{purpose}\n".encode()).digest()
        self.state = int.from_bytes(h[:8], "little") << 64 | int.from_bytes(h[8:16], "little")

    def word(self):
        multiplier, increment = 2549297995355413924 << 64 | 4865540595714422341, 6364136223846793005 << 64 | 1442695040888963407
        self.state = (self.state * multiplier + increment) % (1 << 128)
        high, low = self.state >> 64, self.state % (1 << 64)
        high ^= high >> 32
        high = high * 0xDA942042E4DD58B5 % (1 << 64)
        high ^= high >> 48
        return high * (low | 1) % (1 << 64)

    def rand(self, *shape):
        if len(shape) == 1 and not isinstance(shape[0], int):
            shape = shape[0]
        n = torch.Size(shape).numel()
        return torch.tensor([(self.word() >> 32) % (1 << 24) / (1 << 24) for _ in range(n)], dtype=torch.float32).reshape(shape)


image = 0  # its number


def draws_for_tries(attack, name, tries):
    """Lets every try of an attack draw from the stream of its own. tries are those for one target."""
    perturb, run = attack.perturb, attack.attack_single_run

    def counted(self, *args, **kwargs):
        self.calls = 0
        return perturb(self, *args, **kwargs)

    def drawn(self, *args, **kwargs):
        target, restart = divmod(self.calls, tries(self))
        self.calls += 1
        purpose = name(self) + (f"/target {target + 2}" if name(self).endswith("-t") else "")
        torch.rand = Stream(f"{purpose}/{restart}/image {image}").rand
        return run(self, *args, **kwargs)

    attack.perturb, attack.attack_single_run = counted, drawn


def restarts(self):
    return self.n_restarts


losses = {"ce": "apgd-ce", "dlr": "apgd-dlr", "dlr-targeted": "apgd-t"}
draws_for_tries(APGDAttack_targeted, lambda self: losses[self.loss], restarts)
draws_for_tries(APGDAttack, lambda self: losses[self.loss], restarts)
draws_for_tries(FABAttack_PT, lambda self: "fab-t", restarts)
draws_for_tries(SquareAttack, lambda self: "square", restarts)


def conv3x3(inputs, outputs):
    return nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)


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
        return x + F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))


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
        return self.fc(x.amax((2, 3)))


TYPES = {"F32": (torch.float32, 4), "I64": (torch.int64, 8)}


def read(path):
    with open(path, "rb") as f:
        header = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        data = f.read()
    return {
        name: torch.frombuffer(bytearray(data[slice(*t["data_offsets"])]), dtype=TYPES[t["dtype"]][0]).reshape(t["shape"])
        for name, t in header.items() if name != "__metadata__"
    }


def write(path, tensors):
    header, parts, at = {}, [], 0
    for name, t in sorted(tensors.items()):
        part = bytes(t.contiguous().view(torch.uint8).flatten().tolist())
        kind = next(k for k, (dtype, _) in TYPES.items() if dtype == t.dtype)
        header[name] = {"dtype": kind, "shape": list(t.shape), "data_offsets": [at, at + len(part)]}
        parts, at = parts + [part], at + len(part)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(parts))


def main(weights, folder):
    global image
    torch.set_num_threads(1)
    tensors = read(weights)
    x, y = tensors["in.x"], tensors["in.y"]
    classes, last = tensors["w.fc.weight"].shape
    model = ResNet9(last // 8, classes).eval()
    names = [n for n in model.state_dict() if not n.endswith("num_batches_tracked")]
    model.load_state_dict({n: tensors["w." + n] for n in names}, strict=False)
    targets = classes - 1  # AutoAttack's own are 9

    def attacks(epsilon, iterations):
        common = {"n_iter": iterations, "norm": "Linf", "eps": epsilon, "seed": 0, "device": "cpu"}
        return {
            "apgd-ce": APGDAttack(model, loss="ce", n_restarts=2, **common),
            "apgd-dlr": APGDAttack(model, loss="dlr", n_restarts=2, **common),
            "apgd-t": APGDAttack_targeted(model, n_target_classes=targets, **common),
            "fab-t": FABAttack_PT(model, n_restarts=2, targeted=True, n_target_classes=targets, **common),
            "square": SquareAttack(model, norm="Linf", eps=epsilon, n_queries=10 * iterations, resc_schedule=False, device="cpu", seed=0),
        }

    def run(attack):
        global image
        made = []
        for image in range(len(x)):
            made.append(attack.perturb(x[image:image + 1].clone(), y[image:image + 1]).detach())
        return torch.cat(made)

    def wrong(images):
        with torch.no_grad():
            return (model(images).argmax(1) != y).tolist()

    scalars = {"wrong": wrong(x)}
    for name, attack in attacks(EPSILON, 100).items():
        scalars["wrong." + name] = wrong(run(attack))
        print(name, sum(scalars["wrong." + name]), flush=True)
    few = [i for i in range(len(x)) if not scalars["wrong"][i]][:5]
    for name, attack in attacks(LARGE, SHORT).items():
        made = run(attack)
        scalars["wrong.large." + name] = wrong(made)
        tensors["out." + name] = made[few]
        print(name, "large", sum(scalars["wrong.large." + name]), flush=True)
    scalars["few"] = few

    scalars["wrong.auto"] = []
    for image in range(len(x)):
        auto = AutoAttack(model, norm="Linf", eps=EPSILON, version="standard", seed=0, device="cpu", verbose=False)
        auto.apgd_targeted.n_target_classes = auto.fab.n_target_classes = targets
        auto.square.n_queries = 1000  # instead of 5000, which takes minutes without vector instructions
        with contextlib.redirect_stdout(io.StringIO()):
            made = auto.run_standard_evaluation(x[image:image + 1], y[image:image + 1], bs=1)
        scalars["wrong.auto"] += (model(made).argmax(1) != y[image]).tolist()
    print("auto", sum(scalars["wrong.auto"]))

    write(folder + "/tensors.safetensors", tensors)
    case = {"hyper": {"classifier": {"net": "resnet9", "width": last // 8}, "epsilon": EPSILON},
            "expected_scalars": {name: {"value": value} for name, value in scalars.items()}}
    with open(folder + "/case.json", "w") as f:
        json.dump(case, f, indent=1)
        f.write("\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
