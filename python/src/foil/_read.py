"""Reads results of experiments from foil's cache."""

from __future__ import annotations

import json
import os
import subprocess
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from ._cell import read_table


class FoilError(RuntimeError):
    """foil ended with an error, whose text this is."""


@dataclass(frozen=True)
class CachedCell:
    """A cell of a stage."""

    name: str
    axes: dict[str, Any]
    files: dict[str, Path] | None  # by name; None: the cell is not cached


def cells(experiment: str, stage: str, *, args: Sequence[str] = ()) -> list[CachedCell]:
    """All cells of a stage. args are further arguments of foil get, such as --cache or --set.

    The program is foil on the PATH, or what the variable FOIL names.
    """
    command = [os.environ.get("FOIL", "foil"), "get", experiment, stage, "--json", *args]
    try:
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    except FileNotFoundError:
        raise FoilError(f"there is no program {command[0]!r}; put foil on the PATH, or name it in the variable FOIL") from None
    if done.returncode != 0:
        raise FoilError(done.stderr.strip())
    return [
        CachedCell(c["cell"], c["axes"], {name: Path(p) for name, p in c["files"].items()} if c["state"] == "cached" else None)
        for c in json.loads(done.stdout)
    ]


def read(experiment: str, stage: str, *, table: str = "metrics", args: Sequence[str] = ()) -> pa.Table:
    """The metrics of all cells of a stage as one table, with a column for each axis.

    table names another table of the artifact, such as outcomes or curves. An axis with the name of a
    column of the table is called axis.NAME. Cells that are not cached are left out with a warning.
    """
    found = cells(experiment, stage, args=args)
    there = [c for c in found if c.files is not None]
    if not there:
        raise FoilError(f"no cell of {stage} is cached; foil run {experiment} makes them")
    if len(there) < len(found):
        warnings.warn(f"{len(found) - len(there)} of {len(found)} cells of {stage} are not cached; foil run {experiment} makes them", stacklevel=2)
    tables = []
    for c in there:
        assert c.files is not None
        file = c.files.get(f"{table}.arrow")
        if file is None:
            raise FoilError(f"{c.name} has no table {table}; it has {', '.join(sorted(c.files))}")
        t = read_table(file)
        columns: dict[str, Any] = {}
        for axis, value in c.axes.items():
            name = f"axis.{axis}" if axis in t.column_names else axis
            columns[name] = pa.array([value] * t.num_rows, pa.scalar(value).type)
        for name in t.column_names:
            columns[name] = t.column(name)
        tables.append(pa.table(columns))
    return pa.concat_tables(tables, promote_options="permissive")
