"""Erasers of the package concept-erasure, the reference for models/leace: python3 leace.py > leace.json

Made with concept-erasure 0.2.4 and PyTorch 2.15. All inputs are multiples of 1/64, so that they are
the same numbers in JSON, and a linear combination with whole factors is exact.
"""
import json

import torch
from concept_erasure import LeaceFitter

torch.manual_seed(17)
f64 = {"dtype": torch.float64}


def grid(x):
    return torch.round(x * 64) / 64


def digits(x):
    return [[float(f"{v:.10g}") for v in row] for row in x.tolist()]


def one_hot(labels, classes):
    return torch.nn.functional.one_hot(labels, classes).to(torch.float64)


def features(n, d, labels, strength=1.0):
    """Correlated features of different sizes whose means depend on the labels, and are not 0."""
    scale = torch.logspace(0.5, -0.7, d, **f64)
    means = torch.randn(int(labels.max()) + 1, d, **f64) * strength
    return grid((torch.randn(n, d, **f64) @ (torch.eye(d, **f64) + 0.3 * torch.randn(d, d, **f64)) + means[labels]) * scale + 2)


cases = []


def case(name, x, z, tolerance=0.01):
    erasers = []
    for shrinkage in True, False:
        e = LeaceFitter.fit(x, z, shrinkage=shrinkage, svd_tol=tolerance).eraser
        erasers.append({"shrinkage": shrinkage, "projection": digits(e.P), "erased": digits(e(x[:5]))})
    cases.append({"name": name, "tolerance": tolerance, "x": x.tolist(), "z": z.tolist(), "erasers": erasers})


gender = torch.randint(0, 2, (80,))
age = torch.randint(0, 7, (80,))
years = torch.tensor([1, 18, 25, 35, 45, 50, 56], **f64)

case("two classes", features(80, 6, gender), one_hot(gender, 2))
case("seven classes", features(80, 9, age), one_hot(age, 7))
case("more classes than features", features(80, 4, age), one_hot(age, 7))

both = features(80, 8, gender) + grid(torch.outer(years[age] / 16, torch.randn(8, **f64)))
case("a number and two classes", both, torch.cat([one_hot(gender, 2), years[age, None]], 1))
case("two and seven classes", both, torch.cat([one_hot(gender, 2), one_hot(age, 7)], 1))

low = features(80, 4, gender)
case("covariance of rank 4 of 7", torch.cat([low, low[:, :1] + low[:, 1:2], 2 * low[:, 2:3], low[:, :1] - low[:, 3:]], 1), one_hot(gender, 2))
case("fewer users than features", features(8, 12, gender[:8]), one_hot(gender[:8], 2))

constant = features(80, 6, gender)
constant[:, 1], constant[:, 4] = 3, 0
case("constant features", constant, one_hot(gender, 2))
case("constant concept", features(80, 5, gender), torch.cat([one_hot(gender, 2), torch.ones(80, 1, **f64)], 1))

# The second concept is hardly in the features, so that the reference leaves it at 0.05.
weak = torch.randint(0, 2, (80,))
case("one concept below the tolerance", features(80, 3, gender), torch.cat([one_hot(gender, 2), one_hot(weak, 2) / 8], 1), tolerance=0.05)
case("independent concept", features(80, 3, gender), one_hot(weak, 2) / 64, tolerance=0.05)

print("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]")
