"""The browsers that the tests of the page drive: Chromium, Firefox and WebKit.

Playwright drives Chromium, but would need a Firefox and a WebKit of its own. The installed Firefox
is driven by WebDriver BiDi, the installed WebKit by Selenium.
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from tempfile import TemporaryDirectory
from typing import Any

from tests.support.missing import is_missing

# Where Playwright looks for Chrome and Edge on each operating system.
CHANNELS = [{"channel": "chrome"}, {"channel": "msedge"}]


def require_clients() -> None:
    """Skip a whole module, in one line, if the dependency group `browser` is not installed."""
    if not all(map(find_spec, ("playwright", "selenium", "websocket"))):
        reason = "The browsers' clients are missing: `uv pip install --group browser`."
        is_missing(reason, allow_module_level=True)


def find(name: str, package: str, *commands: str) -> str:
    """The path of the first of these commands that is installed; a skip if none is."""
    path = next(filter(None, map(shutil.which, commands)), None)
    if path is None:
        is_missing(f"{name} is missing: `apt-get install {package}` on Debian.")
    return str(path)


@contextmanager
def chromium() -> Iterator:
    """A headless Chromium, else Chrome or Edge, driven by Playwright."""
    from playwright.sync_api import Error, sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        for place in [{"executable_path": path}] if path else CHANNELS:
            try:
                browser = playwright.chromium.launch(**place)
            except Error as error:
                if "is not found" not in error.message:
                    raise
            else:
                yield browser
                browser.close()
                return
        is_missing("Chromium, Chrome or Edge is missing: `apt-get install chromium` on Debian.")


# --- One tab of a browser, with the same four methods for each engine. -----------------------
# Keys have the names of selenium.webdriver.Keys.


def wait_until(condition: Callable[[], Any], seconds: float = 180) -> Any:
    """The first true value of the condition. WebKit is slow on a machine with other work."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"It took more than {seconds} seconds."
        time.sleep(0.25)
    return value


class ChromiumTab:
    def __init__(self, page):
        self.page = self.frame = page

    def open(self, url: str) -> None:
        self.page.goto(url)
        self.frame = self.page

    def enter_frame(self) -> None:
        self.frame = self.page.frames[1]

    def evaluate(self, expression: str) -> Any:
        return self.frame.evaluate(expression)

    def press(self, key: str) -> None:
        self.page.keyboard.press(key.title().replace("_", ""))


class FirefoxTab:
    def __init__(self, socket):
        self.socket = socket
        self._send("session.new", capabilities={})

    def _send(self, method: str, **params: Any) -> dict:
        self.socket.send(json.dumps({"id": 1, "method": method, "params": params}))
        answer = json.loads(self.socket.recv())
        assert answer["type"] == "success", answer
        return answer["result"]

    def open(self, url: str) -> None:
        # A new tab each time: it has the focus, which else may be in Firefox's own controls.
        self.top = self.frame = self._send("browsingContext.create", type="tab")["context"]
        self._send("browsingContext.navigate", context=self.top, url=url, wait="complete")

    def enter_frame(self) -> None:
        [tree] = self._send("browsingContext.getTree", root=self.top)["contexts"]
        self.frame = tree["children"][0]["context"]

    def evaluate(self, expression: str) -> Any:
        answer = self._send(
            "script.evaluate",
            # As JSON: BiDi has a notation of its own for arrays and numbers.
            expression=f"JSON.stringify({expression})",
            target={"context": self.frame},
            awaitPromise=False,
        )
        assert answer["type"] == "success", answer
        return json.loads(answer["result"].get("value", "null"))

    def press(self, key: str) -> None:
        from selenium.webdriver import Keys

        value = getattr(Keys, key)
        strokes = [{"type": stroke, "value": value} for stroke in ("keyDown", "keyUp")]
        keyboard = {"type": "key", "id": "keyboard", "actions": strokes}
        self._send("input.performActions", context=self.frame, actions=[keyboard])


class WebKitTab:
    def __init__(self, driver):
        self.driver = driver

    def open(self, url: str) -> None:
        self.driver.get(url)

    def enter_frame(self) -> None:
        self.driver.switch_to.frame(0)

    def evaluate(self, expression: str) -> Any:
        return self.driver.execute_script(f"return {expression}")

    def press(self, key: str) -> None:
        from selenium.webdriver import ActionChains, Keys

        ActionChains(self.driver).send_keys(getattr(Keys, key)).perform()


@contextmanager
def chromium_tab() -> Iterator:
    with chromium() as browser:
        yield ChromiumTab(browser.new_page())


@contextmanager
def firefox_tab() -> Iterator:
    path = find("Firefox", "firefox-esr", "firefox-esr", "firefox")
    from websocket import create_connection

    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [path, "--headless", "--remote-debugging-port=0", "--profile", profile]
        with running(command, stderr=subprocess.PIPE) as firefox:
            line = next(line for line in firefox.stderr if "BiDi listening on" in line)
            address = line.split()[-1] + "/session"
            # Firefox refuses clients that send an Origin.
            with closing(create_connection(address, timeout=60, suppress_origin=True)) as socket:
                yield FirefoxTab(socket)


@contextmanager
def webkit_tab() -> Iterator:
    """WebKitGTK's MiniBrowser, on a virtual screen: it cannot run headless."""
    path = find("WebKit", "webkit2gtk-driver", "WebKitWebDriver")
    screen = find("Xvfb", "xvfb", "Xvfb")
    from selenium import webdriver

    with running([screen, "-displayfd", "1", "-nolisten", "tcp"], stdout=subprocess.PIPE) as xvfb:
        environment = os.environ | {"DISPLAY": f":{xvfb.stdout.readline().strip()}"}
        service = webdriver.WebKitGTKService(path, env=environment)
        with webdriver.WebKitGTK(service=service) as driver:
            yield WebKitTab(driver)


@contextmanager
def running(command: list[str], **settings: Any) -> Iterator:
    """The running process, killed at the end; its output is dropped where there is no pipe."""
    settings = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL} | settings
    with subprocess.Popen(command, encoding="utf-8", **settings) as process:
        try:
            yield process
        finally:
            process.kill()


ENGINES = {"chromium": chromium_tab, "firefox": firefox_tab, "webkit": webkit_tab}
