"""What the tools of VMs and of containers have in common: PVE gives both the same calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar, cast

import msgspec

from proxtui.pve.asking import Asker
from proxtui.pve.fields import JSON, Row, object_of, objects, rows_of
from proxtui.pve.guest_readers import firewall_of, is_change, pending_of, snapshots_of
from proxtui.pve.listing import Listing, node_sources, read_listing
from proxtui.pve.models import Guest
from proxtui.pve.models_guest import FirewallState, GuestSnapshot, PendingChange
from proxtui.pve.paths import path
from proxtui.pve.readers import guest_of
from proxtui.pve.resources import PATH, decode_resources
from proxtui.pve.rrd import RrdSeries, read_rrd
from proxtui.pve.validators import InputValidator

G = TypeVar("G", bound=Guest)


class GuestTools(Generic[G]):
    """Asks for guests of one kind. Arguments are checked before anything is sent (``InvalidInput``)."""

    def __init__(self, client: Asker, kind: type[G]) -> None:
        self._client = client
        self._kind = kind

    async def list_snapshots(self, node: str, vmid: int) -> Listing[GuestSnapshot]:
        """``GET /nodes/{node}/{kind}/{vmid}/snapshot``, oldest first; needs VM.Audit on ``/vms/{vmid}``.

        PVE's pseudo snapshot ``current`` is left out; the one it stands on has ``is_current``. Empty: there is none.
        """
        where = self._path(node, vmid, "snapshot")
        return snapshots_of(await self._client.get(where), where)

    async def get_pending(self, node: str, vmid: int) -> Listing[PendingChange]:
        """``GET /nodes/{node}/{kind}/{vmid}/pending``, by key: only what will change.

        Needs VM.Audit on ``/vms/{vmid}``.
        """
        where = self._path(node, vmid, "pending")
        lines = read_listing(await self._client.get(where), where, pending_of, lambda change: change.key)
        return Listing(tuple(change for change in lines if is_change(change)), invalid=lines.invalid)

    async def get_firewall_state(self, node: str, vmid: int) -> FirewallState:
        """``GET .../firewall/options`` and ``.../firewall/rules`` of a guest; needs VM.Audit on ``/vms/{vmid}``."""
        options = self._path(node, vmid, "firewall", "options")
        rules = self._path(node, vmid, "firewall", "rules")
        found = Row(object_of(await self._client.get(options), options))
        return firewall_of(found, list(objects(rows_of(await self._client.get(rules), rules))))

    async def _list(self) -> Listing[G]:
        inventory = decode_resources(await self._client.read(PATH))
        rows = tuple(guest for guest in inventory.guests if isinstance(guest, self._kind))
        sources = node_sources(inventory.nodes, (guest.node for guest in rows))
        return Listing(rows, sources, inventory.invalid)

    async def _status(self, node: str, vmid: int) -> G:
        where = self._path(node, vmid, "status", "current")
        return status_of(object_of(await self._client.get(where), where), self._kind, node, vmid)

    async def _config(self, node: str, vmid: int) -> dict[str, JSON]:
        where = self._path(node, vmid, "config")
        return object_of(await self._client.get(where), where)

    async def _rrd(self, node: str, vmid: int, timeframe: str, cf: str) -> RrdSeries:
        return await read_rrd(self._client, self._path(node, vmid), timeframe, cf)

    def _path(self, node: str, vmid: int, *rest: str) -> str:
        checked = InputValidator.check_node_name(node), InputValidator.check_vmid(vmid)
        return path("nodes", checked[0], self._kind.type, checked[1], *rest)


def status_of(fields: Mapping[str, Any], kind: type[G], node: str, vmid: int) -> G:
    """A guest out of its own ``status/current``, which leaves out what its path already says."""
    guest = guest_of(Row({**fields, "vmid": vmid}), kind, node)
    ha = Row(fields).part("ha")
    # Here PVE names a template only when it is one, and knows nothing of pools.
    known = msgspec.structs.replace(
        cast(G, guest), template=Row(fields).flag("template") or False, hastate=ha.text("state")
    )
    return known
