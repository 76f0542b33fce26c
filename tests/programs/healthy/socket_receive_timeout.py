"""A socket pair with SO_RCVTIMEO: the kernel ends the wait, and /proc does not say so."""

# /// diag
# verdict = "healthy"
# twin_of = ["nobody-can-act"]
# ///

import os
import socket
import struct

ours, theirs = socket.socketpair()
ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 3600, 0))
os.write(1, b"READY %d\n" % os.getpid())
ours.recv(1)
