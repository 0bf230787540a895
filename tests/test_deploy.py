"""The JupyterHub deployment, as far as it can be tested without a hub and without root."""

import hashlib
import html
import json
import os
import re
import runpy
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from traitlets.config import Config

from helpers import ROOT

pytestmark = pytest.mark.slow

DEPLOY = ROOT / "deploy" / "jupyterhub"

# Keys of the chart, from its schema.
CHART = {
    "hub": {"concurrentSpawnLimit", "config"},
    "singleuser": {
        *("cmd", "cpu", "defaultUrl", "extraEnv", "image", "memory", "networkPolicy"),
        *("startTimeout", "storage"),
    },
    "cull": {"enabled", "timeout", "every"},
    "scheduling": {"userScheduler", "podPriority", "userPlaceholder"},
    "prePuller": {"continuous"},
}

posix = pytest.mark.skipif(os.name == "nt", reason="The server is a Linux one.")
linux = pytest.mark.skipif(sys.platform != "linux", reason="The server is a Linux one.")


# --- settings ----------------------------------------------------------------------------------


@pytest.fixture
def configure(tmp_path, monkeypatch):
    """What jupyterhub_config.py sets, on a machine with systemd; `room` switches the page on."""

    def configure(room):
        config = Config()
        monkeypatch.setenv("HUB_ROOM", room)
        monkeypatch.setenv("HUB_STATE", str(tmp_path))
        monkeypatch.setattr(Path, "exists", lambda _: True)
        monkeypatch.setattr(sys, "path", sys.path.copy())
        runpy.run_path(str(DEPLOY / "jupyterhub_config.py"), {"get_config": lambda: config})
        return config

    return configure


@pytest.fixture
def config(configure):
    return configure(room="")


@pytest.fixture
def values():
    return yaml.safe_load((DEPLOY / "z2jh-values.yaml").read_text(encoding="utf-8"))


def test_hub_limits_every_server_and_listens_on_loopback_only(config):
    assert config.JupyterHub.spawner_class == "systemdspawner.SystemdSpawner"
    addresses = re.findall(r"http://([^:/]+)", str(config))
    assert len(addresses) == 3
    assert set(addresses) == {"127.0.0.1"}


def test_room_is_there_only_where_the_hub_switches_it_on(configure):
    without, config = configure(room=""), configure(room="1")
    assert "COURSE_ROOM_URL" not in without.Spawner.environment
    assert [service["name"] for service in without.JupyterHub.services] == ["idle-culler"]
    assert config.Spawner.environment["COURSE_ROOM_URL"] == "http://127.0.0.1:8000/services/room/"
    [_, service] = config.JupyterHub.services
    assert service["url"].startswith("http://127.0.0.1:")
    assert service["user"] not in (None, "root")


@posix
def test_hub_knows_the_system_groups_of_who_logs_in(configure, monkeypatch):
    members = {"class-a": ["ann", "bob"], "instructors": ["bob"]}
    everything = [SimpleNamespace(gr_name=name, gr_mem=them) for name, them in members.items()]
    monkeypatch.setattr("grp.getgrall", lambda: everything)
    config = configure(room="1")
    assert config.Authenticator.manage_groups
    found = config.Authenticator.post_auth_hook(None, None, {"name": "ann"})
    assert found == {"name": "ann", "groups": ["class-a"]}


def test_helm_values_use_keys_of_the_chart(values):
    assert values.keys() == CHART.keys()
    for part, names in CHART.items():
        assert values[part].keys() <= names, part


def test_server_and_helm_values_have_equal_limits(config, values):
    environment = values["singleuser"]["extraEnv"]
    assert environment.keys() == config.Spawner.environment.keys()
    for name in ("COURSE_DATA_LIMIT", "MEM_LIMIT"):
        assert environment[name] == config.Spawner.environment[name]
    most = config.SystemdSpawner.mem_limit
    assert int(environment["MEM_LIMIT"]) == most
    assert values["singleuser"]["memory"]["limit"] == f"{most // 1024**2}M"
    assert int(environment["COURSE_DATA_LIMIT"]) < most, "else the kernel dies without a word"


# --- a learner's first start -------------------------------------------------------------------


@posix
def test_later_starts_keep_a_learners_work(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(DEPLOY)
    from start_server import copy_missing

    source, own = tmp_path / "course", tmp_path / "home" / "notebooks"
    source.mkdir()
    (source / "projects").mkdir()
    everything = ["00-a.ipynb", "01-b.ipynb", "02-c.ipynb", "projects/t.ipynb"]
    for name in [*everything, "notes.txt", "projects/my.ipynb"]:
        (source / name).write_text("course", encoding="utf-8")
    assert copy_missing(source, own) == everything

    for name in ("00-a.ipynb", "projects/t.ipynb", "projects/my_project.ipynb"):
        (own / name).write_text("work", encoding="utf-8")
    (own / "01-b.ipynb").unlink()
    (own / "02-c.ipynb").unlink()
    (own / "02-c.ipynb").symlink_to(tmp_path / "elsewhere")
    for name in everything:
        (source / name).write_text("course, corrected", encoding="utf-8")
    assert copy_missing(source, own) == ["01-b.ipynb"]
    assert {
        path.relative_to(own).as_posix(): path.read_text(encoding="utf-8")
        for path in own.rglob("*.ipynb")
        if not path.is_symlink()
    } == {
        "00-a.ipynb": "work",
        "01-b.ipynb": "course, corrected",
        "projects/my_project.ipynb": "work",
        "projects/t.ipynb": "work",
    }
    assert not (tmp_path / "elsewhere").exists()
    assert not list(own.rglob("*.part"))


@linux
def test_memory_limit_raises_memory_error():
    program = """
from start_server import limit_memory
limit_memory(200 * 1024**2)
try:
    bytearray(b"x") * 400 * 1024**2
except MemoryError:
    print("MemoryError")
print(len(bytearray(50 * 1024**2)))
"""
    result = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": str(DEPLOY)},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert result.stdout.split() == ["MemoryError", str(50 * 1024**2)]


# --- a read-only course --------------------------------------------------------------------------

# What start_server does, but for the last line: where it would become Jupyter's server, it runs
# what a learner runs, in the folder and the environment that the server would have.
START = """
import os, sys
sys.path.insert(0, sys.argv[1])
import start_server

def learn(*_):
    os.chdir("notebooks")
    exec(sys.argv[2], {})

os.execv = learn
start_server.limit_memory = lambda most: None
start_server.main()
"""

SHOW_PAGE = """
import numpy as np
from helpers.web.page import show_page
from helpers.data import CLASS_NAMES, Dataset
from helpers.quiet_tensorflow import keras

images, labels = np.zeros((20, 28, 28), np.uint8), np.arange(20, dtype=np.uint8) % 10
layers = [keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(10)]
page = show_page(
    keras.Sequential(layers), Dataset(images, labels, images, labels, "sketches", "")
)
print(page._repr_html_())
"""

LOOK_AT_PROJECT = """
from helpers.exercises import check, progress_file
from helpers.project import check_project

check("1.1", 0.5)
check_project("projects/template.ipynb", seconds=0)
print(progress_file.PROGRESS_FILE)
"""


@pytest.fixture
def hub(tmp_path):
    """The course as the Dockerfile puts it into the image, with small files for TensorFlow.js."""
    course, home = tmp_path / "opt" / "course", tmp_path / "home"
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    for folder in re.findall(r"^COPY (\w+) /opt/course/\1$", dockerfile, re.MULTILINE):
        ignored = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "*.gz*", "npm")
        shutil.copytree(ROOT / folder, course / folder, ignore=ignored)
    home.mkdir()
    listed = course / "helpers" / "web" / "tensorflowjs.json"
    pins = json.loads(listed.read_text(encoding="utf-8"))
    (course / "data" / "npm").mkdir()
    for name, pin in pins.items():
        (course / "data" / "npm" / name).write_text(f"// {name}", encoding="utf-8")
        pin["sha256"] = hashlib.sha256(f"// {name}".encode()).hexdigest()
    listed.write_text(json.dumps(pins), encoding="utf-8")
    yield Hub(course, home)
    _set_modes(course, 0o755)


def _set_modes(folder, mode):
    for path in [folder, *folder.rglob("*")]:
        path.chmod(mode if path.is_dir() else mode & 0o666)


@dataclass
class Hub:
    course: Path
    home: Path

    def learn(self, program):
        """Run a program as a learner does after a login, in a read-only course; return its output.

        The course must be as it was.
        """
        _set_modes(self.course, 0o555)
        before = self._everything()
        environment = {
            **{name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ},
            **{"HOME": str(self.home), "COURSE_DATA_LIMIT": "0", "PYTHONUTF8": "1"},
            **{"PYTHONPATH": str(self.course), "TF_CPP_MIN_LOG_LEVEL": "3", "MPLBACKEND": "agg"},
        }
        # Root may write everywhere. Without this one right it may not.
        common = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"]
        deploy = str(self.course / "deploy" / "jupyterhub")
        result = subprocess.run(
            [*(common if os.getuid() == 0 else []), sys.executable, "-c", START, deploy, program],
            cwd=self.home,
            env=environment,
            capture_output=True,
            encoding="utf-8",
        )
        assert result.returncode == 0, result.stderr
        assert self._everything() == before
        return result.stdout

    def _everything(self):
        return {path: path.stat().st_mtime_ns for path in self.course.rglob("*")}


@linux
def test_page_is_built_from_fetched_files(hub):
    assert 'src="../build/softmax_playground.html"' in hub.learn(SHOW_PAGE)
    built = hub.home / "course" / "build" / "softmax_playground.html"
    page = html.unescape(built.read_text(encoding="utf-8"))
    assert "Softmax playground" in page
    assert "// tf.es2017.min.js" in page


@linux
def test_projects_and_progress_are_kept(hub):
    own = hub.home / "course"
    said = hub.learn(LOOK_AT_PROJECT)
    assert "template.ipynb: " in said
    assert said.endswith(f"{own / 'progress.json'}\n")
    assert "could not be saved" not in said
    template = own / "notebooks" / "projects" / "template.ipynb"
    assert template.stat().st_mode & stat.S_IWUSR, "a copy of a read-only notebook"
    template.write_text("mine", encoding="utf-8")
    hub.learn("from helpers.exercises import check; check('1.1', 0.5)")
    assert json.loads((own / "progress.json").read_text(encoding="utf-8"))["1.1"]["tries"] == 2
    assert template.read_text(encoding="utf-8") == "mine"


def test_image_fetches_tensorflow_js_as_root():
    command = "-m helpers.web.npm_files helpers/web/tensorflowjs.json"
    steps = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines()
    [fetching] = [number for number, step in enumerate(steps) if step.endswith(command)]
    last_copy = max(number for number, step in enumerate(steps) if step.startswith("COPY"))
    assert last_copy < fetching < steps.index("USER jovyan")
    assert command in (DEPLOY / "README.md").read_text(encoding="utf-8")


def test_progress_file_of_the_environment(tmp_path, monkeypatch):
    module = str(ROOT / "helpers" / "exercises" / "progress_file.py")
    own = tmp_path / "progress.json"
    for value, path in {str(own): own, "": ROOT / "progress.json"}.items():
        monkeypatch.setenv("COURSE_PROGRESS_FILE", value)
        assert runpy.run_path(module)["PROGRESS_FILE"] == path
