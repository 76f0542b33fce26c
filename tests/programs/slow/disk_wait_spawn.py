"""A parent cannot be interrupted until its child, which is stuck, starts its program (vfork)."""

# /// diag
# verdict = "degraded"
# still = true
# [[finding]]
# rule = "disk-wait"
# confidence = "likely"
# functions = ["build"]
# ///

import os
import subprocess
import tempfile


def build(fifo):
    subprocess.run(["sh", "-c", f"(sleep 0.5; echo READY {os.getpid()}) &"], check=True)
    actions = [(os.POSIX_SPAWN_OPEN, 0, fifo, os.O_RDONLY, 0)]
    os.posix_spawn("/bin/true", ["true"], {}, file_actions=actions)


folder = tempfile.mkdtemp()
os.mkfifo(os.path.join(folder, "input"))
build(os.path.join(folder, "input"))
