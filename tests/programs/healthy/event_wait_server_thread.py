"""The main thread is parked on Event().wait() while another serves a socket."""

# /// diag
# verdict = "healthy"
# twin_of = ["nobody-can-act"]
# ///

import os
import socket
import threading


def serve(server):
    while True:
        connection, _ = server.accept()
        connection.close()


server = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=serve, args=(server,), daemon=True).start()
os.write(1, b"READY %d\n" % os.getpid())
threading.Event().wait()
