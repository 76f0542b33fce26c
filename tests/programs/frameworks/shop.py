"""A WSGI application and a Celery task that take a lock twice, and a test that does."""

import os
import threading

gate = threading.Lock()


def enter_twice():
    with gate:
        gate.acquire()


def application(environ, start_response):
    if environ["PATH_INFO"] == "/stuck":
        enter_twice()
    start_response("200 OK", [])
    return [b""]


if "BROKER" in os.environ:
    from celery import Celery

    folder = os.environ["BROKER"]
    app = Celery(
        "shop",
        broker="filesystem://",
        broker_transport_options={
            "data_folder_in": folder,
            "data_folder_out": folder,
            "control_folder": folder,
        },
    )
    order = app.task(name="order")(enter_twice)


def test_order():
    enter_twice()


def test_other():
    assert gate is not None
