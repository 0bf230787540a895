"""A real HTTP server on loopback that misbehaves as a test asks."""

import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SLOW_PIECE = 4096
SLOW_SECONDS = 0.02


class MisbehavingServer:
    """Serves `files` (name to content) inside a `with`.

    Behaviours: "serve"; "404"; "redirect"; "slow"; "hang at start" (not one byte);
    "hang in the middle" and "break off" (after half the file).
    """

    def __init__(self, files: dict[str, bytes], behaviour: str = "serve"):
        self.files = files
        self.behaviour = behaviour
        self.fetched: list[str] = []  # names asked for with GET, in order
        self._released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> "MisbehavingServer":
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()

    def hang(self) -> None:
        self._released.wait(timeout=60)


def refusing_url() -> str:
    """An address on loopback that refuses connections."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/"


def _handler(server: MisbehavingServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_HEAD(self):
            if server.behaviour == "hang at start":
                server.hang()
            else:
                self._start(200, 0)

        def do_GET(self):
            name = self.path.rpartition("/")[2]
            content = server.files[name]
            server.fetched.append(name)
            match server.behaviour:
                case "serve":
                    self._send(content)
                case "404":
                    self.send_error(404)
                case "redirect" if not self.path.startswith("/moved/"):
                    self.send_response(302)
                    self.send_header("Location", f"/moved/{name}")
                    self.end_headers()
                case "redirect":
                    self._send(content)
                case "slow":
                    self._start(200, len(content))
                    for start in range(0, len(content), SLOW_PIECE):
                        self.wfile.write(content[start : start + SLOW_PIECE])
                        time.sleep(SLOW_SECONDS)
                case "hang at start":
                    server.hang()
                case "hang in the middle" | "break off":
                    self._start(200, len(content))
                    self.wfile.write(content[: len(content) // 2])
                    if server.behaviour == "hang in the middle":
                        server.hang()
                case unknown:
                    raise ValueError(f"no such behaviour: {unknown!r}")

        def _start(self, status: int, size: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(size))
            self.end_headers()

        def _send(self, content: bytes) -> None:
            self._start(200, len(content))
            self.wfile.write(content)

    return Handler
