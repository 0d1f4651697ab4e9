"""What the layer of training's wheels does to them keeps them loadable."""

from __future__ import annotations

import ctypes
import runpy
from pathlib import Path
from shutil import copy

import lightgbm
import pytest
import scipy.special
import xgboost

ROOT = Path(__file__).parents[2]
LAYER = ROOT / "layers" / "wheels" / "training"


@pytest.mark.parametrize(
    "library",
    [
        Path(lightgbm.__file__).parent / "lib" / "lib_lightgbm.so",
        Path(xgboost.__file__).parent / "lib" / "libxgboost.so",
        Path(scipy.special._ufuncs.__file__),
    ],
    ids=lambda library: library.name,
)
def test_a_shared_library_without_its_symbols_loads(library: Path, tmp_path: Path) -> None:
    shortened = Path(copy(library, tmp_path))

    runpy.run_path(str(LAYER / "shorten.py"))["shorten"](shortened)

    assert shortened.stat().st_size <= library.stat().st_size
    code = shortened.read_bytes()
    assert code[40:48] == bytes(8)  # it has no table of sections
    ctypes.CDLL(str(shortened))


def test_what_is_no_shared_library_is_left_alone(tmp_path: Path) -> None:
    script = tmp_path / "libopenblas.so"
    script.write_text("INPUT(libopenblas.so.0)")

    runpy.run_path(str(LAYER / "shorten.py"))["shorten"](script)

    assert script.read_text() == "INPUT(libopenblas.so.0)"


def test_the_layer_brings_the_openmp_library_that_lightgbm_links() -> None:
    """Lambda has none; its loader searches /opt/lib."""
    recipe = (LAYER / "Makefile").read_text()

    assert b"libgomp.so.1\0" in (Path(lightgbm.__file__).parent / "lib" / "lib_lightgbm.so").read_bytes()
    assert '"$(ARTIFACTS_DIR)/lib/libgomp.so.1"' in recipe
