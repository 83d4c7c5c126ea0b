# Writes the tables of this folder as pandas, Polars and pyarrow do by default: python make.py DIR
# (pyarrow, pandas, polars)
import sys, pyarrow as pa, pyarrow.ipc as ipc, pyarrow.feather as feather
import pandas as pd, polars as pl
d = sys.argv[1]
metrics = {"name": ["ndcg", "recall"], "value": [0.5, float("inf")], "k": [10, 20], "group": ["", "gender=f"], "split": ["test", "test"], "checkpoint": ["", "best"]}
t = pa.table(metrics)
def write(name, table, **kw):
    with ipc.new_file(f"{d}/{name}", table.schema, options=ipc.IpcWriteOptions(**kw)) as s: s.write_table(table)
pd.DataFrame(metrics).to_feather(f"{d}/metrics-pandas.arrow")
df = pd.DataFrame(metrics); df["split"] = df["split"].astype("category"); df.index = [5, 7]
pa_t = pa.Table.from_pandas(df); write("metrics-pandas-index.arrow", pa_t, compression="zstd")
pl.DataFrame(metrics).write_ipc(f"{d}/metrics-polars.arrow")
pl.DataFrame(metrics).write_ipc(f"{d}/metrics-polars-zstd.arrow", compression="zstd")
pl.DataFrame(metrics).with_columns(pl.col("name").cast(pl.Categorical), pl.col("k").cast(pl.Float64)).write_ipc(f"{d}/metrics-polars-categorical.arrow")
pl.DataFrame(metrics).write_ipc_stream(f"{d}/metrics-polars-stream.arrow")
write("metrics-dictionary.arrow", t.set_column(0, "name", t["name"].dictionary_encode()))
write("metrics-columns.arrow", t.select(["value", "split", "name", "checkpoint", "group", "k"]))
write("metrics-two.arrow", pa.table({"value": pa.array([1, 2], pa.uint8()), "name": ["a", "b"]}))
write("metrics-float16.arrow", pa.table({"value": pa.array([0.5, 2.0], pa.float16()), "name": ["a", "b"]}))
write("metrics-no-k.arrow", pa.table({"name": ["ndcg", "loss"], "value": [0.5, 2.0], "k": [10, None]}))
write("metrics-no-k-float.arrow", pa.table({"name": ["ndcg", "loss"], "value": [0.5, 2.0], "k": [10.0, None]}))
feather.write_feather(pd.DataFrame({"user_id": [7, 3], "age": [25.0, None], "gender": ["f", None], "vip": [True, False]}), f"{d}/users-pandas.arrow")
pl.DataFrame({"gender": ["f", "m"], "user_id": ["u1", "u2"]}).write_ipc(f"{d}/users-polars.arrow")
pl.DataFrame({"user": [1, 0, 1], "item": [0, 2, 1]}).write_ipc(f"{d}/interactions-polars.arrow")
pd.DataFrame({"item": [0, 2, 1], "user": [1, 0, 1]}).to_feather(f"{d}/interactions-pandas.arrow")
pl.DataFrame({"item_id": [5, 6, 9], "title": ["a", None, "ü"]}).write_ipc(f"{d}/items-polars.arrow")
# refused
write("bad-metrics-list.arrow", pa.table({"name": ["a"], "value": [[1.0]]}))
write("bad-metrics-time.arrow", pa.table({"name": pa.array([0], pa.timestamp("us")), "value": [1.0]}))
write("bad-metrics-decimal.arrow", pa.table({"name": ["a"], "value": pa.array([1], pa.decimal128(5, 2))}))
write("bad-metrics-null.arrow", pa.table({"name": ["a", None], "value": [1.0, 2.0]}))
write("bad-metrics-k.arrow", pa.table({"name": ["a"], "value": [1.0], "k": [0.5]}))
write("bad-metrics-extra.arrow", pa.table({"name": ["a"], "value": [1.0], "fold": [1]}))
write("bad-metrics-int.arrow", pa.table({"name": ["a"], "value": pa.array([2**53 + 1], pa.int64())}))
write("bad-users-float.arrow", pa.table({"user_id": ["a"], "x": [0.1]}))
write("bad-interactions-null.arrow", pa.table({"user": [1, None], "item": [2, 2]}))
write("bad-interactions-twice.arrow", pa.table({"user": [1, 1], "item": [2, 2]}))
write("bad-interactions-long.arrow", pa.table({"user": [2**40], "item": [2]}))
import pyarrow.parquet as pq
pq.write_table(t, f"{d}/bad-metrics-parquet.arrow")
# outcomes
rows = {"user": [7, 0, 7, 0], "ndcg@10": [0.5, 1.0, 0.25, 0.75], "hits@10": [1, 3, 0, 2], "gender": ["f", None, "f", None], "checkpoint": ["last", "last", "best", "best"]}
pd.DataFrame(rows).to_feather(f"{d}/outcomes-pandas.arrow")
pl.DataFrame(rows).with_columns(pl.col("gender").cast(pl.Categorical), pl.col("ndcg@10").cast(pl.Float32)).write_ipc(f"{d}/outcomes-polars.arrow")
classes = {"gender:bacc [balance=gender:label]": [True, False, None], "gender:label": [1, 0, None], "unit": [3, 2, 1], "split": ["validation"] * 3}
df = pd.DataFrame(classes); df["gender:label"] = df["gender:label"].astype("Int64"); df.index = [3, 4, 5]
df["gender:bacc [balance=gender:label]"] = df["gender:bacc [balance=gender:label]"].astype("boolean")
write("outcomes-pandas-classes.arrow", pa.Table.from_pandas(df), compression="lz4")
pl.DataFrame({"image": [1, 0], "accuracy": [1, 0]}).write_ipc_stream(f"{d}/outcomes-polars-stream.arrow")
write("bad-outcomes-twice.arrow", pa.table({"user": [1, 1], "x": [2, 2]}))
write("bad-outcomes-names.arrow", pa.table({"user": ["ann"], "x": [2]}))
write("bad-outcomes-nounit.arrow", pa.table({"id": [1], "x": [2]}))
write("bad-outcomes-units.arrow", pa.table({"user": [1], "image": [1], "x": [2]}))
write("bad-outcomes-text.arrow", pa.table({"user": [1], "x": ["2"]}))
write("bad-outcomes-time.arrow", pa.table({"user": [1], "x": pa.array([0], pa.timestamp("us"))}))
write("bad-outcomes-classes.arrow", pa.table({"user": [1], "a:bacc [balance=a:label]": [1.0], "a:label": [0.5]}))
write("bad-outcomes-negative.arrow", pa.table({"user": [-1], "x": [1.0]}))
u, z = [2, 1, 0], [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
pd.DataFrame({"user": u, "latent": z}).to_feather(f"{d}/vectors-pandas.arrow")
pl.DataFrame({"user": u, "latent": z}, schema={"user": pl.UInt32, "latent": pl.Array(pl.Float32, 2)}).write_ipc(f"{d}/vectors-polars.arrow")
write("vectors-fixed.arrow", pa.table({"user": u, "latent": pa.array(z, pa.list_(pa.float16(), 2))}))
t = pa.table({"user": [9] + u, "latent": pa.array([[0.0]] + z, pa.large_list(pa.float64()))}).slice(1)
with ipc.new_stream(f"{d}/vectors-large.arrow", t.schema) as s: s.write_table(t)
