"""A thread that nobody ever stops keeps the interpreter from ending."""

import threading


def test_leaves_a_thread():
    threading.Thread(target=threading.Event().wait, name="forgotten").start()
