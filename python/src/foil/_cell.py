"""What foil tells a program about its cell, and the program's progress."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.ipc

_CELL = Path(".cell/cell.json")


class NotInACell(RuntimeError):
    """The program does not run in a cell of foil."""


class Input:
    """The files of an input. They are read-only."""

    def __init__(self, path: Path, axes: Mapping[str, Any] | None = None) -> None:
        self.path = path
        self.axes = dict(axes or {})  # of a cell in a gathered input

    @property
    def files(self) -> list[str]:
        """The names of all files."""
        return sorted(f.relative_to(self.path).as_posix() for f in self.path.rglob("*") if f.is_file())

    def table(self, name: str) -> pa.Table:
        """The table NAME.arrow, such as train, users or items of a split."""
        file = self.path / f"{name}.arrow"
        if not file.exists():
            raise FileNotFoundError(f"{self.path} has no table {name!r}; it has {', '.join(self.files)}")
        return read_table(file)

    def json(self, name: str) -> Any:
        """The content of NAME.json."""
        return json.loads((self.path / f"{name}.json").read_text(encoding="utf-8"))

    def __repr__(self) -> str:
        return f"Input({str(self.path)!r})"


class Inputs(Mapping[str, Any]):
    """The inputs of a cell by name: an Input each, and a list of them for a gathered input."""

    def __init__(self, root: Path, needed: Mapping[str, str], gathered: Mapping[str, str]) -> None:
        self._root, self._needed, self._gathered = root, needed, gathered

    def __getitem__(self, name: str) -> Any:
        if name in self._needed:
            return Input(self._root / self._needed[name])
        if name in self._gathered:
            folder = self._root / self._gathered[name]
            listed = json.loads((folder / "cells.json").read_text(encoding="utf-8"))
            return [Input(folder / c["folder"], c["axes"]) for c in listed]
        raise KeyError(f"the stage has no input {name!r}; it has {', '.join(self) or 'none'}")

    def __iter__(self) -> Iterator[str]:
        return iter([*self._needed, *self._gathered])

    def __len__(self) -> int:
        return len(self._needed) + len(self._gathered)


class Cell:
    """The cell that the program runs in."""

    def __init__(self, root: Path, text: Mapping[str, Any]) -> None:
        self._root, self._text = root, text
        self.inputs = Inputs(root, text["inputs"], text["gathered"])
        self.params = cast("dict[str, Any]", text["params"])
        self.out_dir = root / text["out"]
        self.progress = root / text["progress"]

    @cached_property
    def checkpoint_dir(self) -> Path:
        """A folder that stays when the program is interrupted, until its cell is made."""
        given = self._text["checkpoints"]
        return self._root / given if given else Path(tempfile.mkdtemp(prefix="checkpoints-", dir=self._root))


_cell: Cell | None = None


def cell() -> Cell:
    """The cell that the program runs in. It must be asked first in the folder that foil starts it in."""
    global _cell
    if _cell is None:
        found = _find()
        if found is None:
            raise NotInACell("this program does not run in a cell: uses: command in a spec of foil starts it in one")
        _cell = found
    return _cell


def _find() -> Cell | None:
    root = Path.cwd()
    if not (root / _CELL).exists():
        return None
    return Cell(root, json.loads((root / _CELL).read_text(encoding="utf-8")))


# A program may change its folder later.
_cell = _find()


def progress(done: int, loss: float | None = None, *, total: int | None = None, unit: str = "epochs", message: str = "") -> None:
    """Tells foil how far the program is. Outside of a cell this does nothing."""
    if _cell is None:
        return
    line: dict[str, Any] = {"done": int(done), "unit": unit}
    if total is not None:
        line["total"] = int(total)
    if loss is not None:
        loss = float(loss)
        if math.isfinite(loss):
            line["loss"] = loss
        else:
            message = f"loss is {loss} {message}".strip()
    if message:
        line["message"] = message
    with open(_cell.progress, "a", encoding="utf-8") as f:
        f.write(json.dumps(line) + "\n")


def read_table(path: Path) -> pa.Table:
    """Reads an Arrow IPC file without copying it."""
    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()
