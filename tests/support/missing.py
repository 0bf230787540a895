"""What a learner's computer may lack for a test, and CI may not."""

import importlib.util
import os

import pytest


def is_missing(reason: str, **how: bool) -> None:
    """Skip, but fail where COURSE_REQUIRES_ALL says that everything must be here: in CI."""
    if os.environ.get("COURSE_REQUIRES_ALL"):
        pytest.fail(reason)
    pytest.skip(reason, **how)


def require_nbgrader() -> None:
    """Leave out a test that needs nbgrader where it is not installed."""
    if importlib.util.find_spec("nbgrader") is None:
        is_missing("nbgrader is missing: `uv pip install --group grade`.")
