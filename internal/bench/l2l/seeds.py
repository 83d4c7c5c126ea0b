"""Grad L2L at the small protocol with the authors' blocks in plain PyTorch, seed by seed.

The networks and the game are those of step.py. The protocol is that of foil's
l2l-cifar10-small: see README.md, section "Seeds". Each seed adds a line of JSON to a
file; seeds that are in the file are skipped.
"""

import argparse
import io
import json
import math
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import time

import torch
from torch import nn
from torch.nn import functional as F

sys.dont_write_bytecode = True  # no __pycache__ beside the sources
import step
from step import EPSILON, GradGame, ResNet9, Slim, ascend, seen

BATCH, CROP = 32, 4
SCHEDULE, FACTOR = (8, 12), 0.1  # the rate falls after these epochs, counted from 1
PGD_ENDS, PGD_STEP = (10, 20, 100), 0.003
SELECTION_IMAGES, SELECTION_STEPS, SELECTION_STEP, SELECTION_NOISE = 200, 10, 0.003, 0.001
EVALUATION_BATCH = 100  # foil's; the attacker's view depends on the batch

CLASSES, SIDE = 10, 32
FOLDER, ARCHIVE = "cifar-10-batches-bin", "cifar-10-binary.tar.gz"
TRAIN, TEST = [f"data_batch_{i}.bin" for i in range(1, 6)], ["test_batch.bin"]


# The data: the first images of each class, in the order of the files.

def reader():
    """Returns a function from a file's name to its bytes. The data is in FOIL_DATA, as for foil.
    Otherwise a copy as JPEGs in ../shared is converted."""
    if place := os.environ.get("FOIL_DATA"):
        place = pathlib.Path(place)
        for folder in (place / FOLDER, place):
            if (folder / TRAIN[0]).exists():
                return lambda name: (folder / name).read_bytes()
        archive = place / ARCHIVE if place.is_dir() else place
        if not archive.exists():
            sys.exit(f"FOIL_DATA is {place}, but there is no {ARCHIVE} and no {FOLDER}/{TRAIN[0]} in it")
        tar = tarfile.open(archive)
        return lambda name: tar.extractfile(f"{FOLDER}/{name}").read()
    shared = pathlib.Path(__file__).resolve().parents[4] / "shared"
    packed, tool = shared / "data" / "cifar-10-jpeg.tar.xz", shared / "tools" / "cifar10bin" / "main.go"
    if not packed.exists() or not tool.exists():
        sys.exit(f"no CIFAR-10: name a folder with {ARCHIVE} or {FOLDER} in FOIL_DATA")
    with tempfile.TemporaryDirectory() as made:
        subprocess.run(f'xz -dc "{packed}" | go run "{tool}" "{made}"', shell=True, check=True, stdout=subprocess.DEVNULL)
        files = {name: (pathlib.Path(made) / FOLDER / name).read_bytes() for name in TRAIN + TEST}
    return files.__getitem__


def images(read, names, per_class):
    size = 3 * SIDE * SIDE
    pixels, labels, taken = io.BytesIO(), [], [0] * CLASSES
    for name in names:
        data = read(name)
        for at in range(0, len(data), 1 + size):
            label = data[at]
            if taken[label] < per_class:
                taken[label] += 1
                labels.append(label)
                pixels.write(data[at + 1:at + 1 + size])
    if min(taken) < per_class:
        sys.exit(f"{', '.join(names)}: want {per_class} images of each class, there are {taken}")
    x = torch.frombuffer(bytearray(pixels.getvalue()), dtype=torch.uint8).reshape(-1, 3, SIDE, SIDE)
    return x.float() / 255, torch.tensor(labels)


def augmented(x):
    """Random crops of images with a border of zeros, half of them mirrored."""
    padded = F.pad(x, (CROP,) * 4)
    out = []
    for image in padded:
        row, column = (int(v) for v in torch.randint(2 * CROP + 1, (2,)))
        image = image[:, row:row + SIDE, column:column + SIDE]
        out.append(image.flip(2) if torch.rand(()) < 0.5 else image)
    return torch.stack(out)


# The networks: PyTorch's initialisation, but Xavier's in the attacker's residual blocks.

def attacker():
    g = Slim(6, 32)
    for block in g.modules():
        if isinstance(block, step.AttackerBlock):
            for conv, gain in ((block.c1, math.sqrt(2)), (block.c2, math.sqrt(2)), (block.c_sc, 1)):
                if isinstance(conv, nn.Conv2d):
                    nn.init.xavier_uniform_(conv.weight, gain)
    return g


# The scores, with all networks in evaluation mode.

def attacked(attack, x, labels, *more):
    """Attacks images, a batch at a time."""
    parts = zip(*(t.split(EVALUATION_BATCH) for t in (x, labels) + more))
    return torch.cat([attack(*part) for part in parts])


def judge(f, x, labels):
    with torch.no_grad():
        logits = torch.cat([f(part) for part in x.split(EVALUATION_BATCH)])
    return {
        "accuracy": (logits.argmax(1) == labels).double().mean().item(),
        "loss": F.cross_entropy(logits.double(), labels).item(),
    }


def selection(game, x, labels, noise):
    """Scores of foil's selection: clean, under PGD near the images, under the attacker."""
    f, g = game.f.eval(), game.g.eval()

    def pgd(x, labels, noise):
        return ascend(f, x, x + noise, labels, SELECTION_STEPS, SELECTION_STEP)

    def learned(x, labels):
        view, _ = seen(f, x, labels)
        with torch.no_grad():
            return (x + g(view)).clamp(0, 1)

    return {
        "clean": judge(f, x, labels),
        "pgd": judge(f, attacked(pgd, x, labels, noise), labels),
        "learned": judge(f, attacked(learned, x, labels), labels),
    }


def robustness(f, x, labels, noise):
    """Accuracy under PGD from a uniform start, by the number of steps."""
    f.eval()
    found, at, made = {}, x + noise, 0
    for end in PGD_ENDS:
        at = attacked(lambda x, labels, at: ascend(f, x, at, labels, end - made, PGD_STEP), x, labels, at)
        found[end], made = judge(f, at, labels)["accuracy"], end
    return found


# A training.

def rate(epoch):
    return step.SGD["lr"] * FACTOR ** sum(epoch > after for after in SCHEDULE)


def run(seed, epochs, train, test):
    start = time.time()
    torch.manual_seed(seed)
    game = GradGame(ResNet9(16, CLASSES), attacker())
    x, labels = train
    chosen = [t[:SELECTION_IMAGES] for t in test]
    noise = torch.Generator().manual_seed(seed)  # of the attacks that score
    chosen.append(SELECTION_NOISE * torch.randn(chosen[0].shape, generator=noise))
    uniform = EPSILON * (2 * torch.rand(test[0].shape, generator=noise) - 1)
    curve, flat = [], {"classifier": [], "attacker": []}
    for epoch in range(1, epochs + 1):
        for group in game.sgd.param_groups:
            group["lr"] = rate(epoch)
        total, zero = dict.fromkeys(flat, 0.0), dict.fromkeys(flat, 0)
        for number, rows in enumerate(torch.randperm(len(x)).split(BATCH), 1):
            losses, was_flat = game.step(augmented(x[rows]), labels[rows])
            if not all(math.isfinite(v) for v in losses.values()):
                return {"seed": seed, "stopped": f"epoch {epoch}, batch {number}: losses {losses}"}
            for turn in flat:
                total[turn] += losses[turn] * len(rows) / len(x)
                zero[turn] += was_flat[turn]
        for turn in flat:
            flat[turn].append(zero[turn])
        curve.append({"epoch": epoch, "rate": rate(epoch), "training": total, "selection": selection(game, *chosen)})
        print(f"seed {seed}", json.dumps(curve[-1]), f"zero gradients {zero}", f"{time.time() - start:.0f} s", flush=True)
    trained = time.time() - start
    loss = {name: score["loss"] for name, score in curve[-1]["selection"].items()}
    return {
        "seed": seed, "epochs": epochs, "pytorch": torch.__version__,
        "clean": judge(game.f, *test)["accuracy"], "pgd": robustness(game.f, *test, uniform),
        "loss": loss, "learned": (loss["learned"] - loss["clean"]) / (loss["pgd"] - loss["clean"]),
        "flat_gradients": flat, "curve": curve,
        "seconds_training": round(trained), "seconds": round(time.time() - start),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=pathlib.Path, help="file of results, one seed a line")
    parser.add_argument("--seeds", type=int, nargs=2, default=(1, 10), metavar=("FIRST", "LAST"))
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--per-class", type=int, nargs=2, default=(500, 100), metavar=("TRAIN", "TEST"))
    o = parser.parse_args()
    torch.set_num_threads(1)
    done = {json.loads(line)["seed"] for line in o.file.read_text().splitlines()} if o.file.exists() else set()
    read = reader()
    train, test = (images(read, names, n) for names, n in zip((TRAIN, TEST), o.per_class))
    for seed in range(o.seeds[0], o.seeds[1] + 1):
        if seed in done:
            print(f"seed {seed} is there")
            continue
        line = json.dumps(run(seed, o.epochs, train, test))
        with o.file.open("a") as out:
            out.write(line + "\n")


if __name__ == "__main__":
    main()
