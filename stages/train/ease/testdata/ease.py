"""EASE (Steck 2019) of a split, with numpy: python3 ease.py SPLIT_FOLDER LAMBDA > ml-1m-fold0.csv

The split is the artifact of split/user-kfold; `foil get baselines 'fold[fold=0]' -o FOLDER` copies it.
Writes the scores of every 60th test user for every 50th item.
"""
import sys

import numpy as np
import pyarrow as pa

folder, lam = sys.argv[1], float(sys.argv[2])


def table(name):
    return pa.ipc.open_file(f"{folder}/{name}").read_all()


items = table("items.arrow").num_rows


def matrix(name):
    t = table(name)
    user, item = t["user"].to_numpy(), t["item"].to_numpy()
    users, row = np.unique(user, return_inverse=True)
    x = np.zeros((len(users), items))
    x[row, item] = 1
    return users, x


_, x = matrix("train.arrow")
p = np.linalg.inv(x.T @ x + lam * np.eye(items))
b = p / -np.diag(p)
np.fill_diagonal(b, 0)
users, used = matrix("test_input.arrow")
scores = used @ b
print("user,item,score")
for u in range(0, len(users), 60):
    for i in range(0, items, 50):
        print(f"{users[u]},{i},{scores[u, i]:.7f}")
