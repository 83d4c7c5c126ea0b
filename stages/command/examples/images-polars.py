import json

import polars as pl

black, white = bytes(64), bytes([255] * 64)
pl.DataFrame({"label": [0, 1], "image": [black, white]}).write_ipc("out/train.arrow")
pl.DataFrame({"label": [1], "image": [white]}).write_ipc("out/test.arrow")
json.dump({"channels": 1, "height": 8, "width": 8}, open("out/image.json", "w"))
