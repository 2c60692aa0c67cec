"""The parts of a connectivity test and what they found, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from proxtui.errors import ProxtuiError
from proxtui.pve.tls import CertificateInfo

StageName = Literal["ssh", "resolve", "connect", "tls", "answer", "login", "cluster", "nodes"]
State = Literal["ok", "failed", "skipped"]
Verdict = Literal["ok", "ssh", "name", "route", "tls", "proxy", "login", "node", "quorum"]

STAGES: tuple[StageName, ...] = ("resolve", "connect", "tls", "answer", "login", "cluster", "nodes")
"""In the order in which they are tried."""
SSH_STAGES: tuple[StageName, ...] = ("ssh", *STAGES)
"""The same where jump hosts lead to the server."""
SECONDS: Mapping[StageName, float] = MappingProxyType(
    {
        "ssh": 30.0,
        "resolve": 5.0,
        "connect": 3.0,
        "tls": 5.0,
        "answer": 10.0,
        "login": 15.0,
        "cluster": 10.0,
        "nodes": 10.0,
    }
)
"""How long each may take in total. PVE holds every refused login back for three seconds."""
EXIT_CODES: Mapping[Verdict, int] = MappingProxyType(
    {"ok": 0, "ssh": 10, "name": 10, "route": 10, "tls": 10, "proxy": 10, "login": 11, "node": 1, "quorum": 1}
)


@dataclass(frozen=True, slots=True)
class Stage:
    """How one part went."""

    name: StageName
    state: State
    ms: float | None
    """Milliseconds; None when it was not tried."""
    line: str
    """What was seen, in one clean line."""


@dataclass(frozen=True, slots=True)
class AddressTry:
    """One address that the name stands for, and whether anything listens there."""

    address: str
    version: Literal[4, 6]
    """Of the Internet Protocol."""
    ms: float | None
    """Milliseconds until the connection stood; None when it never did."""
    problem: str = ""
    """Why it did not; empty when it did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What the test of one way to a server found; what was not reached is None."""

    endpoint: str
    """``pve1:8006``."""
    stages: tuple[Stage, ...]
    """All of ``STAGES``, in their order; of ``SSH_STAGES`` behind jump hosts."""
    verdict: Verdict
    """``ok``, or where it broke: ssh, name, route, tls, proxy, login, node, quorum."""
    advice: str
    """One sentence: what to do."""
    addresses: tuple[AddressTry, ...] = ()
    certificate: CertificateInfo | None = None
    is_trusted: bool | None = None
    """False: nothing at all was sent. None: there was no handshake, or the configuration checks nothing."""
    clock_skew: float | None = None
    """Seconds by which the server's clock is ahead of ours."""
    version: str | None = None
    """PVE's, as in ``9.2.4``."""
    node: str | None = None
    """The node that answers."""
    nodes: int | None = None
    nodes_online: int | None = None
    quorate: bool | None = None
    """None also for a node without a cluster."""
    warnings: tuple[str, ...] = ()
    """What works but should be looked at, a line each."""

    @property
    def success(self) -> bool:
        """Whether every stage that could be tried went well."""
        return self.verdict == "ok"

    @property
    def exit_code(self) -> int:
        """As the command line exits: 10 for the network and TLS, 11 for the login, 1 for nodes and quorum."""
        return EXIT_CODES[self.verdict]

    @property
    def response_ms(self) -> float | None:
        """Milliseconds from the first request to the first byte of its answer."""
        return next((stage.ms for stage in self.stages if stage.name == "answer" and stage.state == "ok"), None)

    @property
    def error(self) -> str | None:
        """The line of the stage that failed."""
        return next((stage.line for stage in self.stages if stage.state == "failed"), None)


class Broken(ProxtuiError):
    """A stage failed: where that is, what was seen, what to do."""

    def __init__(self, verdict: Verdict, line: str, advice: str) -> None:
        super().__init__(line)
        self.verdict = verdict
        self.advice = advice
