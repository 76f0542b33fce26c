"""Tasks of asyncio in every kind of wait; prints what each is and where, then READY."""

import asyncio
import concurrent.futures
import inspect
import json
import os
import sys
import threading
import time


async def on_future():
    await asyncio.get_running_loop().create_future()


async def deep(depth):
    if depth:
        await deep(depth - 1)
    else:
        await asyncio.Event().wait()


async def on_lock(lock):
    async with lock:
        pass


async def in_lock(lock):
    async with lock:
        await asyncio.get_running_loop().create_future()


async def on_queue(queue):
    await queue.get()


async def on_put(queue):
    await queue.put(1)


async def on_join(queue):
    await queue.join()


async def on_semaphore(semaphore):
    await semaphore.acquire()


async def on_condition(condition):
    async with condition:
        await condition.wait()


async def on_sleep():
    await asyncio.sleep(3600)


async def on_executor(pool, event):
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(pool, event.wait)


async def on_gather(*tasks):
    await asyncio.gather(*tasks)


async def on_wait(tasks):
    await asyncio.wait(tasks)


async def on_wait_for(task):
    await asyncio.wait_for(task, 3600)


async def on_task(task):
    await task


async def on_shield(task):
    await asyncio.shield(task)


async def numbers():
    await asyncio.get_running_loop().create_future()
    yield 1


async def on_generator():
    async for _ in numbers():
        pass


class Awaitable:
    def __await__(self):
        return on_future().__await__()


async def on_awaitable():
    await Awaitable()


class Pool(concurrent.futures.ThreadPoolExecutor):
    def submit(self, *arguments):
        self.last = super().submit(*arguments)
        return self.last


async def main():
    loop = asyncio.get_running_loop()
    lock, queue, full = asyncio.Lock(), asyncio.Queue(), asyncio.Queue(1)
    full.put_nowait(1)
    semaphore, condition = asyncio.Semaphore(0), asyncio.Condition()
    pool, event = Pool(1), threading.Event()
    start = lambda coroutine, name=None: loop.create_task(coroutine, name=name)  # noqa: E731
    first = start(on_future(), "größe")
    tasks = {
        "future": first,
        "event": start(deep(3)),
        "holder": start(in_lock(lock)),
        "lock": start(on_lock(lock)),
        "queue-get": start(on_queue(queue)),
        "queue-put": start(on_put(full)),
        "queue-join": start(on_join(full)),
        "semaphore": start(on_semaphore(semaphore)),
        "condition": start(on_condition(condition)),
        "sleep": start(on_sleep()),
        "executor": start(on_executor(pool, event)),
        "task": start(on_task(first)),
        "shield": start(on_shield(first)),
        "generator": start(on_generator()),
        "awaitable": start(on_awaitable()),
    }
    tasks["gather"] = start(on_gather(first, tasks["event"]))
    tasks["wait"] = start(on_wait([first, tasks["event"]]))
    tasks["wait-for"] = start(on_wait_for(first))
    future = asyncio.run_coroutine_threadsafe(on_future(), loop)
    await asyncio.sleep(0.1)
    said = {
        "lock": id(lock),
        "future": id(pool.last),
        "resolved": id(future),
        "loop": id(loop),
        "thread": threading.get_native_id(),
        "timer": min(handle.when() for handle in loop._scheduled),
        "timers": len(loop._scheduled),
        "tasks": {
            kind: {
                "address": id(task),
                "name": task.get_name(),
                "frames": frames(task.get_coro()),
            }
            for kind, task in tasks.items()
        },
        "main": id(asyncio.current_task()),
    }
    print(json.dumps({"pid": os.getpid(), **said}), flush=True)
    if "block" in sys.argv:
        time.sleep(3600)
    await asyncio.sleep(3600)


def frames(coroutine):
    """Return function and line of the coroutines that one has entered, outermost first."""
    found = []
    while inspect.iscoroutine(coroutine) or inspect.isasyncgen(coroutine):
        if inspect.isasyncgen(coroutine):
            frame, following = coroutine.ag_frame, coroutine.ag_await
        else:
            frame, following = coroutine.cr_frame, coroutine.cr_await
        found.append([frame.f_code.co_name, frame.f_lineno])
        coroutine = following
    return found


asyncio.run(main())
