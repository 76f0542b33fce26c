"""Rules about slowness speak of what was counted, and are silent without evidence."""

from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

from diag.analysis.case import Case
from diag.model.channel import Channel, ChannelKind
from diag.model.finding import Confidence, Finding, Severity
from diag.model.limits import Limits
from diag.model.lock import LockKind
from diag.model.process import Process
from diag.model.sample import (
    Activity,
    GroupSample,
    ProcessSample,
    Sample,
    SharedConnection,
    ThreadActivity,
)
from diag.model.stack import Frame
from diag.model.wait import Wait
from diag.rules.registry import RULES
from tests.unit import world
from tests.unit.samples import activity, counted, sample, thread

COMPUTE = world.frames("compute app.py:12")
TWO_CPUS = Limits(affinity_cpus=2)
HALF_A_CPU = Limits(affinity_cpus=2, cpu_quota_cpus=0.5, cpu_quota_source="/sys/fs/cgroup/cpu.max")
MIB = 1 << 20


def seen(
    *processes: Process,
    samples: Iterable[Sample] = (),
    threads: Iterable[ThreadActivity] = (),
    limits: Limits | None = TWO_CPUS,
) -> Case:
    root = msgspec.structs.replace(processes[0], limits=limits)
    first = world.snapshot(root, *processes[1:])
    second = world.snapshot(*processes, at_s=101.0)
    looked = tuple(threads)
    activities: tuple[Activity, ...] = (activity(looked),) if looked else ()
    return Case(first, second, world.HOST, samples=tuple(samples), activities=activities)


def findings(case: Case) -> list[Finding]:
    return [finding for rule in RULES for finding in rule.judge(case)]


def only(case: Case) -> Finding:
    (found,) = findings(case)
    assert found.severity is Severity.WARNING
    assert found.evidence
    return found


def computing(pid: int, *tids: int, parent: int = 1) -> Process:
    threads = [world.thread(tid, world.RUNNING, stack=COMPUTE) for tid in tids]
    return world.process(pid, *threads, parent=parent)


def two_samples(*pids: int, groups: tuple[GroupSample, GroupSample] | None = None) -> list[Sample]:
    before, after = groups or (None, None)
    return [
        sample(100.0, *map(counted, pids), group=before),
        sample(101.0, *(counted(pid, user_ticks=150) for pid in pids), group=after),
    ]


def throttled(share: float, withheld_s: float = 0.5) -> tuple[GroupSample, GroupSample]:
    return (
        GroupSample(periods=0, throttled_periods=0, throttled_s=0.0),
        GroupSample(periods=10, throttled_periods=int(share * 10), throttled_s=withheld_s),
    )


def at_gil(pid: int, *tids: int, ticks: int = 33) -> list[ThreadActivity]:
    return [thread(pid, tid, run=0.35, gil=0.6, ticks=ticks) for tid in tids]


class TestGilBound:
    def test_it_names_the_function_and_what_processes_would_gain(self) -> None:
        found = only(
            seen(
                computing(10, 10, 11, 12),
                samples=two_samples(10),
                threads=at_gil(10, 10, 11, 12),
            )
        )
        assert (found.rule, found.confidence) == ("gil-bound", Confidence.PROVEN)
        assert found.primary.function == "compute"
        assert "2.0 times as fast" in found.advice
        assert "2 workers" in found.advice

    def test_where_processes_would_gain_nothing_it_is_silent(self) -> None:
        one_cpu = Limits(affinity_cpus=1)
        case = seen(
            computing(10, 10, 11),
            samples=two_samples(10),
            threads=at_gil(10, 10, 11, ticks=50),
            limits=one_cpu,
        )
        assert findings(case) == []

    def test_threads_that_release_the_gil_use_more_than_a_core(self) -> None:
        threads = [thread(10, tid, run=0.8, gil=0.2, ticks=90) for tid in (10, 11)]
        case = seen(computing(10, 10, 11), samples=two_samples(10), threads=threads)
        assert findings(case) == []

    @pytest.mark.parametrize(
        ("run", "gil", "main_ticks", "rules"),
        [(1, 2, 5, ["gil-bound"]), (3, 0, 5, []), (1, 2, 45, []), (0, 0, 5, [])],
        ids=["compute", "without the GIL", "another computes", "wait"],
    )
    def test_threads_that_live_for_a_moment_are_counted_together(
        self, run: int, gil: int, main_ticks: int, rules: list[str]
    ) -> None:
        """40 threads, each there for three looks: three at once."""
        brief = [
            msgspec.structs.replace(thread(10, tid), looks=3, running=run, waiting_for_gil=gil)
            for tid in range(100, 140)
        ]
        main = thread(10, 10, run=0.1, ticks=main_ticks)
        case = seen(computing(10, 10), samples=two_samples(10), threads=[main, *brief])
        found = findings(case)
        assert [each.rule for each in found] == rules
        assert all("3 threads of main 10 at once" in each.title for each in found)

    def test_without_looks_at_threads_it_is_not_run(self) -> None:
        case = seen(computing(10, 10, 11), samples=two_samples(10))
        unable = {rule.id for rule in RULES if not rule.has_evidence(case)}
        assert {"gil-bound", "throttled", "over-provisioned-pool"} <= unable


class TestQuota:
    def test_throttled(self) -> None:
        found = only(
            seen(
                computing(10, 10),
                samples=two_samples(10, groups=throttled(0.9)),
                threads=[thread(10, 10, run=1.0, ticks=50)],
                limits=HALF_A_CPU,
            )
        )
        assert found.rule == "throttled"
        assert "50%" in found.title
        assert "throttled in 9 of 10 periods" in found.evidence[0].text

    def test_a_quota_that_others_of_the_group_use_up_is_not_its_trouble(self) -> None:
        before, after = throttled(0.9)
        idle = [sample(100.0, counted(10), group=before), sample(101.0, counted(10), group=after)]
        assert findings(seen(computing(10, 10), samples=idle, limits=HALF_A_CPU)) == []

    @pytest.mark.parametrize(("share", "withheld_s"), [(0.2, 0.5), (0.9, 0.1)])
    def test_a_little_throttling_is_left_alone(self, share: float, withheld_s: float) -> None:
        case = seen(
            computing(10, 10),
            samples=two_samples(10, groups=throttled(share, withheld_s)),
            threads=[thread(10, 10, run=1.0, ticks=50)],
            limits=HALF_A_CPU,
        )
        assert findings(case) == []

    def test_too_many_workers_are_the_cause_and_the_throttling_its_evidence(self) -> None:
        workers = [computing(pid, pid, parent=10) for pid in range(20, 26)]
        found = only(
            seen(
                world.process(10, world.thread(10, world.SLEEPING)),
                *workers,
                samples=two_samples(10, groups=throttled(1.0)),
                threads=[thread(pid, pid, run=1.0, ticks=8) for pid in range(20, 26)],
                limits=HALF_A_CPU,
            )
        )
        assert found.rule == "over-provisioned-pool"
        assert found.primary.pid == 10
        assert "6 workers compute on 0.5 CPUs" in found.title
        assert "Start 1 worker:" in found.advice
        assert any("throttled in 10 of 10" in each.text for each in found.evidence)

    def test_twice_the_right_number_is_a_matter_of_taste(self) -> None:
        workers = [computing(pid, pid, parent=10) for pid in range(20, 24)]
        case = seen(
            world.process(10, world.thread(10, world.SLEEPING)),
            *workers,
            samples=two_samples(10),
            threads=[thread(pid, pid, run=1.0, ticks=50) for pid in range(20, 24)],
        )
        assert findings(case) == []

    def test_native_threads_in_every_worker(self) -> None:
        pids = range(20, 60, 10)
        workers = [computing(pid, pid, pid + 1, parent=10) for pid in pids]
        threads = [thread(p, t, run=1.0, ticks=25) for p in pids for t in (p, p + 1)]
        found = only(
            seen(
                world.process(10, world.thread(10, world.SLEEPING)),
                *workers,
                samples=two_samples(10),
                threads=threads,
            )
        )
        assert found.rule == "nested-parallelism"
        assert "4 processes compute in 8 threads" in found.title

    @pytest.mark.parametrize(("run", "rules"), [(3, ["nested-parallelism"]), (1, [])])
    def test_threads_that_live_for_a_moment_count_together(
        self, run: int, rules: list[str]
    ) -> None:
        """32 threads a process, each there for a tenth of the looks: 2.4 or 0.8 run at once."""
        pids = (11, 12, 13)
        short = [
            msgspec.structs.replace(thread(pid, 100 * pid + number), looks=4, running=run)
            for pid in pids
            for number in range(32)
        ]
        mains = [thread(pid, pid, ticks=30) for pid in pids]
        workers = [computing(pid, pid, parent=10) for pid in pids]
        case = seen(SLEEPER, *workers, samples=two_samples(10, *pids), threads=[*mains, *short])
        assert [found.rule for found in findings(case)] == rules

    def test_unknown_limits_are_no_limits(self) -> None:
        case = seen(
            computing(10, 10, 11),
            samples=two_samples(10),
            threads=at_gil(10, 10, 11),
            limits=None,
        )
        assert findings(case) == []


def over_time(value: str, values: Iterable[float], **more: object) -> list[Sample]:
    made = []
    for at, number in enumerate(values):
        fields: dict[str, Any] = {**more, value: int(number)}
        made.append(sample(100.0 + at, counted(10, **fields)))
    return made


SLEEPER = world.process(10, world.thread(10, world.SLEEPING, stack=COMPUTE))


class TestGrowing:
    def test_descriptors_near_their_limit_with_their_kinds(self) -> None:
        samples = over_time("open_files", [60, 60], open_files_limit=64, open_kinds={"socket": 58})
        found = only(seen(SLEEPER, samples=samples))
        assert (found.rule, found.confidence) == ("descriptor-exhaustion", Confidence.PROVEN)
        assert any("58 socket" in each.text for each in found.evidence)

    def test_descriptors_that_leak_have_a_forecast(self) -> None:
        samples = over_time("open_files", range(600, 700, 10), open_files_limit=1024)
        found = only(seen(SLEEPER, samples=samples))
        assert found.rule == "descriptor-exhaustion"
        assert "the last in about 33 s" in found.title

    @pytest.mark.parametrize("limit", [None, 20_000])
    def test_many_descriptors_with_room_are_left_alone(self, limit: int | None) -> None:
        samples = over_time("open_files", range(600, 700, 10), open_files_limit=limit)
        assert findings(seen(SLEEPER, samples=samples)) == []

    def test_memory_that_grows_towards_the_limit_of_the_machine(self) -> None:
        samples = over_time("rss_bytes", range(100 * MIB, 200 * MIB, 10 * MIB))
        found = only(seen(SLEEPER, samples=samples))
        assert (found.rule, found.confidence) == ("memory-growth", Confidence.LIKELY)
        assert "1024 MiB of the machine" in found.title
        assert "10 MiB a second" in found.title

    def test_growth_that_would_take_long_is_not_said(self) -> None:
        samples = over_time("rss_bytes", range(100 * MIB, 101 * MIB, MIB // 20))
        assert findings(seen(SLEEPER, samples=samples)) == []

    def test_threads_that_pile_up(self) -> None:
        samples = over_time("threads", range(50, 70, 2))
        assert only(seen(SLEEPER, samples=samples)).rule == "thread-growth"

    def test_a_short_look_does_not_run_them(self) -> None:
        samples = two_samples(10)
        unable = {
            rule.id for rule in RULES if not rule.has_evidence(seen(SLEEPER, samples=samples))
        }
        assert {"memory-growth", "thread-growth"} <= unable


class TestMemoryLimit:
    @pytest.mark.parametrize(("cache_mib", "rules"), [(2, ["memory-limit-near"]), (40, [])])
    def test_file_pages_that_can_be_dropped_do_not_count(
        self, cache_mib: int, rules: list[str]
    ) -> None:
        group = GroupSample(
            memory_used_bytes=99 * MIB,
            memory_cache_bytes=cache_mib * MIB,
            memory_limit_bytes=100 * MIB,
        )
        case = seen(SLEEPER, samples=two_samples(10, groups=(group, group)))
        assert [found.rule for found in findings(case)] == rules

    def test_thrashing_needs_pages_that_came_back(self) -> None:
        for refaults, rules in ((900, ["thrashing"]), (3, [])):
            groups = (GroupSample(refaults=0), GroupSample(refaults=refaults))
            samples = [
                sample(100.0, counted(10), group=groups[0]),
                sample(101.0, counted(10, major_faults=800), group=groups[1]),
            ]
            assert [found.rule for found in findings(seen(SLEEPER, samples=samples))] == rules


def died(exit_status: int | None, *, last: bool = True, oom: int = 0) -> Case:
    zombie = counted(20, parent=10, state="Z", exit_status=exit_status, rss_bytes=0)
    alive = counted(20, parent=10, rss_bytes=77 * MIB)
    samples = [
        sample(100.0, counted(10), alive, group=GroupSample(oom_kills=0)),
        sample(100.5, counted(10), zombie, group=GroupSample(oom_kills=oom)),
        sample(101.0, counted(10), *([zombie] if last else []), group=GroupSample(oom_kills=oom)),
    ]
    return seen(SLEEPER, world.process(20, parent=10), samples=samples)


def collected(
    ends: dict[int, int],
    *,
    worker: bool,
    loop: str | tuple[Frame, ...] = "_process_worker ~/concurrent/futures/process.py:246",
) -> Case:
    """Children that were there in the first sample and have been collected since."""
    stack = loop if isinstance(loop, tuple) else world.frames(loop)
    children = [
        world.process(
            pid, world.thread(pid, world.SLEEPING, stack=stack if worker else COMPUTE), parent=10
        )
        for pid in ends
    ]
    samples = [
        sample(100.0, counted(10), *(counted(pid, parent=10) for pid in ends)),
        sample(101.0, counted(10), ended=ends),
    ]
    return seen(SLEEPER, *children, samples=samples)


class TestPoolRecreated:
    def case(
        self, *statuses: int, name: str = "python", worker: bool = True, forks: bool = False
    ) -> Case:
        """Workers 20, 220, 420, ... one after the other, each born when the last had ended."""
        pids = [20 + 200 * number for number in range(len(statuses) + 1)]
        ends = [None, *({pid: status} for pid, status in zip(pids, statuses, strict=False))]
        samples = [
            sample(100.0 + number, counted(10), counted(pid, parent=10, name=name), ended=end)
            for number, (pid, end) in enumerate(zip(pids, ends, strict=True))
        ]
        stack = world.frames("_process_worker ~/concurrent/futures/process.py:246")
        first = world.thread(20, world.SLEEPING, stack=stack if worker else COMPUTE)
        owner = msgspec.structs.replace(SLEEPER, name="python")
        child = world.process(20, first, parent=10)
        child = msgspec.structs.replace(child, forked_without_exec=forks)
        return seen(owner, child, samples=samples)

    def test_a_worker_dies_each_time_that_it_was_replaced(self) -> None:
        found = only(self.case(1 << 8, 9, 9))
        assert found.rule == "pool-recreated"
        assert "anew after a death 3 times in 3.0 s" in found.title
        assert any("SIGKILL, exit status 1" in each.text for each in found.evidence)

    def test_whoever_kills_its_worker_is_found_by_a_second_try(self) -> None:
        assert "pool-recreated" not in {each.rule for each in findings(self.case(9, 9))}

    def test_workers_that_are_replaced_in_good_order(self) -> None:
        assert findings(self.case(0, 0, 0)) == []
        assert findings(self.case(15, 15, 15)) == []

    def test_commands_of_python_beside_a_pool_that_forks(self) -> None:
        found = findings(self.case(1 << 8, 1 << 8, 1 << 8, forks=True))
        assert "pool-recreated" not in {each.rule for each in found}

    def test_loky_kills_its_workers_where_a_task_raises(self) -> None:
        case = self.case(9, 9, 9)
        assert [found.rule for found in findings(case)] == ["pool-recreated"]
        parallel = world.frames("Parallel._retrieve ~/joblib/parallel.py:1754")
        owner = world.process(10, world.thread(10, world.SLEEPING, stack=parallel))
        loop = world.frames("_process_worker ~/loky/process_executor.py:1")
        worker = world.process(20, world.thread(20, world.SLEEPING, stack=loop), parent=10)
        assert findings(seen(owner, worker, samples=case.samples)) == []
        assert findings(seen(owner, worker, samples=died(9).samples)) == []

    def test_commands_that_fail_beside_a_pool(self) -> None:
        assert "pool-recreated" not in {
            found.rule for found in findings(self.case(1 << 8, 1 << 8, 1 << 8, name="grep"))
        }

    def test_children_that_fail_without_a_pool(self) -> None:
        assert findings(self.case(1 << 8, 1 << 8, 1 << 8, worker=False)) == []


class TestWorkerDied:
    def test_a_certificate_has_the_signal_the_memory_and_the_counter(self) -> None:
        found = only(died(9))
        told = " ".join(each.text for each in found.evidence)
        assert (found.rule, found.confidence) == ("worker-died", Confidence.PROVEN)
        assert "SIGKILL" in told
        assert "77 MiB" in told
        assert "killed nothing" in told

    def test_killed_for_want_of_memory(self) -> None:
        assert "for want of memory" in only(died(9, oom=1)).title
        assert "SIGSEGV" in only(died(11 | 0x80, oom=1)).title

    def test_a_core_file_is_mentioned(self) -> None:
        assert any("dumped core" in each.text for each in only(died(11 | 0x80)).evidence)

    @pytest.mark.parametrize("status", [None, 0, 15, 2, 1 << 8, 3 << 8])
    def test_an_end_in_good_order_is_none_of_its_business(self, status: int | None) -> None:
        assert findings(died(status)) == []

    def test_a_killed_child_that_was_collected_may_be_meant(self) -> None:
        assert findings(died(9, last=False)) == []

    @pytest.mark.parametrize(
        ("status", "how"), [(9, "SIGKILL"), (3 << 8, "by itself with exit status 3"), (11, "SEGV")]
    )
    def test_a_worker_of_a_pool_ends_in_good_order_or_has_died(self, status: int, how: str) -> None:
        found = only(collected({20: status}, worker=True))
        assert (found.rule, found.confidence) == ("worker-died", Confidence.PROVEN)
        assert how in found.title

    @pytest.mark.parametrize("status", [0, 15, 0x9B << 8])
    def test_a_worker_that_has_done_its_share_is_none_of_its_business(self, status: int) -> None:
        assert findings(collected({20: status}, worker=True)) == []

    @pytest.mark.parametrize("loop", ["_process_worker ~/loky/process_executor.py:1", COMPUTE])
    def test_other_pools_may_kill_their_workers(self, loop: str | tuple[Frame, ...]) -> None:
        assert findings(collected({20: 9}, worker=True, loop=loop)) == []

    def test_workers_that_go_together_with_status_1_were_interrupted(self) -> None:
        both = {20: 1 << 8, 21: 1 << 8}
        assert findings(collected(both, worker=True)) == []
        assert only(collected({**both, 21: 15}, worker=True)).rule == "worker-died"

    @pytest.mark.parametrize("status", [9, 1 << 8])
    def test_another_child_may_be_meant_to_end_like_this(self, status: int) -> None:
        assert findings(collected({20: status}, worker=False)) == []

    def test_a_child_that_crashed_is_told_also_if_it_was_collected(self) -> None:
        assert "SIGSEGV" in only(collected({20: 11}, worker=False)).title

    def test_a_child_that_went_away_while_memory_was_short(self) -> None:
        samples = [
            sample(100.0, counted(10), counted(20, parent=10), group=GroupSample(oom_kills=4)),
            sample(101.0, counted(10), group=GroupSample(oom_kills=5)),
        ]
        found = only(seen(SLEEPER, samples=samples))
        assert (found.confidence, found.primary.pid) == (Confidence.LIKELY, 20)

    @pytest.mark.parametrize("function", ["terminate_broken", "Manager.terminate_broken"])
    def test_a_pool_that_is_being_ended_gives_away_a_worker_that_is_gone(
        self, function: str
    ) -> None:
        found = only(ending_pool(f"{function} ~/concurrent/futures/process.py:477"))
        assert (found.rule, found.confidence) == ("worker-died", Confidence.LIKELY)
        assert "is ending a broken pool" in found.title

    @pytest.mark.parametrize(
        "place", ["run ~/concurrent/futures/process.py:344", "terminate_broken app.py:3"]
    )
    def test_a_pool_that_is_well_gives_nothing_away(self, place: str) -> None:
        assert findings(ending_pool(place)) == []


def ending_pool(place: str) -> Case:
    manager = world.thread(11, world.SLEEPING, stack=world.frames(place))
    parent = world.process(10, world.thread(10, world.SLEEPING), manager)
    samples = [sample(at_s, counted(10)) for at_s in (100.0, 101.0)]
    return seen(parent, samples=samples)


def zombies_of(parent: int, count: int, *, every_ticks: int = 50) -> list[ProcessSample]:
    return [
        counted(1000 + number * every_ticks, parent=parent, state="Z") for number in range(count)
    ]


class TestZombies:
    def case(self, before: int, after: int, wait: Wait = world.SLEEPING) -> Case:
        samples = [
            sample(100.0, counted(10), *zombies_of(10, before)),
            sample(101.0, counted(10), *zombies_of(10, after)),
        ]
        return seen(world.process(10, world.thread(10, wait)), samples=samples)

    def test_more_and_more(self) -> None:
        assert only(self.case(12, 15)).rule == "zombies"

    @pytest.mark.parametrize(("before", "after"), [(12, 12), (12, 13), (3, 8), (15, 12)])
    def test_few_or_not_growing(self, before: int, after: int) -> None:
        assert findings(self.case(before, after)) == []

    def test_a_parent_that_waits_for_a_child_collects_them(self) -> None:
        assert findings(self.case(12, 15, world.waits_for_child(9))) == []


class TestSharedConnection:
    def case(self, **more: tuple[int, ...]) -> Case:
        shared = SharedConnection(
            inode=55, server="PostgreSQL at 127.0.0.1:5432", pids=(10, 20, 21), **more
        )
        child = world.process(20, world.thread(20, world.reads("socket:[55]")), parent=10)
        other = world.process(21, world.thread(21, world.SLEEPING), parent=10)
        samples = [sample(100.0, counted(10), connections=(shared,)), sample(101.0, counted(10))]
        return seen(SLEEPER, child, other, samples=samples)

    def test_the_child_that_waits_on_it_is_the_proof(self) -> None:
        (found, *_) = [each for each in findings(self.case()) if each.rule == "shared-connection"]
        assert (found.confidence, found.primary.pid) == (Confidence.PROVEN, 20)
        assert "3 processes share one connection" in found.title

    def test_children_with_their_own_connection_only_forgot_to_close_it(self) -> None:
        case = self.case(also_own=(20, 21))
        assert [each.rule for each in findings(case) if each.rule == "shared-connection"] == []


class TestConnectionReadByTwoProcesses:
    def rules(
        self,
        *,
        forked: bool = True,
        kind: ChannelKind = ChannelKind.TCP_SOCKET,
        wait: Wait | None = None,
    ) -> list[str]:
        reads = world.reads("socket:[55]")
        parent = world.process(10, world.thread(10, wait or reads))
        child = world.process(20, world.thread(20, reads), parent=10, forked=forked)
        channel = Channel(id="socket:[55]", kind=kind, name="127.0.0.1:1 to 127.0.0.1:80")
        return [each.rule for each in findings(world.case(parent, child, channels=[channel]))]

    def test_two_that_read_it_at_once_take_each_others_answers(self) -> None:
        assert "shared-connection" in self.rules()

    def test_one_that_sleeps_may_leave_it_to_the_other(self) -> None:
        assert "shared-connection" not in self.rules(wait=world.SLEEPING)

    def test_readers_of_one_queue_are_meant_to_be_several(self) -> None:
        assert "shared-connection" not in self.rules(kind=ChannelKind.UNIX_SOCKET)

    def test_a_connection_handed_over_to_another_program_is_its_own_matter(self) -> None:
        assert "shared-connection" not in self.rules(forked=False)


class TestLockConvoy:
    def convoy(
        self,
        wait: Wait,
        ticks: int = 15,
        stack: tuple[Frame, ...] = COMPUTE,
        *,
        at_lock: tuple[int, ...] = (20, 20, 20, 20),
        switches_per_s: int = 900,
    ) -> Case:
        def at(moment_s: float, switches: int) -> Process:
            threads = [
                msgspec.structs.replace(
                    world.thread(tid, wait, stack=stack, switches=switches), read_at_s=moment_s
                )
                for tid in (10, 11, 12, 13)
            ]
            return world.process(10, *threads)

        threads = [
            thread(
                10,
                tid,
                run=0.5,
                ticks=ticks,
                waiting_for_lock=looks,
                lock=0x1010 if looks else None,
            )
            for tid, looks in zip((10, 11, 12, 13), at_lock, strict=True)
        ]
        first, second = at(100.0, 0), at(101.0, switches_per_s)
        root = msgspec.structs.replace(first, limits=TWO_CPUS)
        return Case(
            world.snapshot(root),
            world.snapshot(second, at_s=101.0),
            world.HOST,
            samples=tuple(two_samples(10)),
            activities=(activity(threads),),
        )

    def test_it_is_told_from_the_gil(self) -> None:
        found = only(self.convoy(world.lock_wait()))
        assert (found.rule, found.confidence) == ("lock-convoy", Confidence.LIKELY)
        assert found.primary.function == "compute"

    def test_the_lock_of_a_queue_is_no_convoy(self) -> None:
        waits = world.lock_wait(kind=LockKind.SIMPLE_QUEUE)
        assert findings(self.convoy(waits)) == []

    def test_threads_of_a_pool_may_be_at_its_queue(self) -> None:
        pooled = world.frames("compute app.py:12", "_worker ~concurrent/futures/thread.py:81")
        unknown = world.lock_wait(kind=LockKind.UNKNOWN)
        assert only(self.convoy(unknown)).rule == "lock-convoy"
        assert findings(self.convoy(unknown, stack=pooled)) == []
        assert only(self.convoy(world.lock_wait(), stack=pooled)).rule == "lock-convoy"

    def test_on_a_crowded_machine_thousands_of_waits_a_second_tell_it(self) -> None:
        seldom = (0, 1, 2, 0)
        found = only(self.convoy(world.lock_wait(), at_lock=seldom, switches_per_s=5000))
        assert (found.rule, len(found.related)) == ("lock-convoy", 3)
        assert findings(self.convoy(world.lock_wait(), at_lock=seldom)) == []

    def test_threads_that_hardly_compute_are_no_convoy(self) -> None:
        assert findings(self.convoy(world.lock_wait(), ticks=1)) == []


def test_a_case_without_samples_names_no_slowness() -> None:
    assert findings(seen(computing(10, 10, 11))) == []


def test_a_process_that_began_later_than_the_first_look_does_no_harm() -> None:
    samples = [
        sample(100.0, counted(10)),
        sample(101.0, counted(10), counted(99, parent=10, open_files=64, open_files_limit=64)),
    ]
    case = seen(SLEEPER, samples=samples, threads=at_gil(99, 99, 98))
    assert findings(case) == []
