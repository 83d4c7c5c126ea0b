import numpy as np
from pyarrow import feather

users = feather.read_table("in/data/users.arrow")
age = np.nan_to_num(users["age"].to_numpy().astype(float))
np.save("out/latents.npy", np.stack([age, age**2], axis=1))  # a row for each row of users.arrow
