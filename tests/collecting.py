"""Garbage collection in tests that run statsmodels' multipletests, which collects at every call."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture
def quick_collection() -> Iterator[None]:
    """What is there before a test is left out of collections (most of a call's time)."""
    gc.freeze()
    yield
    gc.unfreeze()
