"""The running kernel: what the dashboard and every command get."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field

from proxtui.config.models import Config, Place, Server
from proxtui.core.acting import Acting
from proxtui.core.clock import Clock
from proxtui.core.connection import Connection
from proxtui.core.model import ServerRef
from proxtui.core.poller import Poller
from proxtui.core.store import Store

if TYPE_CHECKING:
    from proxtui.core.actor import Actor
    from proxtui.core.catalogue import Catalogue
    from proxtui.core.consoles import ConsoleDesk, ConsoleSession
    from proxtui.core.gate import Gate
    from proxtui.core.policy import Policy
    from proxtui.core.recording import Recording
    from proxtui.core.registrar import Registrar
    from proxtui.core.write_lock import WriteLock


class Runtime(Struct):
    """Built and closed by ``proxtui.wiring.open_runtime``."""

    config: Config
    store: Store
    poller: Poller
    clock: Clock
    read_only: bool
    """What the lock on the wire does; a view may grey a key out by it, and never decides."""
    acting: Acting
    """What changes need, built when first asked for."""
    connections: Mapping[ServerRef, Connection] = field(default_factory=dict)
    recording: Recording | None = None
    """How calls went; None where that is not kept."""

    @property
    def gate(self) -> Gate:
        """The one way in which anything is changed."""
        return self.acting.gate

    @property
    def consoles(self) -> ConsoleDesk:
        """The one way in which a console is opened."""
        return self.acting.consoles

    @property
    def open_consoles(self) -> tuple[ConsoleSession, ...]:
        """Those that are open, the oldest first."""
        return self.acting.open_consoles

    @property
    def registrar(self) -> Registrar | None:
        """The one way in which the configuration is changed; None when no file of ours is in use."""
        return self.acting.registrar

    @property
    def policy(self) -> Policy:
        """Who may change what."""
        return self.acting.policy

    @property
    def write_lock(self) -> WriteLock:
        """When changes may be sent."""
        return self.acting.write_lock

    @property
    def catalogue(self) -> Catalogue:
        """All changes that there are."""
        return self.acting.catalogue

    @property
    def actor(self) -> Actor:
        """Who sits here."""
        return self.acting.actor

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
