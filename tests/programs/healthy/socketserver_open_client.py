"""A threading socket server with one silent client, which is a slow child of it."""

# /// diag
# verdict = "healthy"
# ///

import os
import socket
import socketserver
import time


class Echo(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(line)


def talk(port):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        while True:
            connection.sendall(b"ping\n")
            connection.recv(100)
            time.sleep(2)


server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo)
if os.fork() == 0:
    port = server.server_address[1]
    server.server_close()
    talk(port)
os.write(1, b"READY %d\n" % os.getpid())
server.serve_forever()
