"""Leave to look into this process, where the Yama security module asks for it."""

import ctypes

_PR_SET_PTRACER = 0x59616D61  # include/uapi/linux/prctl.h: "Yama"
_PR_SET_PTRACER_ANY = ctypes.c_ulong(-1)


def allow_attach(pid: int | None = None) -> None:
    """Let another process of this user look into this one, where Yama would forbid it.

    With `kernel.yama.ptrace_scope=1` only ancestors may (Documentation/admin-guide/LSM/Yama.rst).
    Without Yama, or with another setting, this changes nothing.

    Args:
        pid: the process that may, with its descendants; None for every process.

    """
    tracer = _PR_SET_PTRACER_ANY if pid is None else ctypes.c_ulong(pid)
    ctypes.CDLL(None).prctl(_PR_SET_PTRACER, tracer, 0, 0, 0)
