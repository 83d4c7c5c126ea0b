import pandas as pd

users = pd.read_feather("in/data/users.arrow").index
train = pd.read_feather("in/data/train.arrow")
popular = train.item.value_counts().sort_index().rename("score").rename_axis("item").reset_index()
every = pd.DataFrame({"user": users}).merge(popular, how="cross")
every.to_feather("out/scores.arrow")  # a row for each user and item; the best 100 items, say, are enough
