"""When a test run counts as hanging: decided without a process or a clock."""

from diag.cli.monitor import CHECK_S, Run


def test_a_run_hangs_once_no_test_has_finished_for_long_enough() -> None:
    run = Run(stall_s=3.0, now_s=100.0)
    run.feed(b"start 'a'\n", 101.0)
    assert not run.is_due(102.9)
    assert run.is_due(103.0)
    assert not run.is_due(200.0)


def test_each_finished_test_starts_the_time_anew_and_each_start_does_not() -> None:
    run = Run(stall_s=3.0, now_s=100.0)
    run.feed(b"start 'a'\nfinish 'a'\n", 102.0)
    assert not run.is_due(104.9)
    run.feed(b"start 'b'\n", 104.9)
    assert run.is_due(105.0)
    run.feed(b"finish 'b'\n", 110.0)
    assert not run.is_due(112.9)
    assert run.is_due(113.0)


def test_lines_may_come_in_pieces() -> None:
    run = Run(stall_s=3.0, now_s=0.0)
    for piece in (b"sta", b"rt 'a'\nstart", b" 'b'\nfinish 'a'\n"):
        run.feed(piece, 1.0)
    assert "(running: 'b')" in run.headline()


def test_what_hangs_is_named() -> None:
    run = Run(stall_s=60.0, now_s=0.0)
    assert run.headline() == "diag: no test has finished for 60 s (running: no test)\n"
    run.feed(b"".join(b"start 't%d'\n" % n for n in range(7)), 0.0)
    assert "'t0', 't1', 't2', 't3', 't4' ..." in run.headline()


def test_it_never_waits_past_the_moment_to_look_nor_too_long() -> None:
    run = Run(stall_s=3.0, now_s=0.0)
    assert run.wait_s(1.0) == 2.0
    assert run.wait_s(9.0) == 0.0
    assert run.is_due(9.0)
    assert run.wait_s(9.0) == CHECK_S
