"""``:test``: the second opinion on a server, shown stage by stage while it is made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static
from textual.worker import Worker

from proxtui.config.models import Config, Place
from proxtui.core.model import Scope, SourceState
from proxtui.errors import ProxtuiError, UsageError
from proxtui.features.connectivity.rows import VERDICT, StageRow, columns_for, rows_of
from proxtui.features.connectivity.service import Diagnose, Opinion, Path, chosen, examine, paths_of
from proxtui.kit.console import Console
from proxtui.kit.live_table import LiveTable

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime

KEYS = "r tests again   esc closes, also before the end"


async def second_opinion(console: Console, text: str) -> None:
    """Open the test of the server that ``text`` names; without a name that of the one in question."""
    config = console.runtime.config
    try:
        [(place, server)] = chosen(config, [text or _meant(console)])
        paths = paths_of(server)
    except ProxtuiError as error:
        raise UsageError(str(error)) from error
    await console.app.push_screen(SecondOpinion(place, paths))


def names(runtime: Runtime) -> list[str]:
    """What may follow ``:test``."""
    return ["/".join(place) for place, _ in runtime.config.servers()]


def _meant(console: Console) -> str:
    """The server in scope; else the first that is in trouble; else that under the cursor; else the only one."""
    scope, key = console.scope, console.here.key
    if scope.server:
        return f"{scope.tenant}/{scope.server}"
    for place in _in_trouble(console.runtime, scope):
        return "/".join(place)
    tenant, server = getattr(key, "tenant", ""), getattr(key, "server", "")
    if tenant and server:
        return f"{tenant}/{server}"
    return _only(console.runtime.config)


def _in_trouble(runtime: Runtime, scope: Scope) -> Iterator[tuple[str, str]]:
    for snapshot in runtime.store.fleet().snapshots:
        if scope.covers_server(snapshot.ref) and snapshot.state is not SourceState.FRESH:
            yield snapshot.ref


def _only(config: Config) -> str:
    known = config.servers()
    if len(known) != 1:
        raise UsageError("which server? :test TENANT/SERVER")
    return "/".join(known[0][0])


class SecondOpinion(ModalScreen[None]):
    """A table that grows while the stages end; the line under the cursor whole below it. Closing it ends the test."""

    HELP_NAME: ClassVar[str] = "second opinion"
    DEFAULT_CSS = """
    SecondOpinion { align: center middle; background: $background 60%; }
    SecondOpinion > Vertical { width: 96%; max-width: 140; height: 90%; border: round $primary; }
    SecondOpinion > Vertical { background: $background; padding: 0 1; }
    SecondOpinion LiveTable { height: 1fr; }
    SecondOpinion #opinion-line { height: auto; max-height: 8; width: 1fr; border-top: solid $panel; }
    SecondOpinion #opinion-keys { color: $foreground 70%; height: 1; }
    SecondOpinion #opinion-keys { width: 1fr; text-wrap: nowrap; text-overflow: ellipsis; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "again", "Test again"),
        Binding("escape,q", "dismiss", "Close"),
    ]

    def __init__(self, place: Place, paths: Sequence[Path], diagnose: Diagnose | None = None) -> None:
        super().__init__()
        self._place, self._paths, self._diagnose = place, paths, diagnose
        columns = columns_for([path.label for path in paths])
        self.table = LiveTable(columns, sort="", empty="", noun="stage")
        self._opinions: dict[str, Opinion] = {}
        self._worker: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            only = f" on {self._paths[0].label}" if len(self._paths) == 1 else ""
            frame.border_title = Content(f"second opinion: {'/'.join(self._place)}{only}")
            yield self.table
            yield Static(id="opinion-line", markup=False)
            yield Static(KEYS, id="opinion-keys", markup=False)

    def on_mount(self) -> None:
        self.set_focus(self.table)
        self._begin()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "again":
            return self._worker is None or self._worker.is_finished
        return super().check_action(action, parameters)

    def action_again(self) -> None:
        self._opinions.clear()
        self.table.set_rows([])
        self._begin()

    def _begin(self) -> None:
        self._worker = self.run_worker(self._examine(), name="examine", group="examine", exclusive=True)

    async def _examine(self) -> None:
        await examine(self._place, self._paths, self._heard, self._diagnose)
        self.refresh_bindings()

    def _heard(self, opinion: Opinion) -> None:
        """Follow the newest line, so that the end shows the verdict."""
        if not self.is_attached:
            return
        self._opinions[opinion.path] = opinion
        rows = rows_of(self._opinions.values())
        follows = self.table.rows.cursor >= self.table.shown - 1
        self.table.set_rows(rows)
        if follows:
            self.table.move(len(rows) - 1)

    def on_live_table_highlighted(self, event: LiveTable.Highlighted) -> None:
        event.stop()
        self._tell()

    def _tell(self) -> None:
        row = self.table.cursor_row
        if isinstance(row, StageRow):
            lead = f"{row.stage} {row.state}" if row.stage == VERDICT else row.stage
            self.query_one("#opinion-line", Static).update(Content(f"{lead}: {row.line}"))
