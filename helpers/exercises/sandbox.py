"""Run a learner's code so that nothing it does can harm the kernel: loops, prints, exits."""

import contextlib
import ctypes
import io
import sys
import threading
import time
import types
import warnings
from collections.abc import Callable

GRACE_SECONDS = 1.0  # what a loop gets to notice that it has been stopped


class Stopped(BaseException):
    """Raised inside code that runs too long. `except Exception` does not catch it."""


class _StoppedTwice(Stopped):
    """Raised where that did not help: whoever catches it gets another on the next line."""

    def __init__(self) -> None:
        super().__init__()
        frame = sys._getframe(1)
        while frame and frame.f_code.co_filename != __file__:
            frame.f_trace = _stop_on_line
            frame = frame.f_back
        sys.settrace(_stop_on_line)


def _stop_on_line(frame: types.FrameType, event: str, argument: object) -> Callable:
    if event == "line":
        raise Stopped
    return _stop_on_line


class _Nowhere(io.TextIOBase):
    """Takes what is printed and forgets it: a flood must not fill the notebook."""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        return len(text)


def run_safely(action: Callable[[], None], seconds: float | None) -> BaseException | None:
    """Run `action()` and return what it raised, None if nothing. What it prints or warns is lost.

    It runs in a thread of its own, and after `seconds` it is stopped; with None it never is. What
    cannot be stopped, such as a very long sleep, is left behind, and the kernel goes on.
    """
    unfinished = error = Stopped()
    begun = False
    sending = threading.Lock()

    def run() -> None:
        nonlocal begun, error
        # Python raises a stop where something is called. None is sent before `begun` or after
        # `error`, and beside them nothing is called: so none gets past the `except`.
        try:
            begun = True
            action()
            error = None
        except BaseException as raised:
            error = raised
        try:
            with sending:
                sys.settrace(None)
        except Stopped:  # sent just before it was finished
            sys.settrace(None)

    worker = threading.Thread(target=run, daemon=True)
    with (
        warnings.catch_warnings(action="ignore"),
        contextlib.redirect_stdout(_Nowhere()),
        contextlib.redirect_stderr(_Nowhere()),
    ):
        worker.start()
        try:
            worker.join(seconds)
        finally:  # also when the learner interrupts the kernel
            deadline = time.monotonic() + GRACE_SECONDS
            stop = Stopped
            while worker.is_alive() and time.monotonic() < deadline:
                with sending:
                    if begun and error is unfinished:
                        ctypes.pythonapi.PyThreadState_SetAsyncExc(
                            ctypes.c_ulong(worker.ident), ctypes.py_object(stop)
                        )
                worker.join(0.05)
                stop = _StoppedTwice
    return error
