import pandas as pd

ratings = pd.DataFrame({"who": ["ann", "bob", "ann"], "what": ["m1", "m2", "m2"]})
users = pd.DataFrame({"user_id": ["ann", "bob"], "gender": ["f", "m"], "age": [31.0, None]})
items = pd.DataFrame({"item_id": ["m1", "m2"], "title": ["Alien", "Brazil"]})
ratings["user"] = ratings.who.map({name: row for row, name in enumerate(users.user_id)})
ratings["item"] = ratings.what.map({name: row for row, name in enumerate(items.item_id)})
ratings[["user", "item"]].to_feather("out/interactions.arrow")
users.to_feather("out/users.arrow")
items.to_feather("out/items.arrow")
