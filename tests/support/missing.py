"""Skip tests whose tools are missing; fail instead in CI, which has them all."""

import importlib.util
import os

import pytest


def is_missing(reason: str, **how: bool) -> None:
    """Skip the test, or fail it if COURSE_REQUIRES_ALL is set, as in CI."""
    if os.environ.get("COURSE_REQUIRES_ALL"):
        pytest.fail(reason)
    pytest.skip(reason, **how)


def require_nbgrader() -> None:
    """Skip a test that needs nbgrader if it is not installed."""
    if importlib.util.find_spec("nbgrader") is None:
        is_missing("nbgrader is missing: `uv pip install --group grade`.")
