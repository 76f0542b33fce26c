"""Copied `/proc` and `/sys` trees: what the limits of a process are read from."""

from pathlib import Path

PID = 4242
V2_MOUNT = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate"
NO_LIMIT_V1 = "9223372036854771712"
STATUS = (
    "Name:\tpy\x1b thon\nUid:\t7\t7\t7\t7\nThreads:\t3\nCapEff:\t0\n"
    "Cpus_allowed:\tff\nCpus_allowed_list:\t0-7\n"
)
LIMITS = (
    "Limit                     Soft Limit           Hard Limit           Units     \n"
    "Max cpu time              unlimited            unlimited            seconds   \n"
    "Max processes             63000                63000                processes \n"
    "Max open files            1024                 1048576              files     \n"
    "Max address space         unlimited            unlimited            bytes     \n"
)


def v1_mount(controllers: str, *, root: str = "/", point: str | None = None) -> str:
    point = point or f"/sys/fs/cgroup/{controllers}"
    return f"33 31 0:29 {root} {point} rw,relatime - cgroup cgroup rw,{controllers}"


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def tree(
    root: Path,
    cgroup: str,
    *mounts: str,
    files: dict[str, str] | None = None,
    their_mounts: tuple[str, ...] | None = None,
) -> Path:
    """Write a tree in which `PID` has the given groups; `files` come on top."""
    write(
        root,
        {
            f"proc/{PID}/cgroup": cgroup,
            f"proc/{PID}/status": STATUS,
            f"proc/{PID}/limits": LIMITS,
            f"proc/{PID}/mountinfo": "\n".join(mounts if their_mounts is None else their_mounts),
            "proc/self/mountinfo": "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n" + "\n".join(mounts),
            f"proc/{PID}/uid_map": "         0          0 4294967295\n",
            "proc/sys/kernel/threads-max": "190000\n",
            "proc/sys/kernel/pid_max": "70000\n",
            "proc/loadavg": "0.10 0.20 0.30 1/500 4242\n",
            "sys/devices/system/cpu/online": "0-3\n",
            **(files or {}),
        },
    )
    return root
