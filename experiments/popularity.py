"""Recommends what is popular, and scores that as evaluate/ranking does.

Reads the files of a split and writes metrics.arrow, both Arrow IPC files. The same
input gives the same bytes: nothing is drawn, and sums run in the order of the users.
"""

import argparse
import math
import pathlib
import sys
from collections import Counter, defaultdict

try:
    import pyarrow as pa
except ImportError:
    sys.exit("popularity.py needs pyarrow, which this python3 does not have: python3 -m pip install pyarrow")


def read(path):
    """Returns the columns of an Arrow file as lists, by name."""
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all().to_pydict()


def items_by_user(path):
    pairs = read(path)
    items = defaultdict(set)
    for user, item in zip(pairs["user"], pairs["item"]):
        items[user].add(item)
    return items


def score(split, k):
    """Returns NDCG and recall at k of the test users, and how many items are recommended at all."""
    items = len(read(split / "items.arrow")["item_id"])
    count = Counter(read(split / "train.arrow")["item"])
    ranking = sorted(range(items), key=lambda item: (-count[item], item))
    seen, targets = items_by_user(split / "test_input.arrow"), items_by_user(split / "test_target.arrow")

    gain_at = [1 / math.log2(place + 2) for place in range(k)]
    ndcg = recall = 0.0
    recommended = set()
    for user, wanted in sorted(targets.items()):
        top = [item for item in ranking if item not in seen[user]][:k]
        hits = [place for place, item in enumerate(top) if item in wanted]
        ndcg += sum(gain_at[place] for place in hits) / sum(gain_at[: len(wanted)])
        recall += len(hits) / len(wanted)
        recommended.update(top)
    return {"ndcg": ndcg / len(targets), "recall": recall / len(targets), "coverage": len(recommended) / items}


def write(path, values, k):
    """Writes the table that foil takes for metrics: these columns, in this order."""
    n = len(values)
    table = pa.table(
        {
            "name": pa.array(values.keys(), pa.string()),
            "value": pa.array(values.values(), pa.float64()),
            "k": pa.array([k] * n, pa.int32()),
            "group": pa.array([""] * n, pa.string()),
            "split": pa.array(["test"] * n, pa.string()),
            "checkpoint": pa.array([""] * n, pa.string()),
        }
    )
    with pa.ipc.new_file(str(path), table.schema) as sink:
        sink.write_table(table)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", type=pathlib.Path, required=True, help="folder with the files of a split")
    parser.add_argument("--k", type=int, default=10, help="cut-off of the scores")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="metrics.arrow to be written")
    args = parser.parse_args()
    write(args.out, score(args.split, args.k), args.k)


if __name__ == "__main__":
    main()
