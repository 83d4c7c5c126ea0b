"""Programs as stages of foil, and the results of foil in Python.

In a stage of kind ``command``::

    import foil

    train = foil.inputs["data"].table("train")
    rate = foil.params["rate"]
    for epoch in range(20):
        foil.progress(epoch + 1, total=20, loss=0.5)
    foil.write_latents(z)

Anywhere else::

    table = foil.read("advx-ml-1m", "utility")

A program needs none of it: docs/command.md and docs/artifacts.md describe the files.
"""

from pathlib import Path
from typing import Any

from ._cell import Input, Inputs, NotInACell, cell, progress
from ._read import FoilError, cells, read
from ._write import (
    write_classifier,
    write_images,
    write_latents,
    write_lists,
    write_metrics,
    write_model,
    write_outcomes,
    write_scores,
)

# Set when they are first used, because they exist only in a cell.
inputs: Inputs
params: dict[str, Any]
checkpoint_dir: Path
out_dir: Path

__all__ = [
    "FoilError", "Input", "Inputs", "NotInACell", "cells", "checkpoint_dir", "inputs", "out_dir", "params", "progress", "read",
    "write_classifier", "write_images", "write_latents", "write_lists", "write_metrics", "write_model", "write_outcomes", "write_scores",
]


def __getattr__(name: str) -> Any:
    if name == "inputs":
        return cell().inputs
    if name == "params":
        return cell().params
    if name == "checkpoint_dir":
        return cell().checkpoint_dir
    if name == "out_dir":
        return cell().out_dir
    raise AttributeError(f"module 'foil' has no attribute {name!r}")
