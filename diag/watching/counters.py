"""The counters of a watched tree: often at first, seldom later, as they cost more than a pass."""

import time
from collections import deque
from collections.abc import Callable

from diag.collect.sampling import Sampler
from diag.errors import TargetGoneError
from diag.model.sample import Sample
from diag.watching.growing import grows

SAMPLE_EVERY_S = 10.0
FIRST_S = 60.0  # most hangs come early: until then the pictures are denser
FIRST_SAMPLE_EVERY_S = 0.5
SAMPLE_SHARE = 0.002  # of one CPU, at most
GROWS_S = 8.0  # what grows for half of this time is looked at
MOST_SAMPLES = 360  # kept for the judgement: an hour


class Counters:
    """Takes samples of one tree, for rules about slowness.

    Attributes:
        grow: whether something has been growing for a while.

    Args:
        pid: the root of the tree.
        taken: told of each sample.

    """

    def __init__(self, pid: int, taken: Callable[[Sample], None]) -> None:
        self._sampler, self._taken = Sampler(pid), taken
        self._samples: deque[Sample] = deque(maxlen=MOST_SAMPLES)
        self._due_s = 0.0
        self.grow = False

    @property
    def samples(self) -> tuple[Sample, ...]:
        """Those of the last hour."""
        return tuple(self._samples)

    def close(self) -> None:
        """Let go of what is kept open."""
        self._sampler.close()

    def pass_by(self, at_s: float) -> None:
        """Take a sample if it is time for one."""
        if at_s >= self._due_s:
            self._take(at_s)

    def take_at(self, at_s: float) -> None:
        """Take one for a moment that matters, if there is none of it."""
        if not self._samples or at_s > self._samples[-1].at_s + FIRST_SAMPLE_EVERY_S:
            self._take(at_s)

    def add(self, *samples: Sample) -> None:
        """Keep samples that were taken elsewhere."""
        for sample in samples:
            self._samples.append(sample)
            self._taken(sample)

    def _take(self, at_s: float) -> None:
        before_s = time.thread_time()
        try:
            sample = self._sampler.take()
        except TargetGoneError:
            return  # the next step sees it
        cost_s = time.thread_time() - before_s
        self.add(sample)
        early = at_s - self._samples[0].at_s < FIRST_S
        every_s = FIRST_SAMPLE_EVERY_S if early else SAMPLE_EVERY_S
        self._due_s = at_s + max(every_s, cost_s / SAMPLE_SHARE)
        recent = [each for each in self._samples if each.at_s >= sample.at_s - GROWS_S]
        self.grow = grows(recent) and recent[-1].at_s - recent[0].at_s >= GROWS_S / 2
