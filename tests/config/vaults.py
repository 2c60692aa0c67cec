"""Small vaults for tests: the cheapest derivation that is allowed, and keyfiles where that is enough."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from proxtui.config.vault import slots, unlocking
from proxtui.config.vault.crypto import Cost
from proxtui.config.vault.edits import add_server, add_tenant, add_user
from proxtui.config.vault.files import DISK, Disk
from proxtui.config.vault.opened import OpenVault, Seat
from proxtui.config.vault.sources import Sources

CHEAP = Cost(19_456, 1, 1)
ANNA = "correct horse battery"
ROOT_KEY = slots.keyfile(b"r" * 32)
WALL_KEY = slots.keyfile(b"w" * 32)
PIN = ":".join(["AB"] * 32)
FULL, READING = "full-secret-0001", "reading-secret-0002"


def seat_in(folder: Path, disk: Disk = DISK, wait: float = 5.0) -> Seat:
    return Seat(folder / "config" / "config.toml", folder / "state", disk, wait)


def new_vault(seat: Seat, material: slots.Material = ROOT_KEY) -> OpenVault:
    return unlocking.create(seat, "anna", material, cost=CHEAP)


def fill(vault: OpenVault, *slugs: str) -> OpenVault:
    """Two tenants with a server each, both with a token and a read-only token; and a user."""
    slugs = slugs or ("acme", "beta")
    for slug in slugs:
        vault.save(
            add_tenant(slug, slug.title()),
            add_server(
                slug, "prod", ["pve1.example.com:8006", "pve2.example.com:8006"],
                trust={"mode": "fingerprint", "fingerprints": [PIN]},
                credentials={"token_id": "root@pam!full", "token_secret": f"{slug}-{FULL}"},
                monitor={"token_id": "watch@pve!ro", "token_secret": f"{slug}-{READING}"},
            ),
        )  # fmt: skip
    vault.save(add_user("anna", "admin", dict(zip(slugs, ("admin", "viewer"), strict=False))))
    return vault


def by(material: slots.Material, folder: Path, **more: str) -> Sources:
    """Sources that give this, by a keyfile or by typing it."""
    if material.kind == "passphrase":
        return Sources(prompt=material.raw.decode, **more)
    path = folder / "test.key"
    path.write_bytes(material.raw)
    path.chmod(0o600)
    return Sources(keyfile=path, **more)


def opened(seat: Seat, material: slots.Material = ROOT_KEY, **more: str) -> OpenVault:
    return unlocking.unlock(seat, by(material, seat.path.parent, **more), pause=lambda _: None)


def shared(seat: Seat) -> OpenVault:
    """The same in one of several processes: none of them writes the key that ``by`` left for all."""
    return unlocking.unlock(seat, Sources(keyfile=seat.path.parent / "test.key"))


def configured(path: Path) -> dict[str, Any]:
    """All that stands in the file, but for where the audit ended: a row was written, nothing was configured."""
    found = tomllib.loads(path.read_text(encoding="utf-8"))
    found["data"].pop("noted", None)
    del found["proxtui"]["mac"]["file"]
    return found


def secrets_of(vault: OpenVault) -> dict[str, str | None]:
    """The usable secret of every server."""
    found = {}
    for place, server in vault.config.servers():
        secret = server.credentials.token_secret
        found[f"{place.tenant}/{place.server}"] = secret.get_secret_value() if secret else None
    return found
