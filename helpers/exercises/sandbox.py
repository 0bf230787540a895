"""Run a learner's code so that its loops, prints and exits cannot harm the kernel."""

import contextlib
import ctypes
import io
import math
import sys
import threading
import time
import types
import warnings
from collections.abc import Callable
from typing import Any

from helpers.in_browser import IN_BROWSER

GRACE_SECONDS = 1.0  # for a loop to react after it has been stopped


class Stopped(BaseException):
    """Raised inside code that runs too long. `except Exception` does not catch it."""


class _StopEveryLine(Stopped):
    """Raised where one Stopped did not help: code that catches it gets another on the next line."""

    def __init__(self) -> None:
        super().__init__()
        frame: types.FrameType | None = sys._getframe(1)
        while frame and frame.f_code.co_filename != __file__:
            frame.f_trace = _stop_on_line
            frame = frame.f_back
        sys.settrace(_stop_on_line)


def _stop_on_line(frame: types.FrameType, event: str, argument: object) -> Callable:
    if event == "line":
        raise Stopped
    return _stop_on_line


class Printed(io.TextIOBase):
    """Keeps the first characters of what is printed: a flood must not fill the notebook."""

    def __init__(self, characters: int = 0) -> None:
        self.text = ""
        self._characters = characters

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.text += text[: self._characters - len(self.text)]
        return len(text)


def run_safely(
    action: Callable[[], None], seconds: float | None, printed: Printed | None = None
) -> BaseException | None:
    """Run `action()` and return the exception that it raised, or None. Keep what it `printed`.

    It is stopped after `seconds`; None sets no limit.
    """
    with (
        warnings.catch_warnings(action="ignore"),
        contextlib.redirect_stdout(printed or Printed()),
        contextlib.redirect_stderr(Printed()),
    ):
        return _run(action, seconds)


def _run_in_thread(action: Callable[[], None], seconds: float | None) -> BaseException | None:
    """Run it in a thread of its own.

    Code that cannot be stopped, such as a very long sleep, goes on there, and the kernel is free.
    """
    unfinished = Stopped()
    error: BaseException | None = unfinished
    thread: int | None = None
    sending = threading.Lock()

    def run() -> None:
        nonlocal thread, error
        # Python raises a stop where something is called. None is sent before `thread` is set or
        # after `error` is, and nothing is called next to either: so none gets past the `except`.
        try:
            thread = threading.get_ident()
            action()
            error = None
        except BaseException as raised:
            error = raised
        try:
            with sending:
                sys.settrace(None)
        except Stopped:  # sent just before it had finished
            sys.settrace(None)

    worker = threading.Thread(target=run, daemon=True)
    worker.start()
    try:
        worker.join(seconds)
    finally:  # also when the learner interrupts the kernel
        deadline = time.monotonic() + GRACE_SECONDS
        stop: type[Stopped] = Stopped
        while worker.is_alive() and time.monotonic() < deadline:
            with sending:
                if thread is not None and error is unfinished:
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(
                        ctypes.c_ulong(thread), ctypes.py_object(stop)
                    )
            worker.join(0.05)
            stop = _StopEveryLine
    return error


def _run_here(action: Callable[[], None], seconds: float | None) -> BaseException | None:
    """Run it in this thread, and look at the clock at each line, jump and start of a function.

    Needs `sys.monitoring`, of Python 3.12 and newer. Code that runs no line of Python, such as a
    long sleep, cannot be stopped.
    """
    monitoring: Any = sys.monitoring  # type: ignore[attr-defined, unused-ignore]
    tool, events = monitoring.DEBUGGER_ID, monitoring.events
    deadline = time.monotonic() + (math.inf if seconds is None else seconds)

    def look_at_clock(code: types.CodeType, *_: object) -> None:
        if time.monotonic() > deadline and code is not _run_here.__code__:
            raise Stopped

    monitoring.use_tool_id(tool, __name__)
    try:
        for event in (events.LINE, events.JUMP, events.PY_START):
            monitoring.register_callback(tool, event, look_at_clock)
        monitoring.set_events(tool, events.LINE | events.JUMP | events.PY_START)
        action()
    except BaseException as raised:
        return raised
    finally:
        # Before 3.14 freeing the tool leaves its events and callbacks.
        monitoring.set_events(tool, events.NO_EVENTS)
        monitoring.free_tool_id(tool)
    return None


_run = _run_here if IN_BROWSER else _run_in_thread
