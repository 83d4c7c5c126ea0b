import polars as pl

pl.DataFrame({"user": [0, 1, 0], "item": [0, 1, 1]}).write_ipc("out/interactions.arrow")
pl.DataFrame({"user_id": ["ann", "bob"], "gender": ["f", "m"], "age": [31.0, None]}).write_ipc("out/users.arrow")
pl.DataFrame({"item_id": ["m1", "m2"], "title": ["Alien", "Brazil"]}).write_ipc("out/items.arrow")
