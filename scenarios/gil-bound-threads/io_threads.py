"""A control: threads that wait for a server. Threads are right here."""

import argparse
import signal
import socket
import socketserver
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from measuring import compare

LIFE_S = 120
ANSWER_S = 0.05


class SlowAnswer(socketserver.BaseRequestHandler):
    """Play a database or a web service."""

    def handle(self):
        """Answer after a while."""
        time.sleep(ANSWER_S)
        self.request.sendall(b"answer")


class Server(socketserver.ThreadingTCPServer):
    """One thread per request, none of which keeps the program alive."""

    daemon_threads = True


def fetch(address):
    with socket.create_connection(address) as connection:
        return connection.recv(64)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--requests", type=int, default=120)
    count = options.parse_args().requests
    signal.alarm(LIFE_S)
    with Server(("127.0.0.1", 0), SlowAnswer) as server:
        threading.Thread(target=server.serve_forever, name="server", daemon=True).start()
        compare(fetch, [server.server_address] * count, ThreadPoolExecutor)
        server.shutdown()


if __name__ == "__main__":
    main()
