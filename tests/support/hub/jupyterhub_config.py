"""A hub on loopback for tests/test_room.py: the room's own settings, made-up users, no servers."""

import json
import os

from room.config import add_room

from tests.support.hub.proxy import LoopbackProxy

port = int(os.environ["TEST_PORT"])
c = get_config()  # noqa: F821
c.JupyterHub.bind_url = f"http://127.0.0.1:{port}"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{port + 1}"
c.JupyterHub.db_url = "sqlite:///hub.sqlite"
c.JupyterHub.cookie_secret_file = "cookie_secret"
c.JupyterHub.proxy_class = LoopbackProxy
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = "secret"
c.Authenticator.allow_all = True
c.JupyterHub.load_groups = json.loads(os.environ["TEST_GROUPS"])
c.JupyterHub.services = [{"name": "tests", "api_token": os.environ["TEST_TOKEN"]}]
c.JupyterHub.load_roles = [
    {"name": "tests", "services": ["tests"], "scopes": ["admin:users", "admin:groups", "tokens"]}
]
c.Spawner.environment = {}
add_room(
    c,
    c.JupyterHub.bind_url,
    port + 2,
    environment={name: os.environ[name] for name in os.environ if name.startswith("ROOM_")},
)
