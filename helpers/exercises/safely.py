"""Run a learner's code so that nothing it does can harm the kernel: loops, prints, exits."""

import contextlib
import ctypes
import io
import threading
import time
from collections.abc import Callable

SECONDS = 3.0  # for one answer; right answers take milliseconds
GRACE_SECONDS = 1.0  # what a loop gets to notice that it has been stopped


class Stopped(BaseException):
    """Raised inside code that runs too long. `except Exception` does not catch it."""


class _Nowhere(io.TextIOBase):
    """Takes what is printed and forgets it: a flood must not fill the notebook."""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        return len(text)


def run_safely(action: Callable[[], None]) -> BaseException | None:
    """Run `action()` and return what it raised, None if nothing. What it prints is dropped.

    It runs in a thread of its own. After `SECONDS` the exception `Stopped` is raised in it, again
    and again, so that a loop with a bare `except:` ends too. What even then does not end, such as
    a very long sleep, is left behind, and the kernel goes on.
    """
    error: BaseException | None = Stopped()
    finished = threading.Event()

    def run() -> None:
        nonlocal error
        try:
            action()
            error = None
        except BaseException as raised:
            error = raised
        finally:
            finished.set()

    worker = threading.Thread(target=run, daemon=True)
    with contextlib.redirect_stdout(_Nowhere()), contextlib.redirect_stderr(_Nowhere()):
        worker.start()
        finished.wait(SECONDS)
        deadline = time.monotonic() + GRACE_SECONDS
        while not finished.is_set() and time.monotonic() < deadline:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(worker.ident), ctypes.py_object(Stopped)
            )
            finished.wait(0.01)
    return error
