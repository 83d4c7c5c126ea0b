"""Writes outputs in the forms that foil takes: docs/artifacts.md describes them."""

from __future__ import annotations

import array
import ctypes
import io
import json
import struct
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc

from ._cell import cell

_CODES = {"float32": "<f4", "float64": "<f8", "uint8": "|u1", "int32": "<i4", "int64": "<i8"}


def write_latents(
    latents: Any, users: Sequence[int] | None = None, *, split: Sequence[str] | None = None, checkpoint: Sequence[str] | None = None
) -> None:
    """Writes an output of type latents: a vector for each user.

    users are rows of users.arrow; without them, row i of the vectors is user i. split and checkpoint
    say for each row which part (train, validation, test) and which checkpoint (best, last) it
    belongs to, if a user has several vectors.
    """
    rows, width, values = _matrix(latents)
    columns: dict[str, Any] = {
        "user": pa.array(range(rows) if users is None else _plain(users), pa.int32()),
        "latent": pa.FixedSizeListArray.from_arrays(values, width),
    }
    if split is not None:
        columns["split"] = pa.array(list(split), pa.string())
    if checkpoint is not None:
        columns["checkpoint"] = pa.array(list(checkpoint), pa.string())
    _write_table("latents.arrow", pa.table(columns))


def write_scores(scores: Any) -> None:
    """Writes an output of type scores: the scores of all items for all users, [users, items].

    Rows of users that the program has not scored are NaN.
    """
    rows, width, values = _matrix(scores)
    raw = values.buffers()[1].to_pybytes()[: 4 * rows * width]
    (cell().out_dir / "scores.npy").write_bytes(_npy("<f4", (rows, width), raw))


def write_lists(users: Sequence[int], items: Sequence[int], scores: Sequence[float], *, split: Sequence[str] | None = None) -> None:
    """Writes an output of type scores: only the best items of each user, a row for each user and item."""
    columns = {
        "user": pa.array(_plain(users), pa.int32()),
        "item": pa.array(_plain(items), pa.int32()),
        "score": pa.array(_plain(scores), pa.float32()),
    }
    if split is not None:
        columns["split"] = pa.array(list(split), pa.string())
    _write_table("scores.arrow", pa.table(columns))


def write_model(
    weights: Mapping[str, Any],
    *,
    decoder: Sequence[Mapping[str, str]],
    encoder: Sequence[Mapping[str, str]] = (),
    input: str = "binary",
    best: Mapping[str, Any] | None = None,
) -> None:
    """Writes an output of type recommender: the weights of fully connected layers.

    weights are tensors by name, such as model.state_dict() of PyTorch. A layer names its tensors:
    {"weight": "fc1.weight", "bias": "fc1.bias", "activation": "tanh"}.
    """
    description: dict[str, Any] = {"input": input, "decoder": [dict(x) for x in decoder]}
    if encoder:
        description["encoder"] = [dict(x) for x in encoder]
    _write_weights(weights, best, description)


def write_classifier(weights: Mapping[str, Any], *, network: str, width: int = 0, best: Mapping[str, Any] | None = None) -> None:
    """Writes an output of type classifier: the weights of one of foil's networks, such as resnet-18."""
    _write_weights(weights, best, {"network": {"name": network, "width": width}})


def write_images(train_images: Any, train_labels: Any, test_images: Any, test_labels: Any, *, classes: Sequence[str] | None = None) -> None:
    """Writes an output of type images: arrays of uint8, [n, height, width, channels] or [n, channels, height, width]."""
    with zipfile.ZipFile(cell().out_dir / "images.npz", "w", zipfile.ZIP_STORED) as z:
        for name, value in (("train_image", train_images), ("train_label", train_labels), ("test_image", test_images), ("test_label", test_labels)):
            z.writestr(zipfile.ZipInfo(f"{name}.npy"), _npy_of(value))
    if classes is not None:
        _write_table("classes.arrow", pa.table({"name": pa.array(list(classes), pa.string())}))


def write_metrics(metrics: Mapping[str, float] | Sequence[Mapping[str, Any]]) -> None:
    """Writes metrics: numbers by name, or a map for each with name, value, and k, group, split or checkpoint."""
    rows: list[dict[str, Any]] = (
        [{"name": name, "value": float(value)} for name, value in metrics.items()]
        if isinstance(metrics, Mapping)
        else [{**m, "value": float(m["value"])} for m in metrics]
    )
    (cell().out_dir / "metrics.json").write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def write_outcomes(columns: Mapping[str, Any] | pa.Table) -> None:
    """Writes outcomes: a column user, image or unit, and a column for each metric, such as ndcg@10.

    An output of type metrics needs nothing else: foil computes the metrics.
    """
    table = columns if isinstance(columns, pa.Table) else pa.table({name: pa.array(_plain(v)) for name, v in columns.items()})
    _write_table("outcomes.arrow", table)


def _write_table(name: str, table: pa.Table) -> None:
    with pa.OSFile(str(cell().out_dir / name), "wb") as f, pa.ipc.new_file(f, table.schema) as w:
        w.write_table(table)


def _plain(values: Any) -> Any:
    """A tensor of PyTorch as an array of NumPy, or as lists without NumPy; other values as they are."""
    if hasattr(values, "detach"):
        tensor = values.detach().cpu()
        try:
            values = tensor.numpy()
        except RuntimeError:  # PyTorch does not need NumPy
            return tensor.tolist()
    return values if hasattr(values, "dtype") or isinstance(values, pa.Array | pa.ChunkedArray) else list(values)


def _matrix(values: Any) -> tuple[int, int, pa.Array]:
    """The rows, the columns and the numbers of a matrix, which is an array, a tensor or lists."""
    values = _plain(values)
    if hasattr(values, "shape"):
        if len(values.shape) != 2:
            raise ValueError(f"the array has the shape {tuple(values.shape)}; it must have a row for each user")
        rows, width = values.shape
        return int(rows), int(width), pa.array(values.reshape(-1), pa.float32(), safe=False)
    lists = [list(row) for row in values]
    width = len(lists[0]) if lists else 0
    for i, row in enumerate(lists):
        if len(row) != width:
            raise ValueError(f"row {i} has {len(row)} numbers, and row 0 has {width}; all rows must have the same number")
    return len(lists), width, pa.array([float(x) for row in lists for x in row], pa.float32())


def _npy(code: str, shape: tuple[int, ...], raw: bytes) -> bytes:
    """A .npy file."""
    header = f"{{'descr': '{code}', 'fortran_order': False, 'shape': ({', '.join(map(str, shape))},), }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode("ascii") + raw


def _npy_of(values: Any) -> bytes:
    """A .npy file of an array, a tensor, or a list of whole numbers."""
    values = _plain(values)
    if not hasattr(values, "dtype"):
        numbers = array.array("q", (int(x) for x in values))
        if sys.byteorder == "big":
            numbers.byteswap()
        return _npy("<i8", (len(numbers),), numbers.tobytes())
    kind = str(values.dtype)
    if kind not in _CODES:
        raise TypeError(f"the array has the type {kind}; it must be one of {', '.join(_CODES)}")
    return _npy(_CODES[kind], tuple(map(int, values.shape)), values.astype(_CODES[kind]).tobytes())


def _write_weights(last: Mapping[str, Any], best: Mapping[str, Any] | None, description: Mapping[str, Any]) -> None:
    out = cell().out_dir
    (out / "model.json").write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
    _write_safetensors(out / "last.safetensors", last)
    if best is not None:
        _write_safetensors(out / "best.safetensors", best)


def _float32s(values: Any) -> bytes:
    """The numbers of an array or a tensor, which needs no NumPy."""
    if not hasattr(values, "detach"):
        return bytes(values.astype("<f4").tobytes())
    tensor = values.detach().cpu().float().contiguous()
    numbers = array.array("f", ctypes.string_at(tensor.data_ptr(), 4 * tensor.numel()))
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def _write_safetensors(path: Path, tensors: Mapping[str, Any]) -> None:
    header: dict[str, Any] = {}
    data = io.BytesIO()
    for name in sorted(tensors):
        values = tensors[name]
        if not hasattr(values, "dtype"):
            raise TypeError(f"{name} is a {type(values).__name__}; it must be an array or a tensor")
        start = data.tell()
        data.write(_float32s(values))
        header[name] = {"dtype": "F32", "shape": list(map(int, values.shape)), "data_offsets": [start, data.tell()]}
    text = json.dumps(header).encode("utf-8")
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data.getvalue())
