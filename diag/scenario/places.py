"""Finds where a new control group can be made: version 1 and 2, for each controller apart.

A new group goes below the one that diag itself is in, so that the limits of a container
stay in force; where version 2 does not allow that (its rule of no processes in inner
groups), below the nearest group on the way up that hands the controllers on.

Sources: Documentation/admin-guide/cgroup-v2.rst of Linux; cgroups(7), proc(5).
"""

from pathlib import Path

from diag.errors import DiagError
from diag.model.base import Record

CONTROLLERS = ("cpu", "memory")


class NotPermittedError(DiagError):
    """A control group cannot be made here; the message says why."""


class Place(Record, frozen=True):
    """Where a controller's new group can be made.

    Attributes:
        parent: folder of the group above.
        version: 1 or 2.

    """

    parent: str
    version: int


def places(self_cgroup: Path, self_mountinfo: Path) -> dict[str, Place]:
    """Return where a group can be made, by controller, or raise NotPermittedError."""
    try:
        memberships = [line.split(":", 2) for line in self_cgroup.read_text().splitlines()]
        mounts = [line.split() for line in self_mountinfo.read_text().splitlines()]
    except OSError as error:
        raise NotPermittedError(f"{error.filename}: {error.strerror}") from error
    found = {}
    for _, listed, path in memberships:
        for controller in set(CONTROLLERS) & set(listed.split(",")):
            parent = _mounted(mounts, "cgroup", controller, path)
            found[controller] = Place(parent=str(parent), version=1)
    if missing := set(CONTROLLERS) - set(found):
        own = [path for _, listed, path in memberships if listed == ""]
        if not own:
            raise NotPermittedError("this machine has no control groups for cpu and memory")
        parent = _hands_on(_mounted(mounts, "cgroup2", None, own[0]), missing)
        found |= {controller: Place(parent=str(parent), version=2) for controller in missing}
    return found


def _mounted(mounts: list[list[str]], kind: str, controller: str | None, path: str) -> Path:
    """Map the path of a group to the folder where its hierarchy is mounted (proc(5))."""
    for fields in mounts:
        root, at, rest = fields[3], fields[4], fields[fields.index("-") + 1 :]
        if rest[0] != kind or (controller and controller not in rest[2].split(",")):
            continue
        if Path(path).is_relative_to(root):
            return Path(at) / Path(path).relative_to(root)
    raise NotPermittedError(f"the control group {path} is not mounted here")


def _hands_on(own: Path, controllers: set[str]) -> Path:
    for folder in (own, *own.parents):
        try:
            handed_on = (folder / "cgroup.subtree_control").read_text().split()
        except FileNotFoundError:
            break  # above the mount
        if controllers <= set(handed_on):
            return folder
    wanted = " and ".join(sorted(controllers))
    raise NotPermittedError(f"no control group above this process hands on limits of {wanted}")
