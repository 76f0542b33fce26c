"""Small clusters of rows in short-lived processes, three at a time, each written down when done.

process    every cluster in a process of its own: what it has taken is given back when it ends
executor   ProcessPoolExecutor(max_tasks_per_child=...), Python 3.11 and later
pool       multiprocessing.Pool(maxtasksperchild=...)
"""

import argparse
import json
import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
import tempfile
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait

from store import LIFE_S, audit, clusters_left, end_with_parent, migrate, prepare

AT_ONCE = 3
TASKS_PER_CHILD = 50
AHEAD = 2 * AT_ONCE  # tasks submitted and not done


def run_cluster(path, cluster):
    end_with_parent()
    migrate(path, cluster)


def by_process(path, waiting):
    """Yield after each cluster."""
    context, running = multiprocessing.get_context("fork"), {}
    waiting = iter(waiting)
    while True:
        while len(running) < AT_ONCE and (cluster := next(waiting, None)) is not None:
            process = context.Process(target=run_cluster, args=(path, cluster))
            process.start()
            running[process.sentinel] = process
        if not running:
            return
        for sentinel in multiprocessing.connection.wait(list(running)):
            process = running.pop(sentinel)
            process.join()
            if process.exitcode != 0:
                raise SystemExit(f"a cluster failed with {process.exitcode}")
            yield


def by_executor(path, waiting):
    with ProcessPoolExecutor(
        AT_ONCE,
        # "fork" is refused together with max_tasks_per_child: the pool has threads by then
        mp_context=multiprocessing.get_context("forkserver"),
        initializer=end_with_parent,
        max_tasks_per_child=TASKS_PER_CHILD,
    ) as executor:
        running = set()
        for cluster in waiting:
            running.add(executor.submit(migrate, path, cluster))
            if len(running) >= AHEAD:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        for future in running:
            yield future.result()


def by_pool(path, waiting):
    with multiprocessing.get_context("fork").Pool(
        AT_ONCE,
        # Not end_with_parent: the parent's death signal comes when the *thread* that forked ends,
        # which is the pool's own for those that replace a worker.
        initializer=signal.alarm,
        initargs=(LIFE_S,),
        maxtasksperchild=TASKS_PER_CHILD,
    ) as pool:
        tasks = ((path, cluster) for cluster in waiting)
        yield from pool.imap_unordered(migrate_task, tasks)


def migrate_task(task):
    return migrate(*task)


def main():
    shapes = {"process": by_process, "executor": by_executor, "pool": by_pool}
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("shape", choices=shapes)
    options.add_argument("--rows", type=int, default=1500)
    options.add_argument("--target", help="database to fill, or to go on with")
    chosen = options.parse_args()
    signal.alarm(LIFE_S)
    with tempfile.TemporaryDirectory() as folder:
        path = chosen.target or f"{folder}/target.db"
        prepare(path)
        for number, _ in enumerate(shapes[chosen.shape](path, clusters_left(path, chosen.rows))):
            if number == 10:
                print("READY", os.getpid(), flush=True)
        result = audit(path, chosen.rows)
    print("RESULT", json.dumps(result), flush=True)
    sys.exit(1 if result["lost"] or result["repeated"] or result["wrong"] else 0)


if __name__ == "__main__":
    main()
