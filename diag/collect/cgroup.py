"""Control group limits of a process, version 1, 2 and hybrid: the tightest on the way up.

psutil knows nothing of control groups, so the files are read directly. Sources: cgroups(7),
proc_pid_mountinfo(5), the kernel's Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path("/")


class CgroupError(Exception):
    """The control group of a process cannot be found or a file of it not understood."""


class NoGroupError(CgroupError):
    """The process is in no hierarchy with the controller: nothing of the kind limits it."""


class Group(NamedTuple):
    """The control group that limits one resource of a process.

    Attributes:
        version: 1 or 2.
        levels: its folder and every folder above it up to the mount point,
            innermost first.

    """

    version: int
    levels: tuple[Path, ...]


class Mount(NamedTuple):
    """A mounted control group hierarchy.

    Attributes:
        version: 1 or 2.
        controllers: of a version 1 hierarchy; empty for version 2.
        root: the group that is mounted, a path within the hierarchy.
        point: where it is seen, under the reader's root directory.

    """

    version: int
    controllers: frozenset[str]
    root: str
    point: Path


def find_group(pid: int, controller: str, *, root: Path = ROOT) -> Group:
    """Find the control group that limits `controller` ("cpu", "memory") of a process.

    The reader's own mounts are tried first, since they show every level above a container;
    then those of the process, through `/proc/PID/root`.

    Raises:
        NoGroupError: there is none.
        CgroupError: no mount shows the group.
        OSError: the process is gone, or may not be read.

    """
    version, path = _membership(_read(root / "proc" / str(pid) / "cgroup"), controller)
    own = _parse_mounts(_read(root / "proc/self/mountinfo"), root)
    group = _locate(pid, version, path, controller, own)
    if group is None:
        process = root / "proc" / str(pid)
        theirs = _parse_mounts(_read(process / "mountinfo"), process / "root")
        group = _locate(pid, version, path, controller, theirs)
    if group is None:
        raise CgroupError(f"its {controller} group {path} is under no mount that can be read")
    return group


def read_word(folder: Path, name: str) -> str | None:
    """Read a small file of a group; None if the group has no such file.

    A file is absent at the root of a version 2 hierarchy and where the controller is not
    enabled: then this level sets no limit.

    Raises:
        OSError: it may not be read.

    """
    try:
        return _read(folder / name).strip()
    except FileNotFoundError:
        return None


def read_counters(folder: Path, name: str) -> dict[str, int]:
    """Read a file of "name number" lines, such as `cpu.stat`; {} if there is none.

    Raises:
        CgroupError: a value is no number.

    """
    counters = {}
    source = folder / name
    for line in (read_word(folder, name) or "").splitlines():
        key, _, value = line.partition(" ")
        counters[key] = whole_number(value, source)
    return counters


def whole_number(text: str, source: Path) -> int:
    """Return a number that the kernel wrote as such.

    Raises:
        CgroupError: it is none.

    """
    if not re.fullmatch(r"-?[0-9]{1,20}", text):
        raise CgroupError(f"{source} holds {text[:40]!r}, which is no number")
    return int(text)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="surrogateescape")


def _membership(text: str, controller: str) -> tuple[int, str]:
    """Find the line for a controller: "4:cpu,cpuacct:/docker/x", or "0::/x" for version 2."""
    unified = None
    for line in text.splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controller in controllers.split(","):
            return 1, path
        if number == "0" and not controllers:
            unified = path
    if unified is None:
        raise NoGroupError(f"it belongs to no group for {controller}")
    return 2, unified


def _parse_mounts(text: str, root: Path) -> list[Mount]:
    """Parse `mountinfo`: id parent device root point options [tags...] - type source options."""
    mounts = []
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        fields, kind = before.split(" "), after.split(" ")
        if len(fields) < 6 or len(kind) < 3 or kind[0] not in ("cgroup", "cgroup2"):
            continue
        version = 2 if kind[0] == "cgroup2" else 1
        controllers = frozenset(kind[2].split(",")) if version == 1 else frozenset[str]()
        point = root / _unescape(fields[4]).lstrip("/")
        mounts.append(Mount(version, controllers, _unescape(fields[3]), point))
    return mounts


def _unescape(field: str) -> str:
    """Undo the octal escapes of space, tab, newline and backslash in mountinfo."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)


def _locate(
    pid: int, version: int, path: str, controller: str, mounts: Iterable[Mount]
) -> Group | None:
    fitting = [
        mount
        for mount in mounts
        if mount.version == version and (version == 2 or controller in mount.controllers)
    ]
    for mount in fitting:
        inside = _inside(path, mount.root)
        if inside is not None and (mount.point / inside).is_dir():
            return Group(version, tuple(_upwards(mount.point / inside, mount.point)))
    # In some containers the path is one of the host, while the mount shows only the
    # container's own group: accept that only if the group itself lists the process.
    for mount in fitting:
        if _lists(mount.point, pid):
            return Group(version, (mount.point,))
    return None


def _inside(path: str, mounted: str) -> str | None:
    """Return `path` relative to the mounted group, or None if it lies outside of it.

    "/../x" is a group outside of the reader's control group namespace (cgroup_namespaces(7)).
    """
    if ".." in path.split("/"):
        return None
    if mounted == "/":
        return path.lstrip("/")
    if path == mounted or path.startswith(mounted + "/"):
        return path[len(mounted) :].lstrip("/")
    return None


def _upwards(folder: Path, top: Path) -> Iterator[Path]:
    yield folder
    while folder != top:
        folder = folder.parent
        yield folder


def _lists(folder: Path, pid: int) -> bool:
    try:
        members = _read(folder / "cgroup.procs")
    except OSError:  # not there or not readable: it is not known to list the process
        return False
    return str(pid) in members.split()
