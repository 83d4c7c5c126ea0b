import pandas as pd

users = pd.read_feather("in/data/users.arrow")
age = users.age.fillna(0)
vectors = [[float(a), float(a) ** 2] for a in age]
pd.DataFrame({"user": users.index, "latent": vectors}).to_feather("out/latents.arrow")
