"""`--metrics FILE` and `--listen HOST:PORT`: a watch as metrics."""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click

from diag.cli.exits import say
from diag.cli.output import write_whole
from diag.errors import UsageError

if TYPE_CHECKING:
    from diag.watching.story import Story

EVERY_S = 5.0
LOOPBACK = "127.0.0.1"


class MetricsError(UsageError):
    """Metrics cannot be written or served."""


def parse_address(
    _ctx: click.Context, _param: click.Parameter, value: str | None
) -> tuple[str, int] | None:
    """Parse "HOST:PORT" or "PORT"; the host is loopback unless it is given."""
    if value is None:
        return None
    host, _, port = value.rpartition(":")
    if not port.isdigit() or int(port) > 65535:
        raise click.BadParameter(f"{value!r} is not HOST:PORT.")
    return host.strip("[]") or LOOPBACK, int(port)


class Metrics:
    """Writes and serves the metrics of a watch; a context manager.

    Raises:
        MetricsError: on entering: prometheus_client is missing, or the address is in use.

    """

    def __init__(self, file: Path | None, address: tuple[str, int] | None) -> None:
        self._file, self._address = file, address
        self._due_s = 0.0
        self._failed = False

    def __enter__(self) -> Self:
        if self._file is None and self._address is None:
            return self
        try:
            from diag.render.metrics import SceneCollector
        except ImportError as error:
            raise MetricsError(
                "metrics need prometheus_client", hint="pip install 'diag[metrics]'"
            ) from error
        self._collector = SceneCollector()
        if self._address is not None:
            self._listen(*self._address)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._address is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()

    def show(self, story: Story) -> None:
        """Take the story: for those who ask, and now and then for the file."""
        if self._file is None and self._address is None:
            return
        now_s = time.monotonic()
        if now_s < self._due_s and story.doing == "calm":
            return
        self._due_s = now_s + EVERY_S
        self._collector.scene = story.scene()
        if self._file is not None:
            self._write(self._file)

    def _write(self, file: Path) -> None:
        from diag.render.metrics import render

        assert self._collector.scene is not None
        try:
            write_whole(file, render(self._collector.scene).decode())
        except OSError as error:
            if not self._failed:
                say(f"warning: cannot write {file}: {error.strerror}")
            self._failed = True

    def _listen(self, host: str, port: int) -> None:
        from prometheus_client import CollectorRegistry, start_http_server

        registry = CollectorRegistry(auto_describe=False)
        registry.register(self._collector)
        try:
            self._server, self._thread = start_http_server(port, host, registry)
        except OSError as error:
            raise MetricsError(f"cannot listen on {host}:{port}: {error.strerror}") from error
