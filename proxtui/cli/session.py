"""One call of the command line: its flags, the configuration they lead to, and reading the fleet once."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from proxtui.errors import NotConfigured, ProxtuiError

if TYPE_CHECKING:
    from proxtui.cli.output import Output
    from proxtui.config.models import Config
    from proxtui.core.model import Fleet
    from proxtui.core.rows import Column, R
    from proxtui.core.runtime import Runtime
    from proxtui.core.verbs import Details, Found, TableOptions

T = TypeVar("T")

CONNECTION_FLAGS = ("host", "port", "username", "realm", "token_id", "fingerprint", "ca_file", "read_only")


class NothingAnswered(ProxtuiError):
    """Every server failed. Exits as the first of them would; ``sources`` says it of each."""

    def __init__(self, cause: ProxtuiError | None, sources: Sequence[Mapping[str, Any]]) -> None:
        lines = [f"{source['tenant']} / {source['server']}: {source['error'] or 'no answer'}" for source in sources]
        super().__init__(str(cause) if cause and len(lines) == 1 else "no server answered: " + "; ".join(lines))
        self.exit_code = cause.exit_code if cause else 10
        self.cause = cause
        self.sources = list(sources)


@dataclass
class Session:
    """What click hands to every verb; ``proxtui.core.verbs.CommandLine`` for those of the rooms."""

    flags: Mapping[str, Any] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @property
    def output(self) -> Output:
        from proxtui.cli.output import Output

        return Output(ascii_only=bool(self.flags.get("ascii")))

    def configuration(self, *, for_dashboard: bool = False) -> Config | None:
        """What environment and flags say, or None when they name no server. Sets the log up on the way."""
        from proxtui.cli.redact import redact
        from proxtui.config.environment import ConnectionFlags, from_environment

        self.start_log(to_stderr=not for_dashboard)
        redact.hide(self.environ.get("PROXMOX_PASSWORD"), self.environ.get("PROXMOX_TOKEN_SECRET"))
        said: dict[str, Any] = {name: self.flags[name] for name in CONNECTION_FLAGS if self.flags.get(name)}
        overrides = ConnectionFlags(**said)
        config = from_environment(self.environ, overrides=overrides)
        return None if config is None else self.with_looks(config)

    def start_log(self, *, to_stderr: bool) -> None:
        """Begin logging as PROXTUI_LOG and ``--debug`` say."""
        from proxtui.cli import log

        log.configure(self.environ.get("PROXTUI_LOG", ""), debug=bool(self.flags.get("debug")), to_stderr=to_stderr)

    def with_looks(self, config: Config) -> Config:
        """The configuration with ``--ascii``, ``--read-only`` and PROXTUI_READ_ONLY in it."""
        from proxtui.config.environment import wants_read_only

        said = {name: True for name in ("ascii", "read_only") if self.flags.get(name)}
        if wants_read_only(self.environ):
            said["read_only"] = True
        return config.model_copy(update={"settings": config.settings.model_copy(update=said)}) if said else config

    def read(self, work: Callable[[Runtime, Fleet], Awaitable[T]]) -> T:
        """Poll every server once, read-only, and give ``work`` what was found."""
        import asyncio

        from proxtui.cli.ask import with_passwords

        config = self.configuration()
        if config is None:
            raise NotConfigured("no server is configured: set PROXMOX_HOST and a token (see proxtui --help)")
        return asyncio.run(_read(with_passwords(config), work))

    def table(self, columns: Sequence[Column[R]], rows: Callable[[Fleet], Sequence[R]], options: TableOptions) -> None:
        """See ``CommandLine.table``."""
        from proxtui.core.verbs import Found

        async def read(runtime: Runtime) -> Found[R]:
            return Found(rows(runtime.store.fleet()))

        self.listing(columns, read, options)

    def listing(
        self, columns: Sequence[Column[R]], read: Callable[[Runtime], Awaitable[Found[R]]], options: TableOptions
    ) -> None:
        """See ``CommandLine.listing``."""
        from proxtui.cli.output import Selection, json_rows, json_sources, narrate

        async def work(runtime: Runtime, fleet: Fleet) -> tuple[Found[R], Fleet]:
            _refuse_silence(runtime, fleet)
            return await read(runtime), fleet

        selection = Selection.of(columns, options)
        answer, fleet = self.read(work)
        found = selection.rows(answer.rows)
        _name_failures(fleet)
        for note in answer.notes:
            narrate(note)
        if options.as_json:
            self.output.json({"rows": json_rows(selection.columns, found), "sources": json_sources(fleet)})
        else:
            self.output.table(selection.columns, found)

    def details(self, read: Callable[[Runtime], Awaitable[Details]], *, as_json: bool) -> None:
        """See ``CommandLine.details``."""
        from proxtui.cli.output import json_sources, narrate

        async def work(runtime: Runtime, fleet: Fleet) -> tuple[Details, Fleet]:
            _refuse_silence(runtime, fleet)
            return await read(runtime), fleet

        details, fleet = self.read(work)
        _name_failures(fleet)
        for note in details.notes:
            narrate(note)
        if as_json:
            self.output.json({"rows": [dict(details.row)], "sources": json_sources(fleet)})
        else:
            self.output.details(details)


async def _read(config: Config, work: Callable[[Runtime, Fleet], Awaitable[T]]) -> T:
    from proxtui.cli import ask
    from proxtui.wiring import open_runtime

    async with open_runtime(config, read_only=True, ask_totp=ask.for_totp) as runtime:
        await runtime.poller.poll_once()
        return await work(runtime, runtime.store.fleet())


def _refuse_silence(runtime: Runtime, fleet: Fleet) -> None:
    """Raise NothingAnswered unless at least one server has rows."""
    from proxtui.cli.output import json_sources

    if any(snapshot.taken_at is not None for snapshot in fleet.snapshots):
        return
    causes = (runtime.store.failure(snapshot.ref) for snapshot in fleet.snapshots)
    raise NothingAnswered(next((cause for cause in causes if cause), None), json_sources(fleet))


def _name_failures(fleet: Fleet) -> None:
    from proxtui.cli.output import narrate

    for snapshot in fleet.snapshots:
        if snapshot.error:
            narrate(f"{snapshot.ref.tenant} / {snapshot.ref.server}: {snapshot.error}")


def terminal_problem(environ: Mapping[str, str]) -> str | None:
    """Why the dashboard cannot be shown here, or None."""
    instead = "for scripts there are `proxtui status --once` and `proxtui guests list --json`"
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        return f"the dashboard needs a terminal on stdin, stdout and stderr; {instead}"
    if environ.get("TERM", "") in ("dumb", "unknown"):
        return f"the dashboard cannot be drawn on TERM={environ['TERM']}; {instead}"
    return None
