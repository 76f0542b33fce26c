"""The main thread joins a server thread; a supervisor process waits for all that."""

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


os.write(1, b"READY %d\n" % os.getpid())
child = os.fork()
if child:
    os.waitpid(child, 0)
else:
    server = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=serve, args=(server,))
    thread.start()
    thread.join()
