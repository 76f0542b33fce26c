"""A loop asks for a flag that nobody sets."""

# /// diag
# verdict = "degraded"
# alone = true
# [[finding]]
# rule = "busy-loop"
# confidence = "likely"
# functions = ["wait"]
# ///

import os
import subprocess


class Job:
    done = False

    def wait(self):
        subprocess.run(["sh", "-c", f"(sleep 0.5; echo READY {os.getpid()}) &"], check=True)
        while not self.done:
            pass


Job().wait()
