"""The JupyterHub deployment, as far as it can be tested without a hub and without root."""

import ast
import hashlib
import html
import importlib.util
import json
import os
import re
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from helpers import ROOT

DEPLOY = ROOT / "deploy" / "jupyterhub"

# Keys of the chart: most from its schema, `cull`, `prePuller` and some of `singleuser` only from an
# older values.yaml.
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


def module(name):
    """One of the deployment's programs, imported from its file."""
    specification = importlib.util.spec_from_file_location(name, DEPLOY / f"{name}.py")
    loaded = importlib.util.module_from_spec(specification)
    sys.modules[name] = loaded  # dataclasses look their module up
    specification.loader.exec_module(loaded)
    return loaded


def configuration():
    return (DEPLOY / "jupyterhub_config.py").read_text(encoding="utf-8")


def constants():
    """The numbers in capitals at the top of the hub's configuration."""
    found = {}
    for node in ast.parse(configuration()).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name.isupper() and name.endswith(("BYTES", "PROCESSES")):
                found[name] = eval(compile(ast.Expression(node.value), name, "eval"))
    return found


def spawner_environment():
    """The names of the variables that the hub gives to each server."""
    for node in ast.walk(ast.parse(configuration())):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "c.Spawner.environment":
            return {key.value for key in node.value.keys}
    return set()


# --- files -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(DEPLOY.glob("*.py")), ids=lambda path: path.name)
def test_programs_compile(path):
    compile(path.read_text(encoding="utf-8"), str(path), "exec")


def test_every_spawner_has_limits():
    tree = ast.parse(configuration())
    assigned = [
        ast.unparse(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and ast.unparse(node.targets[0]) == "c.JupyterHub.spawner_class"
    ]
    assert assigned == ["'systemdspawner.SystemdSpawner'"]


def test_hub_listens_on_loopback_only():
    addresses = re.findall(r"http://([^:{/]+)", configuration())
    assert len(addresses) == 3
    assert set(addresses) == {"127.0.0.1"}


def test_helm_values_use_keys_of_the_chart():
    values = yaml.safe_load((DEPLOY / "z2jh-values.yaml").read_text(encoding="utf-8"))
    assert values.keys() == CHART.keys()
    for part, names in CHART.items():
        assert values[part].keys() <= names, part


def test_server_and_helm_values_have_equal_limits():
    values = yaml.safe_load((DEPLOY / "z2jh-values.yaml").read_text(encoding="utf-8"))
    environment = values["singleuser"]["extraEnv"]
    limits = constants()
    assert int(environment["COURSE_DATA_LIMIT"]) == limits["DATA_BYTES"]
    assert int(environment["MEM_LIMIT"]) == limits["MEMORY_BYTES"]
    assert values["singleuser"]["memory"]["limit"] == f"{limits['MEMORY_BYTES'] // 1024**2}M"
    assert environment.keys() == spawner_environment()
    assert limits["DATA_BYTES"] < limits["MEMORY_BYTES"], "else the kernel dies without a word"


def test_untested_files_say_so():
    for name in ("z2jh-values.yaml", "Dockerfile"):
        assert "UNTESTED" in (DEPLOY / name).read_text(encoding="utf-8")


# --- a learner's first start -------------------------------------------------------------------


@posix
def test_later_starts_keep_a_learners_work(tmp_path):
    start_server = module("start_server")
    source, own = tmp_path / "course", tmp_path / "home" / "notebooks"
    source.mkdir()
    (source / "projects").mkdir()
    for name in ("00-a.ipynb", "01-b.ipynb", "notes.txt", "projects/t.ipynb", "projects/my.ipynb"):
        (source / name).write_text("course", encoding="utf-8")
    everything = ["00-a.ipynb", "01-b.ipynb", "projects/t.ipynb"]
    assert start_server.copy_missing(source, own) == everything

    for name in ("00-a.ipynb", "projects/t.ipynb", "projects/my_project.ipynb"):
        (own / name).write_text("work", encoding="utf-8")
    (own / "01-b.ipynb").unlink()
    for name in everything:
        (source / name).write_text("course, corrected", encoding="utf-8")
    assert start_server.copy_missing(source, own) == ["01-b.ipynb"]
    assert {
        path.relative_to(own).as_posix(): path.read_text(encoding="utf-8")
        for path in own.rglob("*.ipynb")
    } == {
        "00-a.ipynb": "work",
        "01-b.ipynb": "course, corrected",
        "projects/my_project.ipynb": "work",
        "projects/t.ipynb": "work",
    }
    assert not list(own.rglob("*.part"))


@posix
def test_dangling_link_is_not_overwritten(tmp_path):
    start_server = module("start_server")
    source, own = tmp_path / "course", tmp_path / "own"
    source.mkdir()
    own.mkdir()
    (source / "00-a.ipynb").write_text("course", encoding="utf-8")
    (own / "00-a.ipynb").symlink_to(tmp_path / "elsewhere")
    assert start_server.copy_missing(source, own) == []
    assert not (tmp_path / "elsewhere").exists()


@posix
def test_copy_of_a_read_only_notebook_is_writable(tmp_path):
    start_server = module("start_server")
    source, own = tmp_path / "course", tmp_path / "own"
    source.mkdir()
    (source / "00-a.ipynb").write_text("course", encoding="utf-8")
    (source / "00-a.ipynb").chmod(0o444)
    start_server.copy_missing(source, own)
    assert (own / "00-a.ipynb").stat().st_mode & stat.S_IWUSR


@posix
def test_memory_limit_raises_memory_error():
    program = """
import importlib.util, sys
specification = importlib.util.spec_from_file_location("start_server", sys.argv[1])
start_server = importlib.util.module_from_spec(specification)
specification.loader.exec_module(start_server)
start_server.limit_memory(200 * 1024**2)
try:
    bytearray(b"x") * 400 * 1024**2
except MemoryError:
    print("MemoryError")
print(len(bytearray(50 * 1024**2)))
"""
    if sys.platform != "linux":
        pytest.skip("RLIMIT_DATA counts all memory on Linux only.")
    command = [sys.executable, "-c", program, str(DEPLOY / "start_server.py")]
    result = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
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

TRY_TO_WRITE = """
from pathlib import Path
import helpers
try:
    (Path(helpers.__file__).parent / "more.py").write_text("")
except PermissionError:
    print("refused")
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
    """A course of what the Dockerfile puts into the image, which nobody may write to.

    TensorFlow.js is stood in for by three small files, and kept as the administrator has them kept.
    """
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
        """What a learner's server would print for a program after a login; the course is as before.

        The program cannot reach the internet.
        """
        _set_modes(self.course, 0o555)
        before = self._everything()
        elsewhere = "http://127.0.0.1:9"  # nobody listens there
        environment = {
            **{name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ},
            **{"HOME": str(self.home), "COURSE_DATA_LIMIT": "0", "PYTHONUTF8": "1"},
            **{"PYTHONPATH": str(self.course), "npm_config_registry": elsewhere},
            **{"HTTPS_PROXY": elsewhere, "https_proxy": elsewhere},
            **{"TF_CPP_MIN_LOG_LEVEL": "3", "MPLBACKEND": "agg"},
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

    @property
    def page(self):
        path = self.home / "course" / "build" / "softmax_playground.html"
        return html.unescape(path.read_text(encoding="utf-8"))


@linux
def test_course_is_read_only_here(hub):
    assert hub.learn(TRY_TO_WRITE) == "refused\n"


@linux
def test_page_is_built_from_fetched_files(hub):
    assert 'src="../build/softmax_playground.html"' in hub.learn(SHOW_PAGE)
    assert "Softmax playground" in hub.page
    assert "// tf.es2017.min.js" in hub.page


@linux
def test_page_without_fetched_files_is_one_sentence(hub):
    shutil.rmtree(hub.course / "data" / "npm")
    assert 'src="../build/softmax_playground.html"' in hub.learn(SHOW_PAGE)
    said = re.sub("<[^>]*>", "", hub.page).strip()
    assert re.fullmatch(r"tf\S+ of \S+ [\d.]+ cannot be had, [^.]*without it\.", said), said


@linux
def test_projects_and_progress_are_kept(hub):
    own = hub.home / "course"
    said = hub.learn(LOOK_AT_PROJECT)
    assert "template.ipynb: " in said
    assert said.endswith(f"{own / 'progress.json'}\n")
    assert "could not be saved" not in said
    (own / "notebooks" / "projects" / "template.ipynb").write_text("mine", encoding="utf-8")
    hub.learn("from helpers.exercises import check; check('1.1', 0.5)")
    assert json.loads((own / "progress.json").read_text(encoding="utf-8"))["1.1"]["tries"] == 2
    template = own / "notebooks" / "projects" / "template.ipynb"
    assert template.read_text(encoding="utf-8") == "mine"


def test_image_fetches_tensorflow_js_as_root():
    steps = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines()
    fetching = [step for step in steps if "helpers.web.npm_files" in step]
    assert len(fetching) == 1
    assert max(steps.index(step) for step in steps if step.startswith("COPY")) < steps.index(
        fetching[0]
    )
    assert steps.index(fetching[0]) < steps.index("USER jovyan")
    assert fetching[0].split()[-1] == "helpers/web/tensorflowjs.json"
    guide = (DEPLOY / "README.md").read_text(encoding="utf-8")
    assert "-m helpers.web.npm_files helpers/web/tensorflowjs.json" in guide


CHECK_ONE = """
from helpers.exercises import check, progress_file
check("1.1", 0.5)
print(progress_file.PROGRESS_FILE)
"""


def check_one(progress_file):
    """Check an answer in a fresh Python whose COURSE_PROGRESS_FILE is the given one."""
    environment = os.environ | {"COURSE_PROGRESS_FILE": str(progress_file)}
    result = subprocess.run(
        [sys.executable, "-c", CHECK_ONE],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return result.stdout


def test_progress_goes_to_the_learners_own_file(tmp_path):
    beside = ROOT / "progress.json"
    before = beside.read_bytes() if beside.exists() else None
    own = tmp_path / "progress.json"
    assert "could not be saved" not in check_one(own)
    assert json.loads(own.read_text(encoding="utf-8"))["1.1"]["tries"] == 1
    assert (beside.read_bytes() if beside.exists() else None) == before


def test_empty_progress_variable_is_ignored(monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS_FILE", "")
    program = "from helpers.exercises import progress_file; print(progress_file.PROGRESS_FILE)"
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    )
    assert Path(result.stdout.strip()) == ROOT / "progress.json"
