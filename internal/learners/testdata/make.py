"""Makes vectors.csv and figures.json with scikit-learn, for the tests of package learners.

Run in this folder: python make.py (scikit-learn 1.9.1, numpy 2).
"""

import json

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, QuantileRegressor
from sklearn.metrics import balanced_accuracy_score, mean_absolute_error, roc_auc_score
from sklearn.preprocessing import StandardScaler

train = 400
rng = np.random.default_rng(1)
x = rng.normal(size=(700, 8)) * rng.uniform(0.5, 3, size=8) + rng.normal(size=8)
x[:, 6] = np.round(x[:, 6], 1)  # few values
x[:, 7] = np.round(x[:, 7])
x = np.round(x, 3)
z = StandardScaler().fit_transform(x)
linear = z @ np.array([1.0, -0.7, 0.4, 0, 0, 0, 0.5, 0])
two = (linear + np.abs(z[:, 3]) + rng.logistic(size=700) * 0.8 > 1.6).astype(int)
three = np.digitize(linear + z[:, 4] * z[:, 5] + rng.normal(size=700), [-1.5, 1])
number = np.round(30 + 8 * linear + 6 * np.abs(z[:, 3]) + 5 * rng.standard_t(2, size=700), 1)
np.savetxt(
    "vectors.csv",
    np.column_stack([x, two, three, number]),
    delimiter=",",
    fmt=["%.3f"] * 8 + ["%d", "%d", "%.1f"],
)

scaler = StandardScaler().fit(x[:train])
a, b = scaler.transform(x[:train]), scaler.transform(x[train:])
figures = {"train": train, "logistic": {}, "trees": {}, "linear": {}, "number_trees": {}}
for name, y in {"two": two, "three": three}.items():
    for weight in (None, "balanced"):
        for c in (0.01, 1.0):
            m = LogisticRegression(C=c, class_weight=weight, tol=1e-10, max_iter=10000).fit(a, y[:train])
            p = m.predict_proba(b)
            figures["logistic"][f"{name} {weight or 'equal'} {c:g}"] = {
                "weights": m.coef_.ravel().tolist(),
                "intercept": m.intercept_.tolist(),
                "bacc": balanced_accuracy_score(y[train:], p.argmax(1)),
                "auc": roc_auc_score(y[train:], p[:, 1] if name == "two" else p, multi_class="ovr"),
            }
        m = HistGradientBoostingClassifier(
            class_weight=weight, learning_rate=0.1, max_iter=60, max_leaf_nodes=8, min_samples_leaf=20
        ).fit(a, y[:train])
        p = m.predict_proba(b)
        figures["trees"][f"{name} {weight or 'equal'}"] = {
            "p": np.round(p[:, 1], 6).tolist(),
            "bacc": balanced_accuracy_score(y[train:], p.argmax(1)),
            "auc": roc_auc_score(y[train:], p[:, 1] if name == "two" else p, multi_class="ovr"),
        }
m = QuantileRegressor(quantile=0.5, alpha=0).fit(a, number[:train])
figures["linear"] = {
    "train_mae": mean_absolute_error(number[:train], m.predict(a)),
    "mae": mean_absolute_error(number[train:], m.predict(b)),
}
m = HistGradientBoostingRegressor(
    loss="absolute_error", learning_rate=0.1, max_iter=60, max_leaf_nodes=8, min_samples_leaf=20
).fit(a, number[:train])
figures["number_trees"] = {
    "predicted": np.round(m.predict(b), 6).tolist(),
    "mae": mean_absolute_error(number[train:], m.predict(b)),
}
rounded = np.round(x[train:, 0])  # many equal scores
figures["auc_of_ties"] = roc_auc_score(two[train:], rounded)
with open("figures.json", "w") as f:
    json.dump(figures, f)
    f.write("\n")
