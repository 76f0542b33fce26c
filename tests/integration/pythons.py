"""The Pythons that this machine has, for programs under observation.

Found on PATH, under `~/.pyenv/versions` and in a root directory (a Debian sid made by
debootstrap, with /proc mounted) named by DIAG_TEST_SID, `.cache/sid` by default, whose
Pythons are started through chroot(8), as root only.

    @pytest.mark.parametrize("python", available(), ids=label)
"""

import functools
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

OLDEST = (3, 9)
NEWEST = (3, 15)
_REPOSITORY = Path(__file__).resolve().parents[2]
_ASK = "import sys; print(*sys.version_info[:3]); print(sys.executable)"
_ASK_DEADLINE_S = 20


@dataclass(frozen=True)
class Target:
    """A Python that a test can run programs with.

    Attributes:
        label: unique and readable: "3.11.7", "3.14.10-sid".
        version: (3, 11, 7).
        command: what to put before the arguments: `["chroot", DIR, "python3.14"]`.
        root: the root directory it runs in, None for the machine's own.

    """

    label: str
    version: tuple[int, int, int]
    command: list[str]
    root: Path | None = None

    def argv(self, script: Path, *arguments: str) -> list[str]:
        """Return the command line that runs a script of the repository.

        In another root directory that does not show the repository at the same
        path, the script's folder is copied to its /tmp.
        """
        return [*self.command, str(self._visible(script.resolve())), *arguments]

    def _visible(self, script: Path) -> Path:
        if self.root is None or (self.root / script.relative_to("/")).exists():
            return script
        inside = Path("/tmp/diag-tests") / script.parent.name
        shutil.copytree(script.parent, self.root / inside.relative_to("/"), dirs_exist_ok=True)
        return inside / script.name


def environment() -> dict[str, str]:
    """Return this process's environment without what changes how a target blocks.

    PYTHONUNBUFFERED removes the buffered writer, and with it its lock; the
    variables of the test run's own virtual environment must not leak either.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTHON") or name == "PYTHONDONTWRITEBYTECODE"
    }


def label(target: Target) -> str:
    """Return the pytest id of a target."""
    return target.label


@functools.cache
def available() -> list[Target]:
    """Return every supported Python found, oldest first; each build once."""
    found: dict[Path, Target] = {}
    for candidate in _candidates():
        answer = _ask([str(candidate)])
        if answer and OLDEST <= answer[0][:2] <= NEWEST:
            version, executable = answer[0], answer[1].resolve()  # a venv is the same build
            suffix = "" if ".pyenv" in executable.parts else "-system"
            text = ".".join(map(str, version)) + suffix
            found.setdefault(executable, Target(text, version, [str(executable)]))
    targets = [*found.values(), *_in_other_root()]
    return sorted(targets, key=lambda target: (target.version, target.label))


def one_per_minor() -> list[Target]:
    """Return the newest build of each minor version, oldest first."""
    return list({target.version[:2]: target for target in available()}.values())


def _candidates() -> list[Path]:
    minors = range(OLDEST[1], NEWEST[1] + 1)
    versions = Path.home() / ".pyenv" / "versions"
    candidates = sorted(versions.glob("3.*/bin/python"))
    for folder in map(Path, os.environ.get("PATH", "").split(os.pathsep)):
        if folder.name != "shims":  # of pyenv: they only lead to the versions above
            candidates += [folder / f"python3.{minor}" for minor in minors]
    return [path for path in candidates if os.access(path, os.X_OK)]


def _in_other_root() -> list[Target]:
    root = Path(os.environ.get("DIAG_TEST_SID", _REPOSITORY / ".cache" / "sid")).resolve()
    if os.geteuid() != 0 or not (root / "proc" / "self").exists():
        return []
    targets = []
    for path in sorted((root / "usr" / "bin").glob("python3.[0-9]*")):
        if not path.name.removeprefix("python3.").isdigit():
            continue  # python3.14-config, python3.14t
        command = ["chroot", str(root), path.name]
        if answer := _ask(command):
            text = ".".join(map(str, answer[0])) + f"-{root.name}"
            targets.append(Target(text, answer[0], command, root))
    return targets


def _ask(command: list[str]) -> tuple[tuple[int, int, int], Path] | None:
    try:
        done = subprocess.run(
            [*command, "-c", _ASK],
            capture_output=True,
            text=True,
            timeout=_ASK_DEADLINE_S,
            env=environment(),
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None  # a Python that cannot run a line is not available
    numbers, executable = done.stdout.splitlines()
    major, minor, micro = map(int, numbers.split())
    return (major, minor, micro), Path(executable)
