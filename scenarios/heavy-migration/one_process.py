"""One long-lived process walks all rows, as a migration script does.

The object mapper's session keeps every row that it has loaded; nobody has told it not to. There
is no checkpoint: whoever is killed at row 29,000 begins with row 0.
"""

import argparse
import json
import os
import signal
import tempfile

from store import LIFE_S, audit, connect, digest_of, document, prepare


class Session:
    """Loads rows, and keeps them: the identity map of an object mapper."""

    def __init__(self):
        self.loaded = {}

    def get(self, row):
        self.loaded[row] = document(row)
        return self.loaded[row]


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=1500)
    rows = options.parse_args().rows
    signal.alarm(LIFE_S)
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/target.db"
        prepare(path)
        connection, session = connect(path), Session()
        for row in range(rows):
            digest = digest_of(session.get(row))
            connection.execute("INSERT INTO migrated VALUES (?, ?)", (row, digest))
            if row == 30:
                print("READY", os.getpid(), flush=True)
        connection.close()
        result = audit(path, rows)
    print("RESULT", json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
