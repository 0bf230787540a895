"""Run a learner's code so that nothing it does can harm the kernel: loops, prints, exits."""

import contextlib
import ctypes
import io
import threading
import time
from collections.abc import Callable
from typing import Any

SECONDS = 3.0  # for one answer; right answers take milliseconds
GRACE_SECONDS = 1.0  # what a loop gets to notice that it has been stopped
PRINTED_CHARACTERS = 500


class Stopped(BaseException):
    """Raised inside code that runs too long. `except Exception` does not catch it."""


class _LimitedText(io.TextIOBase):
    """Keeps the first characters printed and forgets the rest, so that a flood fills no memory."""

    def __init__(self):
        self.text = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.text += text[: PRINTED_CHARACTERS - len(self.text)]
        return len(text)


def run_safely(action: Callable[[], Any]) -> tuple[Any, BaseException | None, str]:
    """Return what `action()` returns, what it raises, and the start of what it prints.

    It runs in a thread of its own. After `SECONDS` the exception `Stopped` is raised in it, again
    and again, so that a loop with a bare `except:` ends too; what even then does not end, such as
    a very long sleep, is left behind, and the kernel goes on.
    """
    result, error, printed = None, None, _LimitedText()
    finished = threading.Event()

    def run() -> None:
        nonlocal result, error
        try:
            result = action()
        except BaseException as raised:
            error = raised
        finally:
            finished.set()

    worker = threading.Thread(target=run, daemon=True)
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        worker.start()
        finished.wait(SECONDS)
        deadline = time.monotonic() + GRACE_SECONDS
        while not finished.is_set() and time.monotonic() < deadline:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(worker.ident), ctypes.py_object(Stopped)
            )
            finished.wait(0.01)
    if not finished.is_set():
        error = Stopped()
    return result, error, printed.text
