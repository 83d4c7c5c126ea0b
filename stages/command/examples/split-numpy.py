import numpy as np
import pyarrow as pa
from pyarrow import feather

train, held = np.array([[1, 1], [0, 0], [0, 0]]), np.array([[0, 0], [1, 2], [2, 1]])  # 1: input, 2: target
part = np.array(["train", "validation", "test"])


def write(name, used):
    user, item = np.nonzero(used)
    feather.write_feather(pa.table({"user": user, "item": item}), f"out/{name}.arrow")


write("train", train)
for name in ("validation", "test"):
    rows = (part == name)[:, None]
    write(f"{name}_input", (held == 1) & rows)
    write(f"{name}_target", (held == 2) & rows)
feather.write_feather(pa.table({"user_id": ["ann", "bob", "cid"], "part": part.tolist()}), "out/users.arrow")
feather.write_feather(pa.table({"item_id": ["m1", "m2"]}), "out/items.arrow")
