"""A pool that several tests share goes on after one of them has hung."""

import multiprocessing
import os

import pytest

FORK = multiprocessing.get_context("fork")


def give_up(_):
    os._exit(1)


@pytest.fixture(scope="module")
def pool():
    with FORK.Pool(2) as workers:
        yield workers


def test_lost_task(pool):
    pool.map(give_up, [1])


def test_pool_of_a_wider_scope(pool):
    assert pool.map(abs, [-1]) == [1]
