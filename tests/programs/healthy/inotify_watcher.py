"""A watcher blocked on inotify."""

# /// diag
# verdict = "healthy"
# ///

import ctypes
import os
import tempfile

libc = ctypes.CDLL(None, use_errno=True)
folder = tempfile.mkdtemp()
watch = libc.inotify_init1(0)
libc.inotify_add_watch(watch, folder.encode(), 0x100)
os.write(1, b"READY %d\n" % os.getpid())
os.read(watch, 4096)
