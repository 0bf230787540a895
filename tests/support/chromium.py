"""A real Chromium for the tests of the page, or one line that says why they are skipped."""

import importlib.util
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.missing import is_missing

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "msedge",
    "chrome",
)
PATHS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
# No sandbox, which root cannot have, and no network traffic of the browser's own.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def find_chromium() -> str | None:
    """The first browser of Chromium's family on this computer."""
    on_path = (shutil.which(name) for name in NAMES)
    installed = (path for path in PATHS if Path(path).is_file())
    return next((found for found in (*on_path, *installed) if found), None)


def skip_module_without_chromium() -> None:
    """Skip a whole module, in one line, if there is no browser for it."""
    if find_chromium() is None:
        is_missing(
            "No Chromium, Chrome or Edge is installed for the page.", allow_module_level=True
        )
    if importlib.util.find_spec("playwright") is None:
        is_missing(
            "Playwright is missing: `uv pip install --group browser`.", allow_module_level=True
        )


@contextmanager
def chromium() -> Iterator:
    """A headless browser, driven by Playwright."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=FLAGS, headless=True
        )
        yield browser
        browser.close()
