"""JupyterHub for a room of learners on one Linux server. See README.md in this folder.

The hub runs as root, because it starts each learner's server as that learner's own system user.
Settings come from the environment, so that this file stays as it is:

HUB_PORT             where the proxy listens, on loopback (8000); the next three ports are used, too
HUB_STATE            folder for the hub's database and cookie secret (/var/lib/softmax-hub)
FASHION_MNIST_DIR    the pictures, one copy for all (the course's `data/`)
HUB_ROOM             1 for the page that shows an instructor where the room is stuck (no page)
ROOM_KEEP_HOURS      after this the page forgets, if the session was not ended before (24)
"""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
COURSE = HERE.parent.parent

# What one learner may use, as README.md measured it.
MEMORY_BYTES = 2560 * 1024**2  # all processes of a learner together
DATA_BYTES = 1536 * 1024**2  # one process; notebook 06 takes 680 MB of it
PROCESSES = 512  # threads count, and TensorFlow starts many

port = int(os.environ.get("HUB_PORT", "8000"))
state = Path(os.environ.get("HUB_STATE", "/var/lib/softmax-hub"))
state.mkdir(mode=0o700, parents=True, exist_ok=True)

c = get_config()  # noqa: F821

# --- The hub -----------------------------------------------------------------------------------

# Loopback only: a web server with a certificate (nginx, Caddy) stands in front of it.
c.JupyterHub.bind_url = f"http://127.0.0.1:{port}"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{port + 1}"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{port + 2}"
c.JupyterHub.db_url = f"sqlite:///{state}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = str(state / "cookie_secret")
c.ConfigurableHTTPProxy.pid_file = str(state / "proxy.pid")
# A class logs in within one minute. A learner who comes when this many servers are starting is not
# queued but sees an error page (429).
c.JupyterHub.concurrent_spawn_limit = 100
c.JupyterHub.log_level = "WARN"

# Who may log in: the system users of the group `learners`, with their own passwords.
c.JupyterHub.authenticator_class = "pam"
c.PAMAuthenticator.allowed_groups = {"learners"}
c.PAMAuthenticator.open_sessions = False

# --- A learner's server ------------------------------------------------------------------------

c.Spawner.cmd = [sys.executable, str(HERE / "start_server.py")]
c.Spawner.notebook_dir = "~/course"
c.Spawner.default_url = "/lab/tree/notebooks/00-meet-the-data.ipynb"
c.Spawner.start_timeout = 120
c.Spawner.http_timeout = 120
c.Spawner.environment = {
    "COURSE_DATA_LIMIT": str(DATA_BYTES),
    "FASHION_MNIST_DIR": os.environ.get("FASHION_MNIST_DIR", str(COURSE / "data")),
    "JUPYTER_PREFER_ENV_PATH": "1",
    "MALLOC_ARENA_MAX": "2",  # else every thread keeps its own reserve of freed memory
    "MEM_LIMIT": str(MEMORY_BYTES),  # what jupyter-resource-usage shows in the status bar
    "OMP_NUM_THREADS": "2",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONPATH": str(COURSE),  # `helpers`, read-only and the same for all
    "PYTHONUTF8": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "2",
}
c.Spawner.args = [
    # Sockets in a folder of the learner's own. On TCP every user of the machine could listen in.
    "--KernelManager.transport=ipc",
    # A notebook that was closed half an hour ago gives its memory back.
    "--MappingKernelManager.cull_idle_timeout=1800",
    "--MappingKernelManager.cull_interval=300",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.news_url=None",
    "--ResourceUseDisplay.track_cpu_percent=False",
]

if not Path("/run/systemd/system").exists():
    raise SystemExit(
        "This machine does not run systemd, which limits each learner's memory and processes: use "
        "an ordinary Linux server, or the Helm values for Kubernetes."
    )
c.JupyterHub.spawner_class = "systemdspawner.SystemdSpawner"
c.SystemdSpawner.mem_limit = MEMORY_BYTES
c.SystemdSpawner.slice = "softmax-course.slice"
c.SystemdSpawner.isolate_tmp = True
c.SystemdSpawner.isolate_devices = True
c.SystemdSpawner.disable_user_sudo = True
c.SystemdSpawner.unit_extra_properties = {
    "CPUWeight": "100",  # the same for all: a loop takes what the others leave
    "MemorySwapMax": "0",
    "TasksMax": str(PROCESSES),
}

# --- Idle servers are stopped: the notebooks stay, the memory is free ----------------------------

c.JupyterHub.load_roles = [
    {
        "name": "idle-culler",
        "services": ["idle-culler"],
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
    }
]
c.JupyterHub.services = [
    {
        "name": "idle-culler",
        "command": [
            sys.executable,
            "-m",
            "jupyterhub_idle_culler",
            "--timeout=3600",
            "--cull-every=300",
        ],
    }
]

# --- The page that shows an instructor where the room is stuck -----------------------------------


def with_groups(_authenticator, _handler, authentication):
    """Let the hub know the system groups of whoever logs in: `instructors`, `class-…`."""
    import grp

    name = authentication["name"]
    authentication["groups"] = [each.gr_name for each in grp.getgrall() if name in each.gr_mem]
    return authentication


if os.environ.get("HUB_ROOM"):
    sys.path.insert(0, str(HERE))
    from room.config import add_room

    c.Authenticator.manage_groups = True
    c.Authenticator.post_auth_hook = with_groups
    c.PAMAuthenticator.allowed_groups = {"learners", "instructors"}
    # A system user of its own, since it reads what learners send.
    keep = {
        "ROOM_KEEP_HOURS": os.environ.get("ROOM_KEEP_HOURS", "24"),
        "ROOM_STATE": "/var/lib/softmax-room",
    }
    add_room(c, c.JupyterHub.bind_url, port + 3, user="softmax-room", environment=keep)
