from __future__ import annotations

import os
import sys
from math import inf

import numpy as np
import pytest

from refrain.process_memory import MEGABYTE, function_bytes, max_resident, models_bytes, peak_resident, resident


def test_the_room_of_models_is_a_share_of_the_functions_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1000")
    assert function_bytes() == 1000 * MEGABYTE
    assert max_resident(function_bytes()) == 750 * MEGABYTE
    assert models_bytes(function_bytes()) == 750 * MEGABYTE - 100_000_000


def test_outside_a_function_there_is_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", raising=False)
    assert models_bytes(function_bytes()) == inf


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_the_peak_remembers_what_a_process_no_longer_holds() -> None:
    before = peak_resident()
    block = np.ones(40 * MEGABYTE, np.uint8)
    held = resident()
    del block

    assert resident() < held - 30 * MEGABYTE
    assert peak_resident() >= before
    assert peak_resident() == pytest.approx(max(held, before), rel=0.02)
    assert resident(os.getpid()) == pytest.approx(resident(), rel=0.05)


def test_a_process_that_is_gone_holds_nothing() -> None:
    assert resident(2**22 + 1) == 0
