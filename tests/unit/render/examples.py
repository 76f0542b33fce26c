"""Reports to render: as they come, and as bad as they can get."""

import math
from collections.abc import Callable

import msgspec

from diag.model.errorline import ErrorKind, ErrorNote
from diag.model.finding import Confidence, Evidence, Finding, Link, Location, Severity, Source
from diag.model.gap import Gap
from diag.model.graph import Edge, Graph, Node, Part
from diag.model.host import Host
from diag.model.ids import ProcessId, ThreadId
from diag.model.limits import Limits
from diag.model.process import Interpreter, Process
from diag.model.report import (
    Ignored,
    Observed,
    Point,
    ProcessView,
    Report,
    RuleInfo,
    RuleSkipped,
    Series,
    SourceLine,
    Target,
    Verdict,
)
from diag.model.stack import Frame, Stack, Variable
from diag.model.thread import Thread
from diag.model.wait import Wait, WaitKind

LIBRARY = "/usr/lib/python3.11/"
HOST = Host(
    kernel="6.1.0-18-amd64",
    machine="x86_64",
    cpus=8,
    memory_bytes=16 << 30,
    clock_ticks_per_s=100,
    page_bytes=4096,
    ptrace_scope=1,
)
LIMITS = Limits(
    affinity_cpus=8,
    cpu_quota_cpus=2.0,
    cpu_quota_source="/sys/fs/cgroup/kubepods/pod7/cpu.max",
    memory_limit_bytes=512 << 20,
    memory_limit_source="/sys/fs/cgroup/kubepods/pod7/memory.max",
    memory_used_bytes=130 << 20,
    periods=1200,
    throttled_periods=300,
    throttled_s=12.34,
    oom_kills=1,
    open_files_soft=1024,
)
ACQUIRE = Frame(
    function="Handler.acquire",
    file=LIBRARY + "logging/__init__.py",
    short_file="logging/__init__.py",
    line=1094,
)
LOGGING = (
    ACQUIRE,
    *(
        Frame(
            function=name,
            file=LIBRARY + "logging/__init__.py",
            short_file="logging/__init__.py",
            line=line,
        )
        for name, line in (
            ("Handler.handle", 966),
            ("Logger.callHandlers", 1696),
            ("Logger.handle", 1632),
            ("Logger._log", 1624),
            ("Logger.info", 1477),
        )
    ),
)


def own_frame(function: str, line: int, file: str = "orders.py") -> Frame:
    return Frame(
        function=function, file=f"/srv/app/shop/{file}", short_file=f"shop/{file}", line=line
    )


def library_frame(function: str, file: str, line: int) -> Frame:
    return Frame(function=function, file=LIBRARY + file, short_file=file, line=line)


WORKER_STACK = (
    *LOGGING,
    own_frame("handle_order", 41),
    library_frame("BaseProcess._bootstrap", "multiprocessing/process.py", 314),
    own_frame("<module>", 30, "main.py"),
)


def thread(
    tid: int,
    wait: WaitKind,
    *frames: Frame,
    name: str = "MainThread",
    state: str = "S",
    call: str | None = "futex",
) -> Thread:
    return Thread(
        tid=tid,
        name="python3",
        state=state,
        start_ticks=1000 + tid,
        wait=Wait(kind=wait, syscall=call),
        stack=Stack(frames=frames, ident=0x7F0000000000 + tid, thread_name=name)
        if frames
        else None,
    )


def process(
    pid: int, parent: int, *threads: Thread, name: str = "python3", **more: object
) -> Process:
    settings: dict[str, object] = {
        "command": ("python3", "-m", "shop.main"),
        "interpreter": Interpreter(version="3.11.7"),
        "state": threads[0].state if threads else "Z",
        **more,
    }
    return Process(
        id=ProcessId(pid=pid, start_ticks=1000 + pid),
        parent_pid=parent,
        name=name,
        threads=threads,
        **settings,  # type: ignore[arg-type]
    )


def view(role: str, shown: Process, *waits: str, live: bool | None = True) -> ProcessView:
    tids = [thread.tid for thread in shown.threads]
    return ProcessView(
        role=role,
        process=shown,
        waits=dict(zip(tids, waits, strict=True)),
        live=dict.fromkeys(tids, live),
    )


def report(
    verdict: Verdict,
    headline: str,
    *views: ProcessView,
    findings: tuple[Finding, ...] = (),
    gaps: tuple[Gap, ...] = (),
    skipped: tuple[RuleSkipped, ...] = (),
    read: int | None = None,
    limits: Limits | None = LIMITS,
) -> Report:
    return Report(
        diag_version="0.1.0",
        verdict=verdict,
        headline=headline,
        target=Target(
            id=ProcessId(pid=2402, start_ticks=3402),
            name="python3",
            command=("python3", "-m", "shop.main"),
        ),
        observed=Observed(
            started_at_unix_s=1_700_000_000.0,
            duration_s=1.4,
            looks=2,
            processes_seen=len(views),
            processes_read=len(views) if read is None else read,
            gaps=gaps,
        ),
        findings=findings,
        skipped=skipped,
        processes=views,
        host=HOST,
        limits=limits,
    )


def fork_logging() -> Report:
    """The hang of a pool whose workers log: a lock copied while it was held."""
    main = process(
        2402,
        0,
        thread(
            2402,
            WaitKind.CHILD,
            library_frame("Popen.poll", "multiprocessing/popen_fork.py", 27),
            library_frame("BaseProcess.join", "multiprocessing/process.py", 149),
            own_frame("main", 26, "main.py"),
            own_frame("<module>", 30, "main.py"),
            call="wait4",
        ),
        thread(
            2403,
            WaitKind.SLEEP,
            own_frame("chat", 12, "main.py"),
            library_frame("Thread.run", "threading.py", 982),
            name="chatter",
            call="clock_nanosleep",
        ),
    )
    workers = [
        process(pid, 2402, thread(pid, WaitKind.LOCK, *WORKER_STACK), forked_without_exec=True)
        for pid in (2404, 2405, 2406)
    ]
    lock_words = "waits for an RLock of logging.StreamHandler; its owner is no thread of 2404"
    return report(
        Verdict.HUNG,
        "3 of 3 workers can never run again",
        view("main", main, "waits for the exit of 2404", "sleeps, 0.01 s left"),
        *(view("worker", worker, lock_words, live=False) for worker in workers),
        findings=(ORPHANED_LOCK,),
    )


def place(pid: int, role: str, frame: Frame, name: str | None = "MainThread") -> Location:
    return Location(
        pid=pid,
        tid=pid,
        process_role=role,
        thread=name,
        function=frame.function,
        file=frame.file,
        line=frame.line,
    )


ORPHANED_LOCK = Finding(
    rule="orphaned-lock-after-fork",
    severity=Severity.ERROR,
    confidence=Confidence.PROVEN,
    title="3 workers wait for a lock whose owner was not copied by fork",
    explanation=(
        "fork() copies the memory of a process but only the thread that called it. The lock was "
        "held by another thread at that moment, so its copies stay locked for ever."
    ),
    advice=(
        'start workers with "spawn" or "forkserver", or log through a QueueHandler'
        " (try it: diag scenario run fork-logging-lock)"
    ),
    primary=place(2404, "worker", ACQUIRE),
    related=(
        place(2405, "worker", ACQUIRE),
        place(2406, "worker", ACQUIRE),
        place(2402, "main", own_frame("main", 26, "main.py")),
    ),
    evidence=(
        Evidence(
            text="futex wait at 0x7f3a5c0 without time-out, unchanged over 1.0 s",
            source=Source.OBSERVED,
        ),
        Evidence(text="RLock at 0x7f3a5b8 has owner 0x7f00000963, count 1", source=Source.READ),
        Evidence(text='that is thread "chatter" (tid 2403) of the parent 2402', source=Source.READ),
    ),
    chain=(
        Link(
            text="worker 2404 waits for the lock of <StreamHandler>",
            source=Source.READ,
            waiter=place(2404, "worker", ACQUIRE),
            details=(
                "called from handle_order (shop/orders.py:41)",
                'its owner is thread "chatter" of parent 2402, which held it at the fork 14 s ago',
                "no thread of 2404 can release it",
            ),
        ),
        Link(
            text="main thread of 2402 waits for 2404 to exit",
            source=Source.OBSERVED,
            waiter=place(2402, "main", own_frame("main", 26, "main.py")),
        ),
    ),
)


def healthy() -> Report:
    main = process(
        2402,
        0,
        thread(2402, WaitKind.POLL, own_frame("serve", 80, "main.py"), call="epoll_wait"),
    )
    workers = [
        process(
            pid,
            2402,
            thread(
                pid,
                WaitKind.READ,
                library_frame("Connection._recv", "multiprocessing/connection.py", 378),
                library_frame("worker", "multiprocessing/pool.py", 114),
                call="read",
            ),
        )
        for pid in range(2410, 2434)
    ]
    return report(
        Verdict.HEALTHY,
        "everything waits for something that can come",
        view("main", main, "polls 3 descriptors; a peer outside the tree can wake it"),
        *(
            view("idle worker", worker, "reads pipe:[881] (fd 5); write end held by 2402")
            for worker in workers
        ),
    )


def empty() -> Report:
    return report(Verdict.UNKNOWN, "nothing could be judged", limits=None)


def many() -> Report:
    """Many findings of every severity, with many victims and much evidence."""
    base = fork_logging()
    numbered = tuple(
        Finding(
            rule=f"rule-{number}",
            severity=severity,
            confidence=confidence,
            title=f"trouble number {number}",
            explanation="It is what it is.",
            advice="Change the program.",
            primary=Location(pid=3000 + number),
            related=tuple(place(4000 + n, "worker", own_frame("f", n)) for n in range(number * 5)),
            evidence=tuple(
                Evidence(text=f"fact {n}", source=Source.INFERRED) for n in range(number * 4)
            ),
        )
        for number, (severity, confidence) in enumerate(
            [
                (Severity.ERROR, Confidence.LIKELY),
                (Severity.WARNING, Confidence.LIKELY),
                (Severity.WARNING, Confidence.POSSIBLE),
                (Severity.INFO, Confidence.POSSIBLE),
            ]
        )
    )
    return report(Verdict.HUNG, base.headline, *base.processes, findings=(ORPHANED_LOCK, *numbered))


def gaps() -> Report:
    """Half of the tree could not be read."""
    main = process(
        2402,
        0,
        thread(2402, WaitKind.UNKNOWN, call=None),
        gaps=(Gap(what="memory", because="permission denied: run diag with sudo", pid=2402),),
    )
    gone = process(2403, 2402, name="python3")
    shell = process(
        2404, 2402, thread(2404, WaitKind.CHILD, call="wait4"), name="sh", interpreter=None
    )
    return report(
        Verdict.UNKNOWN,
        "1 of 3 processes could be read: too little to judge",
        view("main", main, "not readable: permission denied"),
        view("worker", gone),
        view("not Python", shell, "waits for any child"),
        read=1,
        limits=Limits(
            affinity_cpus=8,
            gaps=(Gap(what="memory limit", because="memory.max holds 'lots'", pid=2402),),
        ),
        gaps=(
            Gap(what="memory", because="permission denied: run diag with sudo", pid=2402),
            Gap(what="stacks", because="py-spy is not installed: pip install py-spy"),
            Gap(what="process", because="it ended while it was read", pid=2403),
            Gap(what="system call", because="permission denied", pid=2402, tid=2402),
        ),
        skipped=(RuleSkipped(rule="lock-cycle", needs="memory of 2402"),),
    )


# Everything that a terminal, rich, HTML, Markdown or a CI log could act on.
HOSTILE = (
    "\x1b[31mred\x1b[0m\x1b]0;title\x07 [red]markup[/red] [/] :bomb: line\nend\r"
    " \u202egpj.exe\u2066 <script>alert(1)</script> | `x` ::error:: \x9b2J \u200b"
)


def picture(text: str = "") -> Graph:
    """The graph of `fork_logging`; a text takes the place of every word."""
    return Graph(
        nodes=(
            Node(
                id="n0",
                part=Part.CAUSE,
                label=text or "3 x worker",
                waits=text or "waits for an RLock",
                place=ORPHANED_LOCK.primary,
                threads=tuple(ThreadId(pid, pid) for pid in (2404, 2405, 2406)),
            ),
            Node(
                id="n1",
                part=Part.VICTIM,
                label=text or "main thread of main 2402",
                waits=text or "waits for the exit of 2404",
                place=place(2402, "main", own_frame("main", 26, "main.py")),
                threads=(ThreadId(2402, 2402),),
            ),
            Node(
                id="n0-absent",
                part=Part.ABSENT,
                label=text or 'its owner is thread "chatter" of parent 2402',
            ),
        ),
        edges=(
            Edge(waiter="n1", waker="n0", source=Source.OBSERVED, label=text or "its exit"),
            Edge(waiter="n0", waker="n0-absent", source=Source.READ, label=text or "an RLock"),
        ),
    )


def counters() -> tuple[Series, ...]:
    """Ten seconds of work, and twenty of standing still."""
    seconds = range(31)
    return (
        series("cpu_cores", [2 + math.sin(at) / 4 if at < 10 else 0.0 for at in seconds]),
        series("rss_bytes", [(80 + 4 * min(at, 10)) * 2.0**20 for at in seconds]),
        series("memory_used_bytes", [(100 + 3 * min(at, 10)) * 2.0**20 for at in seconds]),
        series("memory_limit_bytes", [512.0 * 2**20] * len(seconds)),
        series("threads", [4.0 if at < 3 else 5.0 for at in seconds]),
        series("throttled_share", [0.4 if 2 < at < 8 else 0.0 for at in seconds]),
        series("rss_bytes", [30 * 2.0**20] * len(seconds), pid=2404),
    )


def series(name: str, values: list[float], pid: int | None = None) -> Series:
    points = tuple(Point(at_s=float(at), value=value) for at, value in enumerate(values))
    return Series(name=name, points=points, pid=pid)


def full() -> Report:
    """Everything that a report can hold."""
    base = fork_logging()
    finding = msgspec.structs.replace(ORPHANED_LOCK, fingerprint="0123456789abcdef")
    old = Finding(
        rule="lock-cycle",
        severity=Severity.ERROR,
        confidence=Confidence.PROVEN,
        title="2 threads wait for each other in a circle",
        explanation="Each of them owns what the next one waits for.",
        advice="Take the locks in the same order everywhere.",
        primary=place(2402, "main", own_frame("transfer", 7, "bank.py")),
        fingerprint="fedcba9876543210",
    )
    return msgspec.structs.replace(
        base,
        findings=(finding,),
        graph=picture(),
        series=counters(),
        sources=(
            SourceLine(file="/srv/app/shop/orders.py", line=41, text='log.info("order %s", order)'),
        ),
        ignored=(Ignored(finding=old, because="known, see TICKET-7"),),
        errors=(
            ErrorNote(
                kind=ErrorKind.OPEN_FILES,
                text="OSError: [Errno 24] Too many open files: 'a.txt'",
                after_s=12.25,
                measured=("process 2402 (python) had 1024 of 1024 descriptors open",),
            ),
        ),
        skipped=(RuleSkipped(rule="starved", needs="samples over ten seconds"),),
        rules=(
            RuleInfo(
                id="orphaned-lock-after-fork",
                title="A lock whose owner does not exist",
                severity=Severity.ERROR,
                summary="A thread waits for a lock that no thread of its process can release.",
            ),
            RuleInfo(
                id="lock-cycle",
                title="Threads wait for each other's locks in a circle",
                severity=Severity.ERROR,
                summary="Every member of the circle owns a lock that the next one waits for.",
            ),
            RuleInfo(
                id="stopped-process",
                title="A process is stopped",
                severity=Severity.WARNING,
                summary="A signal stopped it, and nobody continues it.",
            ),
        ),
    )


def variables() -> Report:
    """As `--show-locals` asks for it."""
    shown = (
        Variable(name="order", value='{"id": 17, "paid": True}'),
        Variable(name="api_key", value="***"),
        Variable(name="retry", value="?"),
    )

    def complete(frame: Frame) -> Frame:
        if frame.function != "handle_order":
            return frame
        return msgspec.structs.replace(frame, variables=shown, variables_left_out=4)

    return with_frames(fork_logging(), complete)


def with_frames(base: Report, change: Callable[[Frame], Frame]) -> Report:
    """The report with every frame changed."""

    def of_thread(each: Thread) -> Thread:
        if each.stack is None:
            return each
        frames = tuple(map(change, each.stack.frames))
        return msgspec.structs.replace(
            each, stack=msgspec.structs.replace(each.stack, frames=frames)
        )

    def of_view(each: ProcessView) -> ProcessView:
        threads = tuple(map(of_thread, each.process.threads))
        process = msgspec.structs.replace(each.process, threads=threads)
        return msgspec.structs.replace(each, process=process)

    return msgspec.structs.replace(base, processes=tuple(map(of_view, base.processes)))


def hostile() -> Report:
    text = HOSTILE
    frames = (
        Frame(
            function=text,
            file="/tmp/" + text,
            line=1,
            variables=(Variable(name=text, value=text),),
            variables_left_out=1,
        ),
        Frame(function="[bold", file="a\nb", line=0),
    )
    bad = process(
        2402,
        0,
        thread(2402, WaitKind.LOCK, *frames, name=text),
        name=text,
        command=("python3", text),
    )
    where = Location(
        pid=2402, tid=2402, process_role=text, thread=text, function=text, file=text, line=1
    )
    finding = Finding(
        rule="rule",
        severity=Severity.WARNING,
        confidence=Confidence.LIKELY,
        title=text,
        explanation=text,
        advice=text,
        primary=where,
        related=(where,),
        evidence=(Evidence(text=text, source=Source.READ),),
        chain=(Link(text=text, source=Source.READ, waiter=where, details=(text,)),),
    )
    shown = report(
        Verdict.DEGRADED,
        text,
        view(text, bad, text, live=False),
        findings=(finding,),
        gaps=(Gap(what=text, because=text, pid=2402),),
        skipped=(RuleSkipped(rule=text, needs=text),),
    )
    return msgspec.structs.replace(
        shown,
        graph=picture(text),
        sources=(SourceLine(file="/tmp/" + text, line=1, text=text),),
        ignored=(Ignored(finding=finding, because=text),),
        errors=(ErrorNote(kind=ErrorKind.MEMORY, text=text, after_s=1.0, measured=(text,)),),
        series=(series(text, [1.0, 2.0, 3.0]), series("rss_bytes", [1.0, 2.0], pid=2402)),
    )


EXAMPLES = {
    "empty": empty,
    "healthy": healthy,
    "one_finding": fork_logging,
    "many": many,
    "gaps": gaps,
    "full": full,
    "variables": variables,
    "hostile": hostile,
}
