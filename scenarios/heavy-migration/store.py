"""The rows to be migrated, the database that they go to, and the checkpoint in it.

A row is a document that takes a moment to fetch and unfolds to 120 kB. Its digest is what
is kept. A cluster of rows and the note that it is done are one transaction: either both are there
after `kill -9`, or neither. A log file beside the database could not promise that.
"""

import ctypes
import hashlib
import signal
import sqlite3
import time

LIFE_S = 120
CLUSTER = 3  # rows
ROW_KB = 120
FETCH_S = 0.006
PR_SET_PDEATHSIG = 1


def end_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def connect(path):
    """Return a connection of this process's own: one must not be carried across a fork."""
    connection = sqlite3.connect(path, timeout=60, isolation_level=None)
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def prepare(path):
    connection = connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    # No PRIMARY KEY for rows: one that was migrated twice would be there twice.
    connection.execute("CREATE TABLE IF NOT EXISTS migrated (row INTEGER, digest TEXT)")
    connection.execute("CREATE TABLE IF NOT EXISTS checkpoint (cluster INTEGER PRIMARY KEY)")
    connection.close()


def document(row):
    time.sleep(FETCH_S)
    return (b"%012d" % row) * (ROW_KB * 1024 // 12)


def digest_of(text):
    return hashlib.sha256(text).hexdigest()


def clusters(rows):
    """Return the clusters, each as the range of its rows."""
    return [range(first, min(first + CLUSTER, rows)) for first in range(0, rows, CLUSTER)]


def clusters_left(path, rows):
    connection = connect(path)
    done = {number for (number,) in connection.execute("SELECT cluster FROM checkpoint")}
    connection.close()
    return [cluster for cluster in clusters(rows) if cluster.start not in done]


def migrate(path, cluster):
    """Migrate the rows of one cluster and write down that it is done; return their number."""
    digests = [(row, digest_of(document(row))) for row in cluster]
    connection = connect(path)
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT INTO migrated VALUES (?, ?)", digests)
    connection.execute("INSERT INTO checkpoint VALUES (?)", (cluster.start,))
    connection.execute("COMMIT")
    connection.close()
    return len(cluster)


def audit(path, rows):
    """Return what became of the rows: done, lost, repeated, and wrong in content."""
    connection = connect(path)
    found = connection.execute("SELECT row, digest FROM migrated").fetchall()
    connection.close()
    known = dict(found)
    sample = [row for row in range(0, rows, max(1, rows // 20)) if row in known]
    return {
        "done": len(known),
        "lost": rows - len(known),
        "repeated": len(found) - len(known),
        "wrong": sum(known[row] != digest_of(document(row)) for row in sample),
    }
