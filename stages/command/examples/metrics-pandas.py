import pandas as pd

each = pd.DataFrame({"user": [0, 1, 2], "split": "test", "gender": ["f", "m", "f"], "ndcg@10": [0.5, 1.0, 0.75]})
each.to_feather("out/outcomes.arrow")
