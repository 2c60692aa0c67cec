"""A vault of its own and the registrar over it, for the rooms that change the configuration."""

from __future__ import annotations

from pathlib import Path

from proxtui.config.vault import slots
from proxtui.config.vault.edits import add_tenant
from proxtui.config.vault.opened import OpenVault
from proxtui.core.actor import read_actor
from proxtui.core.journal import Phase
from proxtui.core.registrar import Registrar
from tests.config.vaults import ROOT_KEY, new_vault, opened, seat_in
from tests.core.gating import MemoryJournal

KEYS = {"ben": slots.keyfile(b"b" * 32), "otto": slots.keyfile(b"o" * 32)}
PIN = ":".join(["AB"] * 32)


class Desk:
    """``registrar`` is anna's, who made the vault; ``by`` gives the one of another key."""

    def __init__(self, folder: Path, *slugs: str) -> None:
        self.seat = seat_in(folder)
        self.journal = MemoryJournal()
        vault = new_vault(self.seat)
        if slugs:
            vault.save(*(add_tenant(slug, slug.title()) for slug in slugs))
        self.registrar = self._over(vault)

    def by(self, key: slots.Material = ROOT_KEY) -> Registrar:
        return self._over(opened(self.seat, key))

    def _over(self, vault: OpenVault) -> Registrar:
        actor = read_actor({}, opened_by=vault.slot.label)
        return Registrar(vault, self.journal, actor, {}, now=lambda: 1_000.0)

    @property
    def done(self) -> list[str]:
        """Names of the changes that were saved."""
        return [one.event for one in self.journal.entries if one.phase is Phase.OUTCOME and one.result == "ok"]

    @property
    def denied(self) -> list[str]:
        """Names of those that were refused."""
        return [one.event for one in self.journal.entries if one.result == "denied"]
