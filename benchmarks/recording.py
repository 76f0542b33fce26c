"""An hour of recording of 100 processes: its size, and how long it takes to judge and render.

An hour is put together from what a real tree gives: a sample each ten seconds, and a
confirmed close look each minute, as a calm tree gets them.
"""

import tempfile
import time
from pathlib import Path

import msgspec

from benchmarks.common import machine, show, tree
from diag import pipeline
from diag.cli.report import read_recording
from diag.collect.sampling import Sampler
from diag.render.options import Options
from diag.render.terminal import render
from diag.watching.counters import SAMPLE_EVERY_S
from diag.watching.look import first_look, make_header, second_look
from diag.watching.plan import CALM_LOOK_EVERY_S
from diag.watching.recorder import Recorder

PROCESSES = 100
HOUR_S = 3600
SIZE_TARGET_MB, TIME_TARGET_S = 20, 3.0


def record_an_hour(pid: int, path: Path) -> None:
    """Write what an hour of watching would."""
    first = first_look(pid, wants_stacks=lambda _: True)
    second = second_look(first)
    sample = Sampler(pid).take()
    with Recorder(path) as recorder:
        recorder.write(make_header())
        for at_s in range(0, HOUR_S, int(SAMPLE_EVERY_S)):
            recorder.write(msgspec.structs.replace(sample, at_s=sample.at_s + at_s))
            if at_s % CALM_LOOK_EVERY_S == 0:
                started_s = first.started_s + at_s
                recorder.write(msgspec.structs.replace(first, started_s=started_s))
                recorder.write(
                    msgspec.structs.replace(
                        second, started_s=second.started_s + at_s, confirms_s=started_s
                    )
                )
        recorder.check()


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hour.jsonl"
        with tree(PROCESSES) as pid:
            record_an_hour(pid, path)
        size_mb = path.stat().st_size / 1e6
        before_s = time.monotonic()
        render(pipeline.judge(read_recording(path)), Options())
        judged_s = time.monotonic() - before_s
    rows = (
        ("size", f"{size_mb:.1f} MB", f"{size_mb / SIZE_TARGET_MB:.2f}"),
        ("read, judged and rendered in", f"{judged_s:.2f} s", f"{judged_s / TIME_TARGET_S:.2f}"),
    )
    show(
        f"An hour of recording of {PROCESSES} processes ({machine()})",
        ("", "", "of target"),
        rows,
    )


if __name__ == "__main__":
    main()
