import numpy as np
import pyarrow as pa
from pyarrow import feather

used = np.array([[1, 1], [0, 1]])  # users x items
user, item = np.nonzero(used)
age = pa.array([31.0, None])
feather.write_feather(pa.table({"user": user, "item": item}), "out/interactions.arrow")
feather.write_feather(pa.table({"user_id": ["ann", "bob"], "gender": ["f", "m"], "age": age}), "out/users.arrow")
feather.write_feather(pa.table({"item_id": ["m1", "m2"], "title": ["Alien", "Brazil"]}), "out/items.arrow")
