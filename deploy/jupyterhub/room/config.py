"""What a hub must know of the room's page: the one of a server and the one of the tests."""

import sys
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent


def add_room(c: Any, address: str, port: int, **service: Any) -> None:
    """Add the page to a hub that learners' servers reach at `address`; it listens on `port`.

    Who may do what is read from the values for Helm. `service` may have the `user` that it runs as,
    and settings as `environment`.
    """
    hub = yaml.safe_load((HERE.parent / "z2jh-room.yaml").read_text("utf-8"))["hub"]
    paths = {"PYTHONPATH": f"{HERE.parents[2]}:{HERE.parent}", "PYTHONUTF8": "1"}
    here = {
        "name": "room",
        "url": f"http://127.0.0.1:{port}",
        "command": [sys.executable, "-m", "room.service"],
        "cwd": str(HERE.parent),
        "environment": paths | service.pop("environment", {}),
    }
    c.JupyterHub.services += [hub["services"]["room"] | here | service]
    c.JupyterHub.custom_scopes = hub["config"]["JupyterHub"]["custom_scopes"]
    c.JupyterHub.load_roles += [{"name": name, **it} for name, it in hub["loadRoles"].items()]
    c.Spawner.environment["COURSE_ROOM_URL"] = f"{address}/services/room/"
