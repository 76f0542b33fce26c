"""The kernel's letters for the state of a thread, in words (proc_pid_stat(5))."""

STATES = {
    "R": "running",
    "S": "sleeping",
    "D": "in disk wait",
    "T": "stopped",
    "t": "traced",
    "Z": "exited",
    "X": "exited",
    "I": "idle",
}
