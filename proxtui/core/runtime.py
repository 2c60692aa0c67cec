"""The running kernel: what the dashboard and every command get."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from proxtui.config.models import Config, Place, Server
from proxtui.core.clock import Clock
from proxtui.core.connection import Connection
from proxtui.core.model import ServerRef
from proxtui.core.poller import Poller
from proxtui.core.store import Store


class Runtime(Struct):
    """Built and closed by ``proxtui.wiring.open_runtime``."""

    config: Config
    store: Store
    poller: Poller
    clock: Clock
    read_only: bool
    """What the lock on the wire does; a view may grey a key out by it, and never decides."""
    connections: Mapping[ServerRef, Connection] = field(default_factory=dict)

    def connection(self, ref: ServerRef) -> Connection:
        """The connection of a server. KeyError when there is no such server."""
        return self.connections[ref]

    def server_config(self, ref: ServerRef) -> Server:
        """What is configured about a server. KeyError when there is no such server."""
        return dict(self.config.servers())[Place(*ref)]

    @property
    def requests_sent(self) -> int:
        """Requests to all servers since the start, logins too."""
        return sum(connection.requests_sent for connection in self.connections.values())
