"""The exports, and two ways to read one: all of it, or a chunk at a time.

They are 30 MB each, but for one of 400 MB. The workers ask the kernel to be taken first
(`oom_score_adj`), as good servers do, so that the parent lives to tell.
"""

import ctypes
import os
import signal
import time

LIFE_S = 120
MB = 1024 * 1024
CHUNK_MB = 4
READ_MB_PER_S = 60
EXPORTS = (30, 30, 30, 400, 30, 30, 30, 30)
PR_SET_PDEATHSIG = 1


def start_worker():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # ends when its parent does
    with open("/proc/self/oom_score_adj", "w") as score:
        score.write("500")


def chunks(export_mb):
    """Yield an export piece by piece, as fast as the storage is."""
    for _ in range(0, export_mb, CHUNK_MB):
        time.sleep(CHUNK_MB / READ_MB_PER_S)
        yield os.urandom(4096) * (CHUNK_MB * MB // 4096)


def read_whole(export_mb):
    """Return the number of bytes of an export; all of it is in memory at once."""
    rows = list(chunks(export_mb))
    return sum(map(len, rows))


def read_in_chunks(export_mb):
    """Return the number of bytes of an export; one chunk is in memory at a time."""
    return sum(map(len, chunks(export_mb)))
