"""A `/proc` tree on disk: processes with threads, descriptors and system calls."""

from pathlib import Path

FUTEX = "202 0x7f00 0x189 0x0 0x0 0x0 0xffffffff 0x7ffd00001000 0x7f0000002000\n"
RUNNING = "running\n"


def stat_line(
    tid: int,
    *,
    name: str = "python",
    state: str = "S",
    parent: int = 1,
    group: int = 1,
    flags: int = 0,
    start: int = 1000,
    exit_code: int = 0,
) -> str:
    head = f"{tid} ({name}) {state} {parent} {group} {group} 0 -1 {flags} 0 0 0 0 7 8 0 0 20 0 1 0"
    rest = " ".join(["0"] * 29)
    return f"{head} {start} {rest} {exit_code}\n"


def status_text(*pids: int, uid: int = 0, switches: tuple[int, int] = (5, 2)) -> str:
    return (
        "Name:\tpython\\nUid:\t9\n"
        f"Pid:\t{pids[0]}\nTracerPid:\t0\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\n"
        f"NSpid:\t{chr(9).join(map(str, pids))}\nVmRSS:\t    1234 kB\n"
        "SigCgt:\t0000000000000002\n"
        f"voluntary_ctxt_switches:\t{switches[0]}\nnonvoluntary_ctxt_switches:\t{switches[1]}\n"
    )


class FakeProc:
    """Writes processes beneath `root`; what is not given is as of a hung Python."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def process(
        self,
        pid: int,
        *,
        parent: int = 1,
        name: str = "python",
        state: str = "S",
        flags: int = 0,
        start: int = 1000,
        syscall: str | None = FUTEX,
        pids: tuple[int, ...] = (),
        children: tuple[int, ...] | None = (),
        command: bytes = b"python\0job.py\0",
        exit_code: int = 0,
        group: int = 1,
    ) -> Path:
        base = self.root / str(pid)
        line = stat_line(
            pid,
            name=name,
            state=state,
            parent=parent,
            flags=flags,
            start=start,
            exit_code=exit_code,
            group=group,
        )
        for folder in (base, base / "task" / str(pid)):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "stat").write_text(line)
            (folder / "status").write_text(status_text(pid, *pids))
            (folder / "wchan").write_text("futex_do_wait")
            if syscall is not None:
                (folder / "syscall").write_text(syscall)
        if children is not None:
            (base / "task" / str(pid) / "children").write_text(" ".join(map(str, children)))
        (base / "cmdline").write_bytes(command)
        (base / "fd").mkdir(exist_ok=True)
        (base / "fdinfo").mkdir(exist_ok=True)
        return base

    def thread(self, pid: int, tid: int, *, state: str = "S", syscall: str = FUTEX) -> None:
        folder = self.root / str(pid) / "task" / str(tid)
        folder.mkdir(parents=True)
        (folder / "stat").write_text(stat_line(tid, state=state))
        (folder / "status").write_text(status_text(tid))
        (folder / "syscall").write_text(syscall)
        (folder / "wchan").write_text("0")
        (folder / "children").write_text("")

    def descriptor(
        self, pid: int, fd: int, link: str, *, flags: str = "02", more: str = ""
    ) -> None:
        (self.root / str(pid) / "fd" / str(fd)).symlink_to(link)
        info = f"pos:\t0\nflags:\t{flags}\nmnt_id:\t17\n{more}"
        (self.root / str(pid) / "fdinfo" / str(fd)).write_text(info)


def call(number: int, *args: int) -> str:
    padded = (*args, 0, 0, 0, 0, 0, 0)[:6]
    words = " ".join(hex(word & 0xFFFFFFFFFFFFFFFF) for word in padded)
    return f"{number} {words} 0x7ffd00001000 0x7f0000002000\n"
