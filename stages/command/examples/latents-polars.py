import polars as pl

users = pl.read_ipc("in/data/users.arrow")
age = pl.col("age").fill_null(0).cast(pl.Float64)
users.with_row_index("user").select("user", latent=pl.concat_list(age, age**2)).write_ipc("out/latents.arrow")
