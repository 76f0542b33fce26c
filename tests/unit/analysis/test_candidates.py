"""Who only seems to hold a lock narrows a suspicion, and never a proof."""

from diag.analysis.causes import CauseKind
from diag.analysis.chain import wait_link
from diag.model.finding import Confidence, Source
from diag.model.ids import ThreadId
from diag.model.lock import Candidate
from diag.rules import lock_cycle
from tests.unit import world
from tests.unit.world import case, frames, lock_wait, process, thread

LOCKING = frames("update app.py:3")
FIRST, SECOND = ThreadId(10, 11), ThreadId(10, 12)


def seems(*tids, others=()):
    """A wait for a lock that some threads seem to hold."""
    held = tuple(Candidate(tid * 16, "lock", "take", "app.py", 7) for tid in tids)
    return lock_wait(candidates=held, others=tuple(tid * 16 for tid in others))


def world_of(first, second, main=world.SLEEPING):
    return case(
        process(
            10,
            thread(10, main, stack=LOCKING),
            thread(11, first, stack=LOCKING),
            thread(12, second, stack=LOCKING),
        )
    )


def test_a_circle_of_candidates_is_likely_and_not_proven():
    found = world_of(seems(12), seems(11))
    (cause,) = found.causes
    assert (cause.kind, cause.proven) == (CauseKind.LOCK_CYCLE, False)
    assert set(cause.threads) == {FIRST, SECOND}
    assert not found.liveness.proven


def test_whoever_names_the_lock_and_release_may_end_it():
    assert world_of(seems(12, others=[10]), seems(11)).causes == ()


def test_who_seems_to_hold_its_own_lock_may_wait_for_anybody():
    assert world_of(seems(11), seems(11)).causes == ()
    assert world_of(seems(11, 12), seems(11)).causes == ()


def test_a_candidate_that_has_ended_narrows_nothing():
    assert world_of(seems(99), seems(11)).causes == ()


def test_that_none_can_go_on_stays_proven_where_holders_only_seem_so():
    found = world_of(seems(12), seems(11), main=lock_wait(at=0x2000))
    assert {FIRST, SECOND} <= found.liveness.proven
    (cause,) = found.causes
    assert (cause.kind, cause.proven) == (CauseKind.LOCK_CYCLE, True)
    assert set(cause.threads) == {FIRST, SECOND}
    (finding,) = lock_cycle.RULE.judge(found)
    assert finding.confidence is Confidence.PROVEN
    assert "seem to wait for each other" in finding.title
    assert "whoever took the locks" in finding.explanation


def test_it_is_no_circle_where_another_one_could_release():
    found = world_of(seems(12, others=[10]), seems(11), main=lock_wait(at=0x2000))
    (cause,) = found.causes
    assert (cause.kind, cause.proven) == (CauseKind.NOBODY_CAN_ACT, True)


def test_all_candidates_are_said():
    link = wait_link(world_of(seems(12, 11), seems(11)), FIRST)
    assert link.source is Source.INFERRED
    said = [detail for detail in link.details if "seems to hold it" in detail]
    assert len(said) == 2
    assert "this very thread" in said[1]
    assert "take (app.py:7)" in said[0]
