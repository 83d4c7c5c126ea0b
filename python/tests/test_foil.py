"""Tests without foil itself: python -m unittest discover python/tests."""

import json
import math
import os
import stat
import struct
import sys
import tempfile
import unittest
import warnings
from pathlib import Path
from unittest import mock

import pyarrow as pa
import pyarrow.feather

import foil
from foil import _cell


class InACell(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        for name in (".cell/checkpoints", "in/data", "in/all/0", "out"):
            (self.root / name).mkdir(parents=True)
        pa.feather.write_feather(pa.table({"user": [0, 1], "item": [1, 0]}), str(self.root / "in/data/train.arrow"), compression="uncompressed")
        (self.root / "in/data/image.json").write_text('{"width": 8}')
        (self.root / "in/all/cells.json").write_text('[{"folder": "0", "axes": {"seed": 3}}]')
        text = {"params": {"rate": 0.1, "layers": [2, 1]}, "inputs": {"data": "in/data"}, "gathered": {"all": "in/all"},
                "out": "out", "progress": ".cell/progress.jsonl", "checkpoints": ".cell/checkpoints"}
        patch = mock.patch.object(_cell, "_cell", _cell.Cell(self.root, text))
        patch.start()
        self.addCleanup(patch.stop)

    def test_inputs_and_params(self) -> None:
        self.assertEqual(foil.params["layers"], [2, 1])
        self.assertEqual(foil.inputs["data"].table("train").to_pydict(), {"user": [0, 1], "item": [1, 0]})
        self.assertEqual(foil.inputs["data"].json("image"), {"width": 8})
        self.assertEqual(foil.inputs["data"].files, ["image.json", "train.arrow"])
        self.assertEqual(foil.inputs["all"][0].axes, {"seed": 3})
        self.assertEqual(sorted(foil.inputs), ["all", "data"])
        with self.assertRaisesRegex(KeyError, "no input 'split'; it has data, all"):
            foil.inputs["split"]
        with self.assertRaisesRegex(FileNotFoundError, "no table 'test'; it has image.json, train.arrow"):
            foil.inputs["data"].table("test")
        self.assertTrue(foil.checkpoint_dir.is_dir())

    def test_progress(self) -> None:
        foil.progress(1, loss=0.5, total=2)
        foil.progress(2, loss=math.nan, message="late", unit="steps")
        lines = (self.root / ".cell/progress.jsonl").read_text().splitlines()
        self.assertEqual([json.loads(x) for x in lines],
                         [{"done": 1, "unit": "epochs", "total": 2, "loss": 0.5}, {"done": 2, "unit": "steps", "message": "loss is nan late"}])

    def test_lists_need_no_numpy(self) -> None:
        foil.write_latents([[1, 2.5], [3, 4]], users=[4, 2])
        table = pa.feather.read_table(str(self.root / "out/latents.arrow"))
        self.assertEqual(table.to_pydict(), {"user": [4, 2], "latent": [[1, 2.5], [3, 4]]})
        with self.assertRaisesRegex(ValueError, "row 1 has 1 numbers, and row 0 has 2"):
            foil.write_latents([[1, 2], [3]])
        foil.write_metrics({"ndcg": 0.5})
        self.assertEqual(json.loads((self.root / "out/metrics.json").read_text()), [{"name": "ndcg", "value": 0.5}])
        with self.assertRaisesRegex(TypeError, "w is a list; it must be an array or a tensor"):
            foil.write_model({"w": [[1]]}, decoder=[{"weight": "w"}])


    def test_tensors_need_no_numpy(self) -> None:
        try:
            import torch
        except ImportError:
            self.skipTest("there is no PyTorch")
        foil.write_model({"w": torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True).T}, decoder=[{"weight": "w"}])
        raw = (self.root / "out/last.safetensors").read_bytes()
        self.assertEqual(struct.unpack("<4f", raw[-16:]), (1, 3, 2, 4))
        foil.write_latents(torch.tensor([[1.0, 2.5]]))
        self.assertEqual(pa.feather.read_table(str(self.root / "out/latents.arrow"))["latent"].to_pylist(), [[1, 2.5]])


class OutsideOfACell(unittest.TestCase):
    def test_what_there_is(self) -> None:
        foil.progress(1)
        with self.assertRaises(foil.NotInACell):
            _ = foil.params
        with self.assertRaisesRegex(AttributeError, "no attribute 'param'"):
            _ = foil.param


@unittest.skipIf(os.name == "nt", "the program is a script")
class Reading(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        patch = mock.patch.dict(os.environ, FOIL=str(self.root / "foil"))
        patch.start()
        self.addCleanup(patch.stop)

    def says(self, text: str, status: int = 0, error: str = "") -> None:
        program = self.root / "foil"
        program.write_text(f"#!{sys.executable}\nimport sys\nprint({text!r})\nprint({error!r}, file=sys.stderr)\nsys.exit({status})\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def test_metrics_have_axes(self) -> None:
        for i in range(2):
            pa.feather.write_feather(pa.table({"name": ["ndcg"], "value": [0.5 + i], "k": pa.array([10], pa.int32())}), str(self.root / f"{i}"), compression="uncompressed")
        self.says(json.dumps([
            {"cell": "u[seed=0]", "axes": {"seed": 0, "k": "x"}, "state": "cached", "files": {"metrics.arrow": str(self.root / "0")}},
            {"cell": "u[seed=1]", "axes": {"seed": 0.5, "k": "y"}, "state": "cached", "files": {"metrics.arrow": str(self.root / "1")}},
            {"cell": "u[seed=2]", "axes": {"seed": 2, "k": "z"}, "state": "missing"},
        ]))
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            table = foil.read("e", "u")
        self.assertIn("1 of 3 cells of u are not cached", str(seen[0].message))
        self.assertEqual(table.to_pydict(), {"seed": [0, 0.5], "axis.k": ["x", "y"], "name": ["ndcg", "ndcg"], "value": [0.5, 1.5], "k": [10, 10]})
        with self.assertRaisesRegex(foil.FoilError, r"u\[seed=0\] has no table curves; it has metrics.arrow"):
            foil.read("e", "u", table="curves")

    def test_errors_are_those_of_foil(self) -> None:
        self.says("", 1, 'no stage "x"')
        with self.assertRaisesRegex(foil.FoilError, '^no stage "x"$'):
            foil.read("e", "x")
        self.says("[]")
        with self.assertRaisesRegex(foil.FoilError, "no cell of u is cached; foil run e makes them"):
            foil.read("e", "u")
        (self.root / "foil").unlink()
        with self.assertRaisesRegex(foil.FoilError, "put foil on the PATH, or name it in the variable FOIL"):
            foil.read("e", "u")


if __name__ == "__main__":
    unittest.main()
