import pandas as pd

users = pd.DataFrame({"user_id": ["ann", "bob", "cid"], "part": ["train", "validation", "test"]})
items = pd.DataFrame({"item_id": ["m1", "m2"]})
for name, rows in {
    "train": [(0, 0), (0, 1)],
    "validation_input": [(1, 0)],
    "validation_target": [(1, 1)],
    "test_input": [(2, 1)],
    "test_target": [(2, 0)],
}.items():
    pd.DataFrame(rows, columns=["user", "item"]).to_feather(f"out/{name}.arrow")
users.to_feather("out/users.arrow")
items.to_feather("out/items.arrow")
