"""Estimators that weigh the training rows by a kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from refrain.training.converters.distances import add_distances
from refrain.training.converters.graph_step import NoGraph

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from refrain.training.converters.graph_step import GraphStep

LAMBDAS = np.array([0.41, 0.4, 0.37, 0.44, 0.39])
COEFFICIENTS = np.array([-1854.8214151, 3516.89893646, 221.29346712, 128.12323805, -2010.49422654])
"""The logistic function as a sum of error functions (Williams and Barber 1998, appendix A), as scikit-learn has it."""

QUADRATURE_POINTS = 60
"""With so many, the error function is exact to 1e-14 up to `MAX_ARGUMENT`, beyond which it is one."""

MAX_ARGUMENT = 6.0


def convert_kernel_ridge(step: GraphStep) -> None:
    """Weigh the training rows by their dual coefficients."""
    trained = np.asarray(step.fitted.X_fit_, dtype=np.float64)
    weights = np.asarray(step.fitted.dual_coef_, dtype=np.float64).reshape(-1, 1)
    step.answer(step.add("MatMul", _kernel(step, trained), weights))


def convert_gaussian_process_classifier(step: GraphStep) -> None:
    """Answer for two classes, or for several as one against the rest; skl2onnx has no node that can be loaded."""
    fitted = step.fitted.base_estimator_
    processes = getattr(fitted, "estimators_", [fitted])
    chances = [_chance(step, process) for process in processes]
    if len(chances) == 1:
        step.answer(step.add("Concat", step.add("Sub", np.array([[1.0]]), chances[0]), chances[0], axis=1))
        return
    joined = step.add("Concat", *chances, axis=1)
    step.answer(step.add("Div", joined, step.add("ReduceSum", joined, np.array([1]), keepdims=1)))


def _kernel(step: GraphStep, trained: NDArray[np.float64]) -> str:
    """Add the kernel [rows, trained rows] of a kernel ridge regression."""
    fitted = step.fitted
    gamma = 1 / trained.shape[1] if fitted.gamma is None else float(fitted.gamma)
    if fitted.kernel in ("rbf", "laplacian"):
        distances = add_distances(step, trained, "sqeuclidean" if fitted.kernel == "rbf" else "manhattan")
        return step.add("Exp", step.add("Mul", distances, np.array(-gamma)))
    products = step.add("MatMul", step.precise_features(), trained.T)
    if fitted.kernel == "linear":
        return products
    moved = step.add("Add", step.add("Mul", products, np.array(gamma)), np.array(float(fitted.coef0)))
    if fitted.kernel in ("poly", "polynomial"):
        return step.add("Pow", moved, np.array(float(fitted.degree)))
    if fitted.kernel == "sigmoid":
        return step.add("Tanh", moved)
    raise NoGraph("its kernel must be linear, poly, rbf, laplacian or sigmoid")


def _chance(step: GraphStep, process: Any) -> str:
    """Add the chance [rows, 1] of the second class by the Laplace approximation of a process."""
    constant, length = process.kernel_.k1.constant_value, process.kernel_.k2.length_scale
    squared = add_distances(step, process.X_train_.astype(np.float64), "sqeuclidean")
    near = step.add("Mul", step.add("Exp", step.add("Mul", squared, np.array(-0.5 / length**2))), np.array(constant))
    mean = step.add("MatMul", near, (process.y_train_ - process.pi_).reshape(-1, 1))
    explained = step.add("MatMul", near, np.linalg.solve(process.L_, np.diag(process.W_sr_)).T)
    variance = step.add("Sub", np.array(constant), step.add("ReduceSumSquare", explained, np.array([1]), keepdims=1))
    spread = step.add("Sqrt", step.add("Add", step.add("Mul", variance, 2 * LAMBDAS**2), np.array(1.0)))
    errors = _error_function(step, step.add("Div", step.add("Mul", mean, LAMBDAS), spread))
    weighted = step.add("MatMul", errors, COEFFICIENTS.reshape(-1, 1) / 2)
    return step.add("Add", weighted, np.array(COEFFICIENTS.sum() / 2))


def _error_function(step: GraphStep, values: str) -> str:
    """Integrate `2 / √π · exp(-t²)` up to the values by Gauss and Legendre: ONNX Runtime has no Erf of doubles."""
    points, weights = np.polynomial.legendre.leggauss(QUADRATURE_POINTS)
    points, weights = (points + 1) / 2, weights / 2
    clipped = step.add("Clip", values, np.array(-MAX_ARGUMENT), np.array(MAX_ARGUMENT))
    squares = step.add("Unsqueeze", step.add("Mul", clipped, clipped), np.array([2]))
    heights = step.add("Exp", step.add("Mul", squares, -(points**2)))
    return step.add("Mul", clipped, step.add("MatMul", heights, weights * 2 / np.sqrt(np.pi)))
