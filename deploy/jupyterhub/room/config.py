"""What a hub must know of the room's page: the one of a server and the one of the tests."""

import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def add_room(c: Any, address: str, port: int, **service: Any) -> None:
    """Add the page to a hub that learners' servers reach at `address`; it listens on `port`.

    `service` may have the `user` that it runs as, and settings as `environment`.
    """
    paths = {"PYTHONPATH": f"{HERE.parents[2]}:{HERE.parent}", "PYTHONUTF8": "1"}
    c.JupyterHub.custom_scopes = {
        "custom:room:report": {"description": "Report to the room's page for oneself."},
        "custom:room:watch": {"description": "Look at the room's page."},
    }
    c.JupyterHub.services += [
        {
            "name": "room",
            "url": f"http://127.0.0.1:{port}",
            "command": [sys.executable, "-m", "room.service"],
            "cwd": str(HERE.parent),
            "oauth_client_allowed_scopes": ["custom:room:watch"],
            "oauth_no_confirm": True,
            **service,
            "environment": paths | service.get("environment", {}),
        }
    ]
    c.JupyterHub.load_roles += [
        {"name": "user", "scopes": ["self", "custom:room:report"]},
        {
            "name": "server",  # what a learner's notebooks may do
            "scopes": ["users:activity!user", "access:servers!server", "custom:room:report"],
        },
        {
            "name": "instructors",
            "groups": ["instructors"],
            "scopes": ["access:services!service=room", "custom:room:watch"],
        },
        {"name": "room", "services": ["room"], "scopes": ["list:groups", "read:groups"]},
    ]
    c.Spawner.environment["COURSE_ROOM_URL"] = f"{address}/services/room/"
