"""An encrypted configuration over a real simulator, for tests of the command line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from proxtui.config.vault import slots, unlocking
from proxtui.config.vault.edits import Put, add_server, add_tenant
from proxtui.config.vault.opened import OpenVault, Seat
from tests.cli.conftest import Simulator
from tests.config.vaults import CHEAP

PASSPHRASE = "correct horse battery"


def keyfile_in(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_bytes(os.urandom(32))
    path.chmod(0o600)
    return path


def usual_seat() -> Seat:
    """Where this user's configuration stands."""
    from proxtui.config.paths import config_file, state_folder

    return Seat(config_file(), state_folder())


def vault_over(
    simulator: Simulator, *, full: dict[str, str] | None = None, monitor: dict[str, str] | None = None
) -> OpenVault:
    """One tenant with one server: ``admin@pve`` may all, ``auditor@pve`` may look; opened by ``PASSPHRASE``."""
    said = simulator.server
    vault = unlocking.create(usual_seat(), "anna", slots.new_passphrase(PASSPHRASE), cost=CHEAP)
    credentials = full or {"token_id": said["token_id"], "token_secret": said["token_secret"]}
    more: dict[str, Any] = {} if monitor is None else {"monitor": monitor}
    trust = {"mode": "fingerprint", "fingerprints": [said["fingerprint"]]}
    vault.save(
        add_tenant("acme", "Acme"),
        add_server("acme", "prod", [f"{said['host']}:{said['port']}"], trust=trust, credentials=credentials, **more),
    )
    return vault


def with_key(vault: OpenVault, folder: Path, label: str, every: str) -> Path:
    """A keyfile that opens it, too."""
    path = keyfile_in(folder, label)
    vault.add_slot(label, slots.keyfile(path.read_bytes()), every=every)
    return path


__all__ = ["PASSPHRASE", "Put", "keyfile_in", "usual_seat", "vault_over", "with_key"]
