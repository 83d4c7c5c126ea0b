import csv

import numpy as np

ndcg = np.array([0.5, 1.0, 0.75])
with open("out/outcomes.csv", "w", newline="") as f:
    rows = csv.writer(f)
    rows.writerow(["user", "split", "gender", "ndcg@10"])
    rows.writerows(zip(range(3), ["test"] * 3, ["f", "m", "f"], ndcg))
