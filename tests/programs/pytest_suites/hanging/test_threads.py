"""Two threads take two locks in opposite order; an event loop is blocked; a fixture waits."""

import asyncio
import queue
import threading

import pytest


def test_healthy():
    thread = threading.Thread(target=sum, args=([1, 2],))
    thread.start()
    thread.join()


def test_lock_order():
    first, second = threading.Lock(), threading.Lock()
    both = threading.Barrier(2)

    def other():
        with second:
            both.wait()
            with first:
                pass

    threading.Thread(target=other, daemon=True).start()
    with first:
        both.wait()
        with second:
            pass


def test_event_loop_blocked():
    lock = threading.Lock()

    async def holder():
        with lock:
            await asyncio.sleep(0.1)

    async def taker():
        await asyncio.sleep(0)
        with lock:
            pass

    async def main():
        await asyncio.gather(holder(), taker())

    asyncio.run(main())


@pytest.fixture
def answer():
    return queue.Queue().get()


@pytest.fixture
def closed_badly():
    yield 1
    threading.Event().wait()


def test_fixture(answer):
    pass


def test_fixture_teardown(closed_badly):
    pass


def test_healthy_afterwards():
    pass
