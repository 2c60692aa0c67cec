"""The view of servers: how they are, and everything that can be changed about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType

from proxtui.config.models import Place
from proxtui.core.model import Fleet, Scope, ServerRef
from proxtui.core.operation import Risk
from proxtui.features.servers import service
from proxtui.features.servers.editing import first_of, kept_of
from proxtui.features.servers.live import (
    COLUMNS,
    LiveServer,
    checked_facts,
    facts_of,
    fetched_lines,
    rows_of,
    trust_lines,
)
from proxtui.kit.facts import Fact
from proxtui.kit.prepared import Prepared
from proxtui.kit.questions import Question
from proxtui.kit.setup_view import Deed, SetupView, show_lines

if TYPE_CHECKING:
    from proxtui.core.registrar import Registrar
    from proxtui.core.runtime import Runtime
    from proxtui.features.servers.checking import Checked


LOOK_EVERY = 300.0
"""Seconds between two looks at every server in view, for its latency and its certificate."""


class ServersView(SetupView[LiveServer, "Checked"]):
    """All servers that the key opens, those that are switched off too."""

    NOUN = "server"
    SORT = "name"
    HELP_NAME: ClassVar[str] = "servers"
    GROUPS = ("tenant", "state", "path")
    DEEDS: ClassVar[tuple[Deed, ...]] = (
        Deed("servers.add", "Add", "a cluster or a standalone node", "a", "add", of_row=False),
        Deed("servers.update", "Edit", "addresses, login, time-out, second path", "e", "edit"),
        Deed("", "Test", "every way to it, stage by stage", "t", "test"),
        Deed("servers.update", "Trust", "see its certificates, and pin what they are now", "p", "trust"),
        Deed("servers.update", "Fetch", "the fingerprints of its other nodes, told by itself", "f", "fetch"),
        Deed("servers.update", "Switch off or on", "whether it is asked at all", "o", "switch"),
        Deed("servers.delete", "Delete", "forget it; its token stays good in PVE", "D", "delete", risk=Risk.DESTROYS),
    )
    BINDINGS: ClassVar[list[BindingType]] = [Binding("T", "deed(2)", "Test", id="test-server")]

    def __init__(self, runtime: Runtime, *, id: str | None = None) -> None:
        super().__init__(runtime, COLUMNS, id=id)
        self._checks: dict[ServerRef, Checked] = {}
        """What a look at each found last."""
        self._look_at = 0.0

    def rows_of(self, fleet: Fleet, scope: Scope) -> Sequence[LiveServer]:
        if self.registrar is not None:
            entries = service.listed(self.registrar)
        else:
            entries = [service.Entry(place, server) for place, server in self.runtime.config.servers()]
        rows = rows_of(entries, fleet, self._checks, self.runtime.clock.time())
        return [row for row in rows if scope.covers_server(row.key)]

    def tenant_of(self, row: LiveServer | None) -> str:
        return "" if row is None else row.key.tenant

    def label_of(self, row: LiveServer) -> str:
        return f"server {'/'.join(row.entry.place)}"

    def unavailable(self, deed: Deed, row: LiveServer | None) -> str | None:
        if deed.do == "test" and row is not None and Place(*row.key) not in dict(self.runtime.config.servers()):
            return row.entry.shut or "it is not in use yet"
        return None

    def name_of(self, row: LiveServer) -> str:
        return "/".join(row.key)

    def show(self, fleet: Fleet, scope: Scope) -> None:
        super().show(fleet, scope)
        # Not before it has its place on the screen.
        self.call_after_refresh(self._look_around)

    async def ask(self, row: LiveServer, previous: Checked | None) -> Checked | None:
        """A look at it, past the poller; once for each row that one stands on."""
        if row.key not in self._checks and row.entry.is_asked and not row.entry.shut and self.registrar is not None:
            await self._check(row)
        return self._checks.get(row.key)

    def tell(self, row: LiveServer, detail: Checked | None) -> None:
        known = [Fact(*fact) for fact in (*facts_of(row), *checked_facts(row))]
        learned = self.runtime.recording.learned.get(row.key) if self.runtime.recording is not None else None
        if learned is not None:
            used = "in use" if row.server.use_learned_timeout else "not used"
            known.append(Fact("Learned", f"a time-out of {learned} ms, {used}"))
        self.pane.tell(self.label_of(row), known, ())

    def _look_around(self) -> None:
        """Measure those that answer, one after the other; a login that was refused is not sent again for this."""
        now = self.runtime.clock.monotonic()
        if self.registrar is None or now < self._look_at or self.runtime.poller.paused or not self.is_on_screen:
            return
        rows: Sequence[Any] = self.table.rows.all
        well = [row for row in rows if row.state == "fresh" and not row.entry.shut]
        if well:
            self._look_at = now + LOOK_EVERY
            self.run_worker(self._looked_around(well), name="look around", group="look around", exclusive=True)

    async def _looked_around(self, rows: Sequence[LiveServer]) -> None:
        for row in rows:
            await self._check(row)

    async def _check(self, row: LiveServer) -> None:
        from proxtui.features.servers.checking import check

        self._checks[row.key] = await check(row.entry.place, row.server)
        if self.is_mounted:
            super().show(self.fleet, self.scope)

    # The deeds.

    async def add(self, _row: LiveServer | None) -> None:
        """Ask for everything, see the certificate where it is not trusted, test, and save."""
        from proxtui.features.servers.adding import add

        await add(self, self._mine(), self.scope.tenant or "")

    async def edit(self, row: LiveServer) -> None:
        """Change what is said of it."""
        from proxtui.features.servers.models import ServerChange

        registrar = self._mine()

        async def send(params: Any) -> str:
            made = await service.update(registrar, "/".join(row.key), params)
            return f"server {'/'.join(made.place)} is changed"

        prepared = Prepared(initial=first_of(row, registrar.vault.plain), kept=kept_of(row, registrar.vault.plain))
        await self.fill(f"edit {self.label_of(row)}", ServerChange, send, prepared)

    async def test(self, row: LiveServer) -> None:
        """The second opinion, stage by stage."""
        screen: Any = self.screen
        await screen.commands.run(f"test {'/'.join(row.key)}")

    async def trust(self, row: LiveServer) -> None:
        """Show what it shows now, and pin that on demand."""
        from proxtui.features.servers.trusting import look, pin

        seen = await look(row.server)
        lines = trust_lines(row, seen)
        new = [one.certificate.fingerprint for one in seen if one.certificate is not None and not one.is_pinned]
        if not new:
            await show_lines(self.app, f"trust of {self.label_of(row)}", lines)
            return
        lost = "Compare them with `pvenode cert info` on the nodes: whoever shows a pinned one gets the token."
        title = f"pin {len(new)} certificate{'' if len(new) == 1 else 's'} of {self.label_of(row)}?"
        if await self.confirmed(Question("trust", (title, *lines), lost)):
            await pin(self._mine(), "/".join(row.key), new, beside=True)
            self.tell_user(f"{self.label_of(row)}: pinned; what was pinned before still is")

    async def fetch(self, row: LiveServer) -> None:
        """Ask it for the certificates of its other nodes, and pin those that are new on demand."""
        from proxtui.features.servers.trusting import fetch, pin

        nodes = await fetch(row.entry.place, row.server)
        pinned = set(row.server.trust.fingerprints)
        new = {node: shown for node, shown in nodes.items() if shown not in pinned}
        lines = fetched_lines(nodes, pinned)
        if not new:
            await show_lines(self.app, f"nodes of {self.label_of(row)}", lines)
            return
        title = f"pin {len(new)} more certificate{'' if len(new) == 1 else 's'} of {self.label_of(row)}?"
        lost = "" if pinned else "From then on it is trusted by these alone."
        if await self.confirmed(Question("trust", (title, *lines), lost)):
            await pin(self._mine(), "/".join(row.key), list(new.values()), beside=True, nodes=len(nodes))
            self.tell_user(f"{self.label_of(row)}: pinned {', '.join(new)}")

    async def switch(self, row: LiveServer) -> None:
        """Ask it no more, or again."""
        is_on = row.server.is_active
        lines = (f"{'Switch off' if is_on else 'Switch on'} {self.label_of(row)}?",)
        lost = "It is asked nothing, and stands in the tree as off until it is switched on." if is_on else ""
        if await self.confirmed(Question("server", lines, lost)):
            await service.set_active(self._mine(), "/".join(row.key), not is_on)
            self.tell_user(f"{self.label_of(row)} is switched {'off' if is_on else 'on'}")

    async def delete(self, row: LiveServer) -> None:
        """Forget it."""
        lines = (f"Delete {self.label_of(row)} here?", "Nothing happens to the server itself.")
        lost = "Its token stays good in PVE until it is taken away there."
        if await self.confirmed(Question("delete a server", lines, lost, row.key.server, "its name")):
            await service.delete(self._mine(), "/".join(row.key))
            self.tell_user(f"{self.label_of(row)} is deleted")

    def _mine(self) -> Registrar:
        assert self.registrar is not None  # noqa: S101  a deed is refused without one
        return self.registrar
