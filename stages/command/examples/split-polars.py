import polars as pl

pairs = pl.DataFrame({"user": [0, 0, 1, 1, 2, 2], "item": [0, 1, 0, 1, 1, 0],
                      "to": ["train", "train", "validation_input", "validation_target", "test_input", "test_target"]})
for (name,), rows in pairs.group_by("to"):
    rows.drop("to").write_ipc(f"out/{name}.arrow")
pl.DataFrame({"user_id": ["ann", "bob", "cid"], "part": ["train", "validation", "test"]}).write_ipc("out/users.arrow")
pl.DataFrame({"item_id": ["m1", "m2"]}).write_ipc("out/items.arrow")
