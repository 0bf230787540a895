"""What differs where Python itself runs in a web browser: Pyodide, in JupyterLite.

It has no threads and no sockets. Files, progress.json among them, are kept by the browser.
"""

import logging
import sys

IN_BROWSER = sys.platform == "emscripten"

if IN_BROWSER:  # each kernel builds matplotlib's font cache, and would warn that it takes a moment
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)


def fetch_picture_file(name: str) -> bytes:
    """A file of pictures or labels, from the web site that the notebook is on.

    Raises OSError with a sentence about why it is unavailable.
    """
    import js  # type: ignore[import-not-found]  # Pyodide's bridge to the browser

    site, _, _ = js.location.href.partition("/extensions/")  # the kernel's script is below it
    request = js.XMLHttpRequest.new()
    request.open("GET", f"{site}/data/{name}", False)
    request.responseType = "arraybuffer"
    try:
        request.send()
    except Exception:  # JavaScript's own
        raise OSError(
            "the site cannot be reached. Connect to the internet and run this cell again to work "
            "with the real pictures."
        ) from None
    if request.status != 200:
        raise OSError("this site was built without the real pictures. Everything else works.")
    return request.response.to_bytes()
