"""Runs a variant in a real OCI container with its limits: `runc`, without a daemon.

The container sees the machine's own root, so its Pythons are there, and has its own pids, mounts,
/dev/shm and control groups. The mounts live in a mount namespace of their own and vanish with it.

Source: the OCI runtime specification, config.md and config-linux.md; runc(8).
"""

import itertools
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from diag.scenario import cgroups
from diag.scenario.labels import Needs
from diag.scenario.places import NotPermittedError, Place, places

_END_DEADLINE_S = 10.0
_CGROUP_ROOT = "/sys/fs/cgroup"
# Binds the root to the bundle's, in a mount namespace of its own, and becomes runc.
_ENTER = 'mount --rbind / "$1" && shift && exec "$@"'
# What Docker leaves to root, as far as a server needs it that gives its rights up.
_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETPCAP", "SETUID")
# Pseudo file systems are the container's own; the rest is seen as it is outside.
_MOUNTS: tuple[tuple[str, str, str, list[str]], ...] = (
    ("/proc", "proc", "proc", []),
    ("/dev", "tmpfs", "tmpfs", ["nosuid", "mode=755"]),
    ("/dev/shm", "tmpfs", "shm", ["nosuid", "nodev", "mode=1777"]),  # noqa: S108
    (_CGROUP_ROOT, "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "ro"]),
)

_numbers = itertools.count(1)


class Container:
    """A container of our own.

    Attributes:
        words: the command that starts it, in the foreground, and ends as it does.
        group: its control group, which outlives it for its counters.

    """

    def __init__(self, runc: str, bundle: Path, name: str, found: dict[str, Place]) -> None:
        self._runc = [runc, "--root", str(bundle / "state")]
        self._name = name
        self.group = cgroups.Group(
            {each: (Path(at.parent) / name, at.version) for each, at in found.items()}
        )
        unshare = ["unshare", "--mount", "--propagation", "private"]
        enter = ["/bin/sh", "-c", _ENTER, "sh", str(bundle / "rootfs")]
        run = [*self._runc, "run", "--keep", "--bundle", str(bundle), name]
        self.words = (*unshare, *enter, *run)

    def remove(self) -> None:
        """Kill what is in it and remove it, its control groups included."""
        subprocess.run(
            [*self._runc, "delete", "--force", self._name],
            capture_output=True,  # that there is none, because it never began, is no news
            timeout=_END_DEADLINE_S,
            check=False,
        )


@contextmanager
def container(
    program: Sequence[str],
    *,
    needs: Needs,
    environment: dict[str, str],
) -> Iterator[Container]:
    """Give a container for a program; in the end nothing of it is left.

    Args:
        program: command and arguments.
        needs: its limits.
        environment: of the program.

    Raises:
        NotPermittedError: it needs root, runc, or control groups that are not there.

    """
    runc = shutil.which("runc")
    if os.geteuid() != 0:
        raise NotPermittedError("a container needs root: without it, run it --in group")
    if runc is None or shutil.which("unshare") is None:
        raise NotPermittedError("a container needs runc and unshare, which are not on PATH")
    found = places(Path("/proc/self/cgroup"), Path("/proc/self/mountinfo"))
    name = f"diag-scenario-{os.getpid()}-c{next(_numbers)}"
    config = _config(program, name, needs, environment, _cgroups_path(found, name))
    bundle = Path(tempfile.mkdtemp(prefix="diag-container-"))
    (bundle / "rootfs").mkdir()
    (bundle / "config.json").write_text(json.dumps(config))
    made = Container(runc, bundle, name, found)
    try:
        yield made
    finally:
        made.remove()
        # Step by step: nothing may ever walk into a root that is still mounted there.
        (bundle / "rootfs").rmdir()
        shutil.rmtree(bundle / "state", ignore_errors=True)
        (bundle / "config.json").unlink()
        bundle.rmdir()


def _config(
    program: Sequence[str],
    name: str,
    needs: Needs,
    environment: dict[str, str],
    cgroups_path: str,
) -> dict[str, object]:
    capabilities = [f"CAP_{each}" for each in _CAPABILITIES]
    process = {
        "terminal": False,
        "user": {"uid": 0, "gid": 0},
        "args": list(program),
        "env": [f"{key}={value}" for key, value in environment.items()],
        "cwd": "/",
        "capabilities": dict.fromkeys(("bounding", "effective", "permitted"), capabilities),
    }
    return {
        "ociVersion": "1.0.2",
        "process": process,
        "root": {"path": "rootfs", "readonly": True},
        "hostname": name,
        "mounts": [
            {"destination": at, "type": kind, "source": source, "options": options}
            for at, kind, source, options in _MOUNTS
        ],
        "linux": {
            "cgroupsPath": cgroups_path,
            "resources": _resources(needs),
            "namespaces": [{"type": each} for each in ("pid", "mount", "ipc", "uts")],
        },
    }


def _cgroups_path(found: dict[str, Place], name: str) -> str:
    """Return the path that runc joins to the group of this process (v1), or to the root (v2)."""
    versions = {at.version for at in found.values()}
    if versions == {1}:
        return name
    parent = Path(found["cpu"].parent)
    if versions == {2} and parent.is_relative_to(_CGROUP_ROOT):
        return f"/{parent.relative_to(_CGROUP_ROOT) / name}"
    raise NotPermittedError("runc needs one version of control groups, below /sys/fs/cgroup")


def _resources(needs: Needs) -> dict[str, dict[str, int]]:
    resources: dict[str, dict[str, int]] = {}
    if needs.cpu_cores is not None:
        quota_us = int(needs.cpu_cores * cgroups.PERIOD_US)
        resources["cpu"] = {"quota": quota_us, "period": cgroups.PERIOD_US}
    if needs.memory_mb is not None:
        resources["memory"] = {"limit": needs.memory_mb * 1024 * 1024}
    return resources
