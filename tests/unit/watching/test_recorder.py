"""The recording of a watch: complete at every moment, and never too large."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from diag.errors import RecordingError
from diag.model.codec import decode_recording
from diag.model.ids import ProcessId
from diag.model.recording import FORMAT, Header, Recording
from diag.model.sample import ProcessSample, Sample
from diag.model.snapshot import Snapshot
from diag.pipeline import last_pair
from diag.watching.recorder import Recorder, RecordError
from tests.unit.world import HOST, SLEEPING, process, thread

ROOT = ProcessId(pid=1, start_ticks=1)
HEADER = Header(format=FORMAT, diag_version="0.1.0", host=HOST, started_at_unix_s=0.0)
LIMIT = 200_000


def look(at_s: float, *, confirms_s: float | None = None) -> Snapshot:
    return Snapshot(
        root=ROOT,
        taken_at_unix_s=at_s,
        started_s=at_s,
        ended_s=at_s,
        processes=(process(1, *(thread(tid, SLEEPING) for tid in range(1, 10))),),
        confirms_s=confirms_s,
    )


def sample(at_s: float) -> Sample:
    counters = ProcessSample(
        id=ROOT, parent_pid=0, state="S", user_ticks=1, system_ticks=1, threads=1, rss_bytes=1
    )
    return Sample(root=ROOT, at_s=at_s, taken_at_unix_s=at_s, processes=(counters,) * 3)


def read(path: Path) -> Recording:
    with path.open("rb") as lines:
        return decode_recording(lines)


def pairs() -> Iterator[tuple[Snapshot, Snapshot]]:
    for number in range(1, 300):
        yield look(number), look(number + 0.5, confirms_s=number)


def test_every_line_is_in_the_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    with Recorder(path) as recorder:
        recorder.write(HEADER)
        recorder.write(look(1.0))
        assert read(path).snapshots == (look(1.0),)
        recorder.write(sample(2.0))
        assert read(path).samples == (sample(2.0),)


@pytest.mark.parametrize("cut", [2, 10, 100, 1000])
def test_a_recording_that_is_cut_off_loses_its_last_line(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "r.jsonl"
    with Recorder(path) as recorder:
        recorder.write(HEADER)
        recorder.write(look(1.0))
        recorder.write(look(1.5, confirms_s=1.0))
        recorder.write(look(2.0))
    path.write_bytes(path.read_bytes()[:-cut])
    found = read(path)
    assert found.damage is not None
    assert last_pair(found.snapshots) == (look(1.0), look(1.5, confirms_s=1.0))


def test_it_stays_below_its_limit_and_keeps_what_matters(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    largest = 0
    with Recorder(path, limit_bytes=LIMIT) as recorder:
        recorder.write(HEADER)
        for number, (first, second) in enumerate(pairs()):
            recorder.write(first)
            recorder.write(second)
            recorder.write(sample(first.started_s + 0.7))
            if number == 3:
                recorder.write(look(4.2))
                recorder.write(look(4.8, confirms_s=4.2))
                recorder.keep_last_look()
            largest = max(largest, path.stat().st_size)
    found = read(path)
    assert found.damage is None
    assert largest <= LIMIT + 20_000, "one line may come before it is thinned"
    assert look(4.2) in found.snapshots, "something was found in it"
    assert last_pair(found.snapshots) == (first, second)
    assert 3 < len(found.samples) < 299
    for each in found.snapshots:
        assert each.confirms_s is None or look(each.confirms_s) in found.snapshots
    times = [each.started_s for each in found.snapshots]
    assert times == sorted(times)
    assert list(tmp_path.iterdir()) == [path], "no draft is left behind"


def test_even_findings_are_thinned_when_there_are_too_many(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    with Recorder(path, limit_bytes=LIMIT) as recorder:
        recorder.write(HEADER)
        for first, second in pairs():
            recorder.write(first)
            recorder.write(second)
            recorder.keep_last_look()
    assert path.stat().st_size <= LIMIT + 20_000


def test_a_full_disk_does_not_spoil_the_watch() -> None:
    with Recorder(Path("/dev/full")) as recorder:
        recorder.write(HEADER)
        recorder.write(look(1.0))
    with pytest.raises(RecordError, match="incomplete"):
        recorder.check()


def test_a_file_that_cannot_be_opened_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="cannot write"), Recorder(tmp_path / "a" / "b"):
        pytest.fail("it was opened")


def test_without_a_path_nothing_is_written() -> None:
    with Recorder(None) as recorder:
        recorder.write(HEADER)
    recorder.check()


class TestLastPair:
    def test_a_look_that_nothing_confirms_is_left_out(self) -> None:
        pair = (look(1.0), look(1.5, confirms_s=1.0))
        assert last_pair((*pair, look(9.0))) == pair

    def test_one_look_is_no_pair(self) -> None:
        assert last_pair((look(1.0),)) is None

    def test_looks_that_say_nothing_are_taken_as_they_come(self) -> None:
        assert last_pair((look(1.0), look(2.0))) == (look(1.0), look(2.0))

    def test_a_confirmation_without_its_look_is_left_out(self) -> None:
        pair = (look(1.0), look(1.5, confirms_s=1.0))
        assert last_pair((*pair, look(3.0, confirms_s=2.5))) == pair


def test_an_empty_file_is_no_recording(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.touch()
    with pytest.raises(RecordingError):
        read(path)
