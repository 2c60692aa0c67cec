"""What filter terms find in a guest, a node or a storage: the same in tables, in the tree and on the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from proxtui.core.learned import Learned, learned_field, learned_words
from proxtui.core.model import GuestKey, NodeKey, StorageKey
from proxtui.core.rows import Scalar
from proxtui.pve.models import Guest, ProxmoxNode, ProxmoxStorage

GUEST_FIELDS: Mapping[str, Callable[[GuestKey, Guest], Scalar]] = {
    "name": lambda key, guest: guest.name,
    "id": lambda key, guest: key.vmid,
    "vmid": lambda key, guest: key.vmid,
    "node": lambda key, guest: guest.node,
    "server": lambda key, guest: key.server,
    "tenant": lambda key, guest: key.tenant,
    "status": lambda key, guest: guest.status,
    "type": lambda key, guest: key.kind,
    "tag": lambda key, guest: list(guest.tags),
    "pool": lambda key, guest: guest.pool,
    "lock": lambda key, guest: guest.lock,
    "ha": lambda key, guest: guest.hastate,
    "template": lambda key, guest: guest.template,
    "cpu": lambda key, guest: guest.cpu,
    "mem": lambda key, guest: guest.mem,
    "disk": lambda key, guest: guest.disk,
    "uptime": lambda key, guest: guest.uptime,
    "maxcpu": lambda key, guest: guest.maxcpu,
    "maxmem": lambda key, guest: guest.maxmem,
    "maxdisk": lambda key, guest: guest.maxdisk,
}
NODE_FIELDS: Mapping[str, Callable[[NodeKey, ProxmoxNode], Scalar]] = {
    "name": lambda key, node: key.node,
    "node": lambda key, node: key.node,
    "server": lambda key, node: key.server,
    "tenant": lambda key, node: key.tenant,
    "status": lambda key, node: node.status,
    "type": lambda key, node: "node",
    "cpu": lambda key, node: node.cpu,
    "mem": lambda key, node: node.mem,
    "disk": lambda key, node: node.disk,
    "uptime": lambda key, node: node.uptime,
    "maxcpu": lambda key, node: node.maxcpu,
    "maxmem": lambda key, node: node.maxmem,
    "maxdisk": lambda key, node: node.maxdisk,
}
STORAGE_FIELDS: Mapping[str, Callable[[StorageKey, ProxmoxStorage], Scalar]] = {
    "name": lambda key, storage: key.storage,
    "storage": lambda key, storage: key.storage,
    "node": lambda key, storage: key.node,
    "server": lambda key, storage: key.server,
    "tenant": lambda key, storage: key.tenant,
    "status": lambda key, storage: storage.status,
    "type": lambda key, storage: "storage",
    "disk": lambda key, storage: storage.used,
    "maxdisk": lambda key, storage: storage.total,
}


def guest_field(key: GuestKey, guest: Guest, name: str, learned: Learned | None = None) -> Scalar:
    """``cpu`` is 0..1, sizes are bytes, uptime seconds; None is unknown, or a field that guests do not have."""
    read = GUEST_FIELDS.get(name)
    return read(key, guest) if read else learned_field(learned, name)


def node_field(key: NodeKey, node: ProxmoxNode, name: str) -> Scalar:
    """The same of a node."""
    read = NODE_FIELDS.get(name)
    return read(key, node) if read else None


def storage_field(key: StorageKey, storage: ProxmoxStorage, name: str) -> Scalar:
    """The same of a storage as one node sees it."""
    read = STORAGE_FIELDS.get(name)
    return read(key, storage) if read else None


def guest_haystack(key: GuestKey, guest: Guest, learned: Learned | None = None) -> str:
    """What plain filter words search in, lower-cased."""
    words = (str(key.vmid), guest.name or "", guest.node, key.server, key.tenant, *guest.tags, guest.pool or "")
    text = " ".join(words).lower()
    return text if learned is None else f"{text} {learned_words(learned)}"


def node_haystack(key: NodeKey) -> str:
    """The same of a node."""
    return f"{key.node} {key.server} {key.tenant}".lower()


def storage_haystack(key: StorageKey) -> str:
    """The same of a storage."""
    return f"{key.storage} {key.node} {key.server} {key.tenant}".lower()
