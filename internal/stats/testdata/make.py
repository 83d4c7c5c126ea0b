"""Writes scipy.json: what SciPy and statsmodels compute from fixed numbers.

    python3 -m venv env && env/bin/pip install scipy==1.17.1 statsmodels==0.15.0
    env/bin/python make.py > scipy.json
"""

import itertools
import json
import sys

import numpy as np
import scipy
import statsmodels
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.multitest import multipletests

rng = np.random.default_rng(16)
out = {"versions": {"scipy": scipy.__version__, "statsmodels": statsmodels.__version__}}


def numbers(a):
    return [float(v) for v in a]


def integers(a):
    return [int(v) for v in a]


def samples():
    yield "five folds", np.array([0.021, 0.034, -0.004, 0.018, 0.027])
    yield "small", np.array([1.0, 2.0, 3.0, 4.0, 6.0])
    yield "normal", rng.normal(0.3, 1, 30).round(3)
    yield "skewed", rng.exponential(1, 50).round(3) - 0.8
    yield "zero and one", rng.integers(0, 2, 40).astype(float)
    yield "far", rng.normal(1000, 1, 25).round(2)  # a p value near 1e-75
    yield "two", np.array([0.5, 0.75])


# Student's t: the interval of a mean, a paired test, a prediction of one more run.
out["student"] = []
for name, x in samples():
    y = rng.normal(0, 1, len(x)).round(3)
    one, pair = stats.ttest_1samp(x, 0), stats.ttest_rel(x, y)
    ols = sm.OLS(x, np.ones(len(x))).fit()
    folds = len(x)
    share = 1 / (folds - 1)  # k folds: test units over training units
    s2 = np.var(x, ddof=1) * (1 / folds + share)
    t = x.mean() / np.sqrt(s2)
    half = stats.t.ppf(0.975, folds - 1) * np.sqrt(s2)
    out["student"].append({
        "name": name, "x": numbers(x), "y": numbers(y),
        "mean": float(x.mean()),
        "interval": numbers(one.confidence_interval(0.95)),
        "interval90": numbers(one.confidence_interval(0.9)),
        "p": float(one.pvalue),
        "pair_p": float(pair.pvalue), "pair_interval": numbers(pair.confidence_interval(0.95)),
        "effect": float(x.mean() / x.std(ddof=1)),
        "prediction": numbers(ols.get_prediction([1.0]).conf_int(obs=True, alpha=0.05)[0]),
        "corrected_p": float(2 * stats.t.sf(abs(t), folds - 1)),
        "corrected_interval": [float(x.mean() - half), float(x.mean() + half)],
    })

# Repeated units: OLS on a constant, with variances by unit, and by unit and block.
out["clustered"] = []
for name, units, repeats, nested in [("seeds", 25, 3, False), ("uneven", 30, 4, False), ("folds", 40, 1, True)]:
    unit, block, values = [], [], []
    for u in range(units):
        of_unit = rng.normal()
        blocks = [u % 5] if nested else range(repeats)
        for b in blocks:
            if name == "uneven" and rng.random() < 0.3:
                continue
            unit.append(u)
            block.append(b)
            values.append(round(0.4 + of_unit + 0.3 * b + rng.normal(), 3))
    x, unit, block = np.array(values), np.array(unit), np.array(block)
    one = sm.OLS(x, np.ones(len(x))).fit(cov_type="cluster", cov_kwds={"groups": unit}, use_t=True)
    two = sm.OLS(x, np.ones(len(x))).fit(cov_type="cluster", cov_kwds={"groups": np.column_stack([unit, block])}, use_t=True)
    case = {
        "name": name, "x": numbers(x), "unit": integers(unit), "block": integers(block),
        "interval": numbers(one.conf_int(0.05)[0]), "p": float(one.pvalues[0]),
        "both": numbers(two.conf_int(0.05)[0]),
    }
    out["clustered"].append(case)

# Balanced means: Welch's interval of (m0+m1)/2 is half of that of m0-(-m1).
out["balanced"] = []
for name, a, b in [
    ("normal", rng.normal(1, 1, 12).round(3), rng.normal(0, 3, 40).round(3)),
    ("zero and one", np.array([1.0] * 9 + [0.0] * 5), np.array([1.0] * 40 + [0.0] * 21)),
]:
    welch = stats.ttest_ind(a, -b, equal_var=False)
    out["balanced"].append({
        "name": name, "x": numbers(a) + numbers(b), "class": [0] * len(a) + [1] * len(b),
        "mean": float((a.mean() + b.mean()) / 2),
        "interval": [float(v) / 2 for v in welch.confidence_interval(0.95)], "p": float(welch.pvalue),
        "effect": float((a.mean() + b.mean()) / 2 / np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2)),
    })

# Sign flips: exact where SciPy counts all patterns.
out["flips"] = []
for name, x, y in [
    ("five folds", np.array([0.52, 0.55, 0.49, 0.51, 0.53]), np.array([0.50, 0.51, 0.48, 0.50, 0.52])),
    ("ties", np.array([0.1, 0.2, 0.3, 0.4, 0.3, 0.1, 0.7]), np.array([0.2, 0.1, 0.1, 0.1, 0.0, 0.3, 0.6])),
    ("right or wrong", rng.integers(0, 2, 12).astype(float), rng.integers(0, 2, 12).astype(float)),
    ("sixteen", rng.normal(0.5, 1, 16).round(3), rng.normal(0, 1, 16).round(3)),
    ("nineteen", rng.normal(0.5, 1, 19).round(3), rng.normal(0, 1, 19).round(3)),
]:
    test = stats.permutation_test((x, y), lambda a, b, axis: np.mean(a - b, axis=axis), vectorized=True,
                                  permutation_type="samples", n_resamples=np.inf, batch=1 << 14)
    out["flips"].append({"name": name, "x": numbers(x), "y": numbers(y), "p": float(test.pvalue)})

# Percentile bootstrap: bounds that another random stream meets.
out["bootstrap"] = []
for name, x in [("normal", rng.normal(2, 1, 200).round(3)), ("skewed", rng.exponential(1, 150).round(3)),
                ("zero and one", rng.integers(0, 2, 300).astype(float))]:
    interval = stats.bootstrap((x,), np.mean, method="percentile", n_resamples=100_000, rng=1, batch=1000).confidence_interval
    out["bootstrap"].append({"name": name, "x": numbers(x), "interval": numbers(interval), "error": float(stats.sem(x))})

# Corrections.
out["corrections"] = []
for p in [[0.01, 0.03, 0.04], [0.02, 0.03, 0.035], [0.5], [0.9, 0.8, 0.7], [0.04, 0.04, 0.04, 0.001],
          numbers(rng.random(20).round(4)), numbers((rng.random(12) ** 4).round(5))]:
    out["corrections"].append({"p": p, "holm": numbers(multipletests(p, method="holm")[1]),
                               "bh": numbers(multipletests(p, method="fdr_bh")[1])})


# Gaps between groups.
def gap(*groups, axis):
    means = np.array([np.mean(g, axis=axis) for g in groups])
    return means.max(axis=0) - means.min(axis=0)


out["gaps"] = []
for name, groups in [
    ("two of six", [np.array([0.3, 0.9, 1.4]), np.array([0.1, 0.2, 0.6])]),
    ("uneven", [rng.normal(1, 1, 4).round(2), rng.normal(0, 1, 7).round(2)]),
    ("three", [rng.normal(1, 1, 3).round(2), rng.normal(0, 1, 3).round(2), rng.normal(0, 1, 4).round(2)]),
    ("many", [rng.normal(0.3, 1, 30).round(2), rng.normal(0, 1, 50).round(2), rng.normal(0, 1, 20).round(2)]),
]:
    x = np.concatenate(groups)
    test = stats.permutation_test(groups, gap, vectorized=True, permutation_type="independent", alternative="greater",
                                  n_resamples=100_000, rng=1, batch=1000)
    out["gaps"].append({
        "name": name, "x": numbers(x), "group": [g for g, v in enumerate(groups) for _ in v],
        "gap": float(test.statistic), "p": float(test.pvalue), "chance": float(np.mean(test.null_distribution)),
        "bound": float(np.quantile(test.null_distribution, 0.95)),
        "exact": len(x) < 20,
    })

# A gap with folds: every arrangement within each fold, and some units with two values.
x = [[1.0, 0.8, 0.2, 0.4], [0.9, 0.7, 0.1]]
count = [[1, 2, 1, 1], [1, 1, 2]]
label = [[0, 0, 1, 1], [0, 1, 1]]
nulls = []
for left in set(itertools.permutations(label[0])):
    for right in set(itertools.permutations(label[1])):
        sums, n = [0.0, 0.0], [0, 0]
        for values, counts, labels in zip(x, count, [left, right]):
            for v, c, g in zip(values, counts, labels):
                sums[g] += v * c
                n[g] += c
        nulls.append(abs(sums[0] / n[0] - sums[1] / n[1]))
sums, n = [0.0, 0.0], [0, 0]
for values, counts, labels in zip(x, count, label):
    for v, c, g in zip(values, counts, labels):
        sums[g] += v * c
        n[g] += c
seen = abs(sums[0] / n[0] - sums[1] / n[1])
out["gap_in_folds"] = {"gap": seen, "p": float(np.mean(np.array(nulls) >= seen - 1e-12)),
                       "least": float(np.mean(np.array(nulls) >= max(nulls) - 1e-12))}

# The interval of a gap: Welch's for the groups with the largest and the smallest mean, wide enough for all
# pairs of groups. And the difference of two gaps of the same units, of which the values of some change
# places between both rows, after these have been set to the same mean.
def between(values, group, first, second, level):
    test = stats.ttest_ind(values[group == first], values[group == second], equal_var=False)
    return test, numbers(test.confidence_interval(level))


def gap_of(a, group, signed):
    means = [a[group == g].mean() for g in range(max(group) + 1)]
    return means[0] - means[1] if signed else max(means) - min(means)


out["gap_intervals"] = []
out["gap_differences"] = []
for name, sizes, signed, shift, wider in [
        ("two", (7, 5), False, 0.3, 0.4), ("signed", (6, 6), True, 0.3, 0.7), ("three", (4, 4, 4), False, -1, 0.5),
        ("opposite", (6, 6), True, 0.2, -0.6), ("many", (60, 25), False, 0.2, 0.3), ("many signed", (40, 20), True, -1, -0.3)]:
    group = np.repeat(np.arange(len(sizes)), sizes)
    b = rng.normal(0, 1, len(group)) - 0.5 * group
    a = (b + shift + rng.normal(0, 0.6, len(group)) - wider * group).round(3)
    b = b.round(3)
    means = [a[group == g].mean() for g in range(len(sizes))]
    largest, smallest = int(np.argmax(means)), int(np.argmin(means))
    pairs = len(sizes) * (len(sizes) - 1) // 2
    out["gap_intervals"].append({
        "name": name, "x": numbers(a), "group": integers(group), "gap": float(max(means) - min(means)),
        "interval": between(a, group, largest, smallest, 1 - 0.05 / pairs)[1]})
    level = np.mean(a - b)
    exact = len(group) <= 16
    swaps = itertools.product([False, True], repeat=len(group)) if exact else rng.random((99999, len(group))) < 0.5
    seen = gap_of(a, group, signed) - gap_of(b, group, signed)
    nulls = [abs(gap_of(np.where(s, b + level, a), group, signed) - gap_of(np.where(s, a, b + level), group, signed)) for s in swaps]
    case = {"name": name, "a": numbers(a), "b": numbers(b), "group": integers(group), "signed": signed, "exact": exact,
            "difference": float(seen), "p": float(np.mean(np.array(nulls) >= abs(seen) - 1e-12))}
    if len(sizes) == 2 and (signed or gap_of(a, group, True) > 0 and gap_of(b, group, True) > 0):  # of the same groups in both rows
        welch, interval = between(a - b, group, 0, 1, 0.95)
        case |= {"interval": interval, "t_p": float(welch.pvalue)}
    out["gap_differences"].append(case)

# Two samples by ranks. SciPy's exact test has no equal values; with them, permutations. The shift's
# interval has the differences that the exact test does not reject.
def ranks(a, b, level=0.95):
    def u(x, y, axis=-1):
        return stats.mannwhitneyu(x, y, axis=axis, method="asymptotic").statistic

    test = stats.mannwhitneyu(a, b, method="exact")
    p, differences = test.pvalue, np.sort(np.subtract.outer(a, b).ravel())
    case = {"a": numbers(a), "b": numbers(b), "u": float(test.statistic), "shift": float(np.median(differences))}
    if len(set(a) | set(b)) < len(a) + len(b):
        p = stats.permutation_test((a, b), u, n_resamples=np.inf).pvalue
    else:
        step = np.min(np.diff(differences)[np.diff(differences) > 1e-9]) / 3
        inside = [d for d in differences if max(
            stats.mannwhitneyu(a - d - e, b, method="exact").pvalue for e in (-step, step)) > 1 - level]
        lowest, highest = differences[0], differences[-1]
        rejects = stats.mannwhitneyu(a - highest - step, b, method="exact").pvalue <= 1 - level
        case["interval"] = [float(min(inside)), float(max(inside))] if rejects else None
    return case | {"p": float(p)}


out["ranks"] = [{"name": name} | ranks(a, b) for name, a, b in [
    ("ten seeds", rng.normal(0.2, 0.05, 10).round(4), rng.normal(0.2, 0.02, 10).round(4)),
    ("shifted", rng.normal(1, 1, 12).round(3), rng.normal(0, 1, 9).round(3)),
    ("apart", np.arange(10) + 20.0, np.arange(10) * 1.5),
    ("few", np.array([3.0, 1.5]), np.array([2.0, 4.0])),
    ("one", np.array([2.0]), rng.normal(0, 1, 39).round(3)),
    ("thirty", rng.normal(0, 1, 30).round(4), rng.normal(0.5, 1, 31).round(4)),
    ("equal values", rng.integers(0, 4, 8).astype(float), rng.integers(1, 6, 7).astype(float)),
    ("one value", np.full(4, 0.1), np.full(5, 0.1))]]

# One line for each case.
parts = []
for key, value in out.items():
    lines = ",\n".join("  " + json.dumps(case) for case in value) if isinstance(value, list) else ""
    parts.append(f"{json.dumps(key)}: " + (f"[\n{lines}\n ]" if lines else json.dumps(value)))
sys.stdout.write("{\n " + ",\n ".join(parts) + "\n}\n")
