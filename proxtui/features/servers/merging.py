"""Several nodes of one cluster, added one by one, become one server with several endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from proxtui.errors import UsageError
from proxtui.features.servers.checking import Diagnose, check_all, one_cluster
from proxtui.features.servers.service import Entry, found, made_of

if TYPE_CHECKING:
    from proxtui.config.vault.edits import Edit
    from proxtui.core.registrar import Registrar


async def merge(registrar: Registrar, into: str, *others: str, diagnose: Diagnose | None = None) -> Entry:
    """Give ``into`` the endpoints and fingerprints of the others, and take these away, in one save.

    All are asked first: UsageError unless each says that it is the same cluster. NotFoundError, and what
    ``Registrar.save`` raises. The token of ``into`` is kept; those of the others are still good in PVE.
    """
    from proxtui.config.vault.edits import Delete, Put

    first, *rest = entries = [found(registrar, name) for name in dict.fromkeys((into, *others))]
    if not rest:
        raise UsageError("merge needs two servers")
    if strange := [one.place for one in rest if one.place.tenant != first.place.tenant]:
        raise UsageError(f"{'/'.join(strange[0])} is of another tenant than {'/'.join(first.place)}")
    checks = await check_all([(one.place, one.server) for one in entries], diagnose)
    if silent := [one for one in checks if one.identity is None]:
        why = silent[0].error or "it does not tell its cluster"
        raise UsageError(f"{'/'.join(silent[0].place)} cannot be compared: {why}")
    groups = one_cluster(checks)
    if not groups or set(groups[0]) != {one.place for one in entries}:
        told = "; ".join(f"{'/'.join(one.place)}: {one.identity}" for one in checks)
        raise UsageError(f"not one cluster: {told}")
    tenant = first.place.tenant
    held = registrar.vault.plain["tenants"][tenant]["servers"]
    plain = _joined([held[one.place.server] for one in entries])
    made_of(tenant, first.place.server, plain)
    edits: list[Edit] = [Put(("tenants", tenant, "servers", first.place.server), plain)]
    edits += [Delete(("tenants", tenant, "servers", one.place.server)) for one in rest]
    about = {"merged": " ".join(one.place.server for one in rest)}
    await registrar.save("servers.merge", edits, tenant=tenant, server=first.place.server, about=about)
    return found(registrar, "/".join(first.place))


def _joined(servers: list[dict[str, Any]]) -> dict[str, Any]:
    plain = dict(servers[0])
    modes = {one.get("trust", {}).get("mode", "system") for one in servers}
    if len(modes) > 1:
        raise UsageError(f"they are trusted in different ways ({', '.join(sorted(modes))}): make that one first")
    seen: dict[tuple[str, int], dict[str, Any]] = {}
    for server in servers:
        for endpoint in server["endpoints"]:
            seen.setdefault((endpoint["host"], endpoint.get("port", 8006)), endpoint)
    plain["endpoints"] = list(seen.values())
    if modes == {"fingerprint"}:
        pins = dict.fromkeys(pin for server in servers for pin in server["trust"]["fingerprints"])
        plain["trust"] = plain["trust"] | {"fingerprints": list(pins)}
    return plain
