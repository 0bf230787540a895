"""One group of processes for each learner, whose limits the kernel keeps (Linux cgroups, v1).

systemd does this on an ordinary server. This module is for a machine without systemd, such as a
container. A limit of the group counts all processes of the learner together, however many.
"""

import os
import signal
import time
from pathlib import Path

CONTROLLERS = Path("/sys/fs/cgroup")
ALL_LEARNERS = "softmax-course"
# Against the hub, the proxy and everything else on the machine, which count 1024 for each session.
ALL_LEARNERS_SHARES = 8 * 1024


def missing_controllers() -> list[str]:
    """Which of the controllers that the limits need cannot be written to here."""
    return [
        controller
        for controller in ("cpu", "memory", "pids")
        if not os.access(CONTROLLERS / controller / "cgroup.procs", os.W_OK)
    ]


def make_group(name: str, memory_bytes: int, processes: int) -> list[Path]:
    """Make a learner's group; return the files to which a process writes its id to join it.

    All groups have the same share of the processors while others want them too, and as much as
    there is while nobody else does. `processes` counts threads, as the kernel does.
    """
    limits = {
        "cpu": {"cpu.shares": 1024},
        "memory": {"memory.limit_in_bytes": memory_bytes},
        "pids": {"pids.max": processes},
    }
    doors = []
    for controller, values in limits.items():
        group = _all_learners(controller) / name
        group.mkdir(parents=True, exist_ok=True)
        for file, value in values.items():
            (group / file).write_text(str(value), encoding="ascii")
        doors.append(group / "cgroup.procs")
    (_all_learners("cpu") / "cpu.shares").write_text(str(ALL_LEARNERS_SHARES), encoding="ascii")
    return doors


def join(doors: list[Path]) -> None:
    """Put this process, and so all its children, into a learner's group."""
    for door in doors:
        door.write_text(str(os.getpid()), encoding="ascii")


def remove_group(name: str) -> None:
    """End whatever still runs in a learner's group, and remove the group."""
    for controller in ("cpu", "memory", "pids"):
        group = _all_learners(controller) / name
        for _ in range(50):
            if not group.exists():
                break
            for process in (group / "cgroup.procs").read_text(encoding="ascii").split():
                try:
                    os.kill(int(process), signal.SIGKILL)
                except ProcessLookupError:
                    continue
            try:
                group.rmdir()
            except OSError:  # the kernel has not buried the dead yet
                time.sleep(0.02)


def _all_learners(controller: str) -> Path:
    """The group of all learners, below the group that this process was given itself."""
    for line in Path("/proc/self/cgroup").read_text(encoding="ascii").splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            return CONTROLLERS / controller / path.lstrip("/") / ALL_LEARNERS
    raise FileNotFoundError(f"This kernel has no cgroup controller {controller!r} (version 1).")
