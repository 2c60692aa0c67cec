"""What the form of an edit begins with, and what its empty fields mean. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from proxtui.config.server import JumpHost
    from proxtui.features.servers.live import LiveServer


def first_of(row: LiveServer, plain: Mapping[str, Any]) -> dict[str, Any]:
    """What stands in the form of an edit at first; no secrets."""
    server = row.server
    said = plain["tenants"][row.key.tenant]["servers"][row.key.server]
    first, *more = server.endpoints
    return {
        "name": server.name,
        "host": first.host,
        "port": first.port,
        "more_hosts": [one.label for one in more],
        "tailscale_hostname": server.tailscale_hostname,
        "use_tailscale": server.use_tailscale if server.tailscale_hostname else None,
        "jumps": [jump_text(one) for one in server.jumps],
        "is_active": server.is_active,
        "timeout_ms": said.get("timeout_ms"),
        "use_learned_timeout": server.use_learned_timeout,
    }


def jump_text(jump: JumpHost) -> str:
    """``ops@jump:22``."""
    return f"{jump.username}@{jump.label}" if jump.username else jump.label


def kept_of(row: LiveServer, plain: Mapping[str, Any]) -> dict[str, str]:
    """What stands in the empty fields of an edit: all that stays as it is, and secrets without what they are."""
    said = plain["tenants"][row.key.tenant]["servers"][row.key.server]
    kept = {}
    for part, prefix in (("credentials", ""), ("monitor", "monitor_")):
        held = said.get(part) or {}
        for name in ("token_id", "username"):
            if held.get(name):
                kept[prefix + name] = f"(kept: {held[name]})"
        for name in ("token_secret", "password"):
            if held.get(name):
                kept[prefix + name] = "(kept)"
    for name, count in (
        ("jump_host_keys", sum(len(one.host_keys) for one in row.server.jumps)),
        ("jump_key_files", sum(one.key_file is not None for one in row.server.jumps)),
    ):
        if count:
            kept[name] = f"(kept: {count})"
    trust = row.server.trust
    if trust.fingerprints:
        kept["fingerprints"] = f"(kept: {row.trust})"
    if trust.ca_file:
        kept["ca_file"] = f"(kept: {trust.ca_file})"
    return kept
