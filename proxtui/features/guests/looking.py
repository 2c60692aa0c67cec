"""What is asked of a server before a guest is changed: its configuration, snapshots, backups, the next free VMID."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from proxtui.core.model import GuestKey
from proxtui.core.operation import Kind, Target
from proxtui.errors import ProxtuiError

if TYPE_CHECKING:
    from proxtui.core.model import Snapshot
    from proxtui.core.runtime import Runtime
    from proxtui.pve.models import StorageContent
    from proxtui.pve.models_change import MigrationCheck
    from proxtui.pve.models_guest import GuestSnapshot, PendingChange

Words = Callable[[], Awaitable[Sequence[str]]]


class Look:
    """One look at one target. What is asked raises ``ProxtuiError``, unless it says otherwise."""

    def __init__(self, runtime: Runtime, target: Target) -> None:
        self.runtime = runtime
        self.target = target
        self.client = runtime.connection(target.ref).client

    @property
    def snapshot(self) -> Snapshot:
        """What is known of its server."""
        return self.runtime.store.snapshot(self.target.ref)

    @property
    def guest(self) -> Any:
        """The guest as the store knows it; None when it does not, or when the target is none."""
        key = self.target.key
        return self.snapshot.guests.get(key) if isinstance(key, GuestKey) else None

    @property
    def node(self) -> str:
        """Where it is, or is to be; empty for a cluster of which a node is still to be chosen."""
        return self.target.id if self.target.kind is Kind.NODE else self.target.node

    def tools(self) -> Any:
        """The library's tools for its kind."""
        from proxtui.pve.containers import ContainerTools
        from proxtui.pve.vms import VMTools

        return ContainerTools(self.client) if self.target.kind is Kind.LXC else VMTools(self.client)

    async def config(self) -> Mapping[str, Any]:
        """GET ``config``."""
        tools = self.tools()
        ask = tools.get_container_config if self.target.kind is Kind.LXC else tools.get_vm_config
        found: Mapping[str, Any] = await ask(self.target.node, self.target.vmid)
        return found

    async def pending(self) -> Sequence[PendingChange]:
        """GET ``pending``."""
        found: Sequence[PendingChange] = await self.tools().get_pending(self.target.node, self.target.vmid)
        return found

    async def snapshots(self) -> Sequence[GuestSnapshot]:
        """GET ``snapshot``."""
        found: Sequence[GuestSnapshot] = await self.tools().list_snapshots(self.target.node, self.target.vmid)
        return found

    async def check(self, target: str | None = None) -> MigrationCheck | None:
        """GET ``migrate``."""
        found: MigrationCheck | None = await self.tools().check_migration(self.target.node, self.target.vmid, target)
        return found

    async def next_id(self) -> int | None:
        """GET ``/cluster/nextid``; None when nobody tells: PVE finds one by itself then."""
        from proxtui.pve.cluster import ClusterTools

        try:
            return await ClusterTools(self.client).next_id()
        except ProxtuiError:
            return None

    def nodes(self) -> list[str]:
        """Those of its cluster that are online, without its own."""
        known = self.snapshot.nodes.items()
        return sorted(key.node for key, node in known if node.status == "online" and key.node != self.target.node)

    def storages(self, content: str, node: str = "") -> list[str]:
        """Those that hold this content, at a node or anywhere."""
        wanted = node or self.node
        known = self.snapshot.storages.items()
        found = {key.storage for key, one in known if content in one.content and wanted in ("", key.node)}
        return sorted(found)

    def pools(self) -> list[str]:
        """Pools that have guests."""
        return sorted({guest.pool for guest in self.snapshot.guests.values() if guest.pool})

    def volumes(self, content: str) -> Words:
        """How to find the names of ISO images, templates or backups: GET the contents of each storage that has them."""

        async def find() -> list[str]:
            return [one.volid for one in await self.contents(content)]

        return find

    async def contents(self, content: str) -> list[StorageContent]:
        """What lies on the storages of its node that we may see; of a guest its own. Raises nothing."""
        from proxtui.pve.storage import StorageTools

        node = self.node or next((key.node for key in self.snapshot.nodes), "")
        vmid = self.target.vmid if self.target.kind in (Kind.QEMU, Kind.LXC) else None
        found: list[StorageContent] = []
        for storage in self.storages(content, node):
            try:
                listing = await StorageTools(self.client).list_storage_content(node, storage, content)
            except ProxtuiError:
                # A suggestion less: the name can still be typed.
                continue
            found += [one for one in listing if vmid is None or one.vmid == vmid]
        return sorted(found, key=lambda one: (-(one.ctime or 0), one.volid))
