"""One call of the command line: its flags, the configuration they lead to, and reading the fleet once."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from proxtui.cli.registering import OLDER, Registering
from proxtui.errors import NotConfigured, UsageError

if TYPE_CHECKING:
    from proxtui.cli.listing import Report
    from proxtui.cli.output import Output
    from proxtui.config.models import Config
    from proxtui.config.vault.opened import OpenVault
    from proxtui.core.model import Fleet, ServerRef
    from proxtui.core.rows import Column, R
    from proxtui.core.runtime import Runtime
    from proxtui.core.survey import Finding
    from proxtui.core.verbs import Details, Found, TableOptions
    from proxtui.pve.client import ProxmoxClient

T = TypeVar("T")

NOTHING_CONFIGURED = (
    "no server is configured: set PROXMOX_HOST, PROXMOX_TOKEN_ID and PROXMOX_TOKEN_SECRET (`proxtui --help` lists "
    "all variables and flags), or make an encrypted file with `proxtui config init` and add a server with "
    "`proxtui servers add`, or see a simulated fleet with `proxtui demo`"
)
CONNECTION_FLAGS = ("host", "port", "username", "realm", "token_id", "fingerprint", "ca_file", "read_only")


@dataclass
class Session(Registering):
    """What click hands to every verb; ``proxtui.core.verbs.CommandLine`` for those of the rooms."""

    flags: Mapping[str, Any] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    vault: OpenVault | None = None
    """What was opened for the configuration; None when none was needed."""

    @property
    def monitor(self) -> bool:
        """Whether only to look, with read-only credentials, and without any question."""
        return bool(self.flags.get("monitor"))

    @property
    def output(self) -> Output:
        from proxtui.cli.output import Output

        return Output(ascii_only=bool(self.flags.get("ascii")))

    def configuration(self, *, for_dashboard: bool = False) -> Config | None:
        """What environment and flags say, else what the file holds; None when neither is there. Sets the log up."""
        from proxtui.cli.redact import redact
        from proxtui.config.environment import ConnectionFlags, from_environment

        self.start_log(to_stderr=not for_dashboard)
        redact.hide(self.environ.get("PROXMOX_PASSWORD"), self.environ.get("PROXMOX_TOKEN_SECRET"))
        said: dict[str, Any] = {name: self.flags[name] for name in CONNECTION_FLAGS if self.flags.get(name) is not None}
        overrides = ConnectionFlags(**said)
        config = from_environment(self.environ, overrides=overrides)
        config = config or self._opened(for_dashboard=for_dashboard)
        if config is None and self.monitor:
            from proxtui.config.paths import config_file

            raise NotConfigured(f"no configuration at {config_file()}, and no variable that names a server")
        return None if config is None else self.with_looks(config)

    def _opened(self, *, for_dashboard: bool) -> Config | None:
        """What the key opens of config.toml; None without a file. Raises what ``KeyOptions.open`` does."""
        from proxtui.config.paths import config_file

        # A link that leads nowhere is no missing file.
        if not os.path.lexists(config_file()):
            return None
        # Before the passphrase is asked for: it would be typed for nothing.
        if for_dashboard and (problem := terminal_problem(self.environ)):
            raise UsageError(problem)
        from proxtui.cli.config_keys import KeyOptions
        from proxtui.config.keyed import keyed, left_out

        key = KeyOptions.given({}, self.flags, self.environ)
        self.vault = vault = key.open(cure=OLDER, only_monitor=self.monitor)
        config = keyed(vault, self.environ)
        for line in left_out(vault):
            self.note(line)
        # Without a server the dashboard shows where one is added; a wall and --monitor could only stay empty.
        adds_one = for_dashboard and not self.monitor and not self.flags.get("wall")
        if not adds_one and not config.active_servers():
            adds = "`proxtui servers add` adds one"
            if self.monitor and config.servers() != vault.config.servers():
                adds = "`proxtui servers update --monitor-token-id` gives one a read-only token"
            raise NotConfigured(f"{config_file()} has no server that this key opens: {adds}")
        return config

    def start_log(self, *, to_stderr: bool) -> None:
        """Begin logging as PROXTUI_LOG and ``--debug`` say."""
        from proxtui.cli import log

        log.configure(self.environ.get("PROXTUI_LOG", ""), debug=bool(self.flags.get("debug")), to_stderr=to_stderr)

    def check_theme(self) -> None:
        """Raise UsageError when ``--theme`` names none; also before a command that shows no colours."""
        theme = self.flags.get("theme")
        if theme is None:
            return
        from proxtui.config.paths import themes_folder
        from proxtui.kit.theme import Looks

        if not theme:
            raise UsageError(f"--theme is empty; there are {', '.join(Looks.gather(themes_folder()).names)}")
        Looks.gather(themes_folder()).get(theme)

    def with_looks(self, config: Config) -> Config:
        """The configuration with ``--ascii``, ``--theme``, ``--read-only``, ``--sweep`` and their variables in it."""
        from proxtui.config.environment import wanted_sweep, wants_read_only

        said: dict[str, Any] = {name: True for name in ("ascii", "read_only") if self.flags.get(name)}
        if self.monitor:
            said["read_only"] = True
        if theme := self.flags.get("theme"):
            said["theme"] = theme
        if wants_read_only(self.environ):
            said["read_only"] = True
        if sweep := "all" if self.flags.get("sweep") else wanted_sweep(self.environ):
            said["sweep"] = sweep
        return config.with_settings(**said) if said else config

    def read(self, work: Callable[[Runtime, Fleet], Awaitable[T]]) -> T:
        """Poll every server once, read-only, and give ``work`` what was found."""
        import asyncio

        from proxtui.cli.ask import with_passwords

        config = self.configuration()
        if config is None:
            raise NotConfigured(NOTHING_CONFIGURED)
        return asyncio.run(_read(with_passwords(config), work))

    def look(self, work: Callable[[Runtime, Fleet], Awaitable[T]]) -> T:
        """See ``CommandLine.look``."""
        from proxtui.cli.sight import blind_spots

        async def seen(runtime: Runtime, fleet: Fleet) -> T:
            await blind_spots(runtime, fleet)
            return await work(runtime, runtime.store.fleet())

        return self.read(seen)

    def acting(self, work: Callable[[Runtime, Fleet], Awaitable[T]]) -> T:
        """See ``CommandLine.acting``."""
        import asyncio

        from proxtui.cli.ask import with_passwords
        from proxtui.cli.listing import refuse_silence

        config = self.configuration()
        if config is None:
            raise NotConfigured(NOTHING_CONFIGURED)

        async def answered(runtime: Runtime, fleet: Fleet) -> T:
            refuse_silence(runtime, fleet)
            return await work(runtime, fleet)

        return asyncio.run(_read(with_passwords(config), answered, read_only=False))

    def configured(self) -> Config:
        """See ``CommandLine.configured``."""
        from proxtui.cli import ask

        config = self.configuration()
        if config is None:
            raise NotConfigured(NOTHING_CONFIGURED)
        return ask.with_passwords(config) if ask.somebody_is_there() or self.monitor else config

    def table(self, columns: Sequence[Column[R]], rows: Callable[[Fleet], Sequence[R]], options: TableOptions) -> None:
        """See ``CommandLine.table``."""
        from proxtui.cli.listing import Report
        from proxtui.cli.sight import blind_spots
        from proxtui.cli.sources import json_sources, unseen

        async def report(runtime: Runtime) -> Report[R]:
            blind = await blind_spots(runtime, runtime.store.fleet())
            fleet = runtime.store.fleet()
            return Report(rows(fleet), json_sources(fleet, unseen(blind)))

        _list(self, columns, report, options)

    def listing(
        self, columns: Sequence[Column[R]], read: Callable[[Runtime], Awaitable[Found[R]]], options: TableOptions
    ) -> None:
        """See ``CommandLine.listing``."""
        from proxtui.cli.listing import NothingAnswered, Report
        from proxtui.cli.sources import Missing, json_sources

        async def report(runtime: Runtime) -> Report[R]:
            found = await read(runtime)
            told = {ref: Missing(gap.problems, gap.forbidden, True, gap.taken_at) for ref, gap in found.gaps.items()}
            if found.of is not None:
                told[found.of] = Missing(found.notes)
            lines = json_sources(runtime.store.fleet(), told)
            if found.failure is not None:
                raise NothingAnswered(found.failure, lines)
            return Report(found.rows, lines, () if found.of is not None else found.notes)

        _list(self, columns, report, options)

    def survey(
        self,
        columns: Sequence[Column[R]],
        ask: Callable[[ProxmoxClient], Awaitable[T]],
        rows: Callable[[Fleet, Mapping[ServerRef, Finding[T]]], Sequence[R]],
        options: TableOptions,
        problems: Callable[[T], Sequence[str]] | None = None,
    ) -> None:
        """See ``CommandLine.survey``."""
        from proxtui.cli.listing import Question, Report

        question = Question(ask, problems)

        async def report(runtime: Runtime) -> Report[R]:
            findings = await question.findings(runtime)
            fleet = runtime.store.fleet()
            return Report(rows(fleet, findings), question.sources(fleet, findings))

        _list(self, columns, report, options)

    def details(self, read: Callable[[Runtime], Awaitable[Details]], *, as_json: bool) -> None:
        """See ``CommandLine.details``."""
        from proxtui.cli.listing import refuse_silence
        from proxtui.cli.output import narrate
        from proxtui.cli.sight import blind_spots
        from proxtui.cli.sources import json_sources, noted

        async def work(runtime: Runtime, fleet: Fleet) -> tuple[Details, Fleet]:
            refuse_silence(runtime, fleet)
            await blind_spots(runtime, fleet)
            return await read(runtime), fleet

        details, fleet = self.read(work)
        _name_failures(fleet)
        for note in details.notes:
            narrate(note)
        if as_json:
            self.output.json({"rows": [dict(details.row)], "sources": json_sources(fleet, noted(details))})
        else:
            self.output.details(details)

    def local(self, columns: Sequence[Column[R]], read: Callable[[], Found[R]], options: TableOptions) -> None:
        """See ``CommandLine.local``."""
        import time

        from proxtui.cli.listing import Printer, Report

        self.start_log(to_stderr=True)
        printer = Printer(self.output, columns, options)

        def report() -> Report[R]:
            found = read()
            return Report(found.rows, (), found.notes)

        if options.watch is None:
            printer.once(report())
            return
        while True:
            printer.again(report())
            time.sleep(options.watch)

    def local_details(self, read: Callable[[], Details], *, as_json: bool) -> None:
        """See ``CommandLine.local_details``."""
        from proxtui.cli.output import narrate

        self.start_log(to_stderr=True)
        details = read()
        for note in details.notes:
            narrate(note)
        if as_json:
            self.output.json({"rows": [dict(details.row)], "sources": []})
        else:
            self.output.details(details)

    def say(self, value: Mapping[str, Any], lines: Sequence[str], *, as_json: bool) -> None:
        """See ``CommandLine.say``."""
        if as_json:
            self.output.json(value)
        else:
            for line in lines:
                self.output.text(line)

    def audit_keys(self) -> tuple[bytes, ...]:
        """See ``CommandLine.audit_keys``. What opening the configuration raises, where a key was named."""
        from proxtui.cli.config_keys import KeyOptions

        if self.vault is None:
            self.vault = KeyOptions.given({}, self.flags, self.environ).unasked(only_monitor=self.monitor)
        return self.vault.audit_keys if self.vault is not None else ()

    def note(self, message: str) -> None:
        """See ``CommandLine.note``."""
        from proxtui.cli.output import narrate

        narrate(message)


def _list(
    session: Session,
    columns: Sequence[Column[R]],
    report: Callable[[Runtime], Awaitable[Report[R]]],
    options: TableOptions,
) -> None:
    from proxtui.cli.listing import Printer, refuse_silence, watch

    printer = Printer(session.output, columns, options)

    async def once(runtime: Runtime, fleet: Fleet) -> None:
        refuse_silence(runtime, fleet)
        # Here, for at its end the runtime loads the database to write down its calls, and nobody should wait for that.
        printer.once(await report(runtime))
        sys.stdout.flush()

    async def forever(runtime: Runtime, fleet: Fleet) -> None:
        refuse_silence(runtime, fleet)
        await watch(runtime, report, printer, options.watch or 0)

    if options.watch is None:
        session.read(once)
    else:
        session.read(forever)


async def _read(config: Config, work: Callable[[Runtime, Fleet], Awaitable[T]], *, read_only: bool = True) -> T:
    from proxtui.cli import ask
    from proxtui.cli.output import narrate
    from proxtui.wiring import open_runtime

    async with open_runtime(config, read_only=read_only, ask_totp=ask.for_totp, record=True) as runtime:
        if runtime.recording is not None:
            runtime.recording.tell = narrate
            if runtime.recording.obedient:
                # What it was given is known before the first call.
                await runtime.recording.learn()
        await runtime.poller.poll_once()
        return await work(runtime, runtime.store.fleet())


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
