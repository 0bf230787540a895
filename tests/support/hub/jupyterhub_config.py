"""A hub on loopback for tests/test_room.py: the room's own settings, made-up users, no servers."""

import json
import os

from jupyterhub.services import service
from room.config import add_room
from traitlets import Integer

from tests.support.hub.proxy import LoopbackProxy


class QuickSpawner(service._ServiceSpawner):
    """Notices within a second, not half a minute, that the service was killed."""

    poll_interval = Integer(1)


service._ServiceSpawner = QuickSpawner

port = int(os.environ["TEST_PORT"])
environment = {name: value for name, value in os.environ.items() if name.startswith("ROOM_")}

c = get_config()  # noqa: F821
c.JupyterHub.bind_url = f"http://127.0.0.1:{port}"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{port + 1}"
c.JupyterHub.db_url = "sqlite:///hub.sqlite"
c.JupyterHub.cookie_secret_file = "cookie_secret"
c.JupyterHub.log_level = "WARN"
c.JupyterHub.proxy_class = LoopbackProxy
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = "a password of tests"
c.Authenticator.allow_all = True
groups = json.loads(os.environ["TEST_GROUPS"])
c.JupyterHub.load_groups = {name: {"users": users} for name, users in groups.items()}
c.JupyterHub.services = [{"name": "tests", "api_token": os.environ["TEST_TOKEN"]}]
c.JupyterHub.load_roles = [
    {"name": "tests", "services": ["tests"], "scopes": ["admin:users", "tokens"]}
]
c.Spawner.environment = {}
add_room(c, c.JupyterHub.bind_url, port + 2, environment=environment)
