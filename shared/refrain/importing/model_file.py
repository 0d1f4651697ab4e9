"""Reads what a model was stored as: skops, pickle or joblib, ONNX, or a folder of MLflow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from refrain.errors import CannotImport
from refrain.words import listed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PICKLES = (".joblib", ".pkl", ".pickle")
RUNS_CODE = "Loading it runs the code that is in it: do that only where you trust its author, and then add --trust."


def read_model_file(path: Path, *, trusted: bool) -> Any:
    """Return the fitted estimator, or the graph (`onnx.ModelProto`). Raises `CannotImport`.

    A file that runs code when it is loaded is refused unless it is `trusted`.
    """
    path = _file_of_folder(path) if path.is_dir() else path
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise CannotImport(f"{path.name}: expected a file that ends in {listed(list(_READERS))}, or a folder of MLflow")
    try:
        return read(path, trusted)
    except ImportError as error:
        raise CannotImport(f"{path.name} needs the package {error.name}, which is not installed here") from error
    except (CannotImport, OSError):
        raise
    except Exception as error:
        raise CannotImport(f"{path.name} cannot be loaded: {type(error).__name__}: {error}") from error


def _file_of_folder(folder: Path) -> Path:
    """Find the file of the flavour that holds the fitted model (https://mlflow.org/docs/latest/ml/model/)."""
    import yaml

    description = folder / "MLmodel"
    if not description.exists():
        raise CannotImport(f"{folder}: expected a folder of MLflow, with a file MLmodel")
    try:
        flavours = dict(yaml.safe_load(description.read_text(encoding="utf-8"))["flavors"])
    except (yaml.YAMLError, UnicodeDecodeError, LookupError, TypeError, ValueError) as error:
        raise CannotImport(f"{description}: expected YAML with the key flavors") from error
    for name, key in (("sklearn", "pickled_model"), ("lightgbm", "data"), ("onnx", "data")):
        if isinstance(flavours.get(name), dict) and key in flavours[name]:
            file = folder / str(flavours[name][key])
            return file / "model.onnx" if file.is_dir() else file
    raise CannotImport(f"{folder}: expected the flavour sklearn, lightgbm or onnx, got {listed(list(flavours))}")


def _read_skops(path: Path, trusted: bool) -> Any:
    from skops.io import get_untrusted_types, load

    unknown = get_untrusted_types(file=path)
    if unknown and not trusted:
        raise CannotImport(f"{path.name} holds types that skops does not know ({listed(unknown)}). {RUNS_CODE}")
    return load(path, trusted=unknown)


def _read_pickle(path: Path, trusted: bool) -> Any:
    if not trusted:
        raise CannotImport(f"{path.name} is a pickle. {RUNS_CODE}")
    import joblib

    return joblib.load(path)


def _read_booster(path: Path, _: bool) -> Any:
    from lightgbm import Booster

    return Booster(model_file=path)


def _read_graph(path: Path, _: bool) -> Any:
    import onnx

    return onnx.load(path)


_READERS: dict[str, Callable[[Path, bool], Any]] = {
    ".skops": _read_skops,
    **dict.fromkeys(PICKLES, _read_pickle),
    ".lgb": _read_booster,
    ".onnx": _read_graph,
}
