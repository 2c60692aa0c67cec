"""The second opinion on a server: every stage from the name to the quorum measured apart, and where it breaks."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

import httpx

from proxtui.errors import InvalidInput, PermissionDenied, ProxtuiError, TunnelError
from proxtui.pve import verdicts
from proxtui.pve.client import ProxmoxClient
from proxtui.pve.cluster import ClusterTools
from proxtui.pve.connections import Way
from proxtui.pve.failures import causes, tls_line
from proxtui.pve.models import ClusterStatus
from proxtui.pve.probes import (
    Address,
    Network,
    NoHttp,
    Secured,
    TunnelNetwork,
    first_answer,
    knock,
    secured,
    since,
)
from proxtui.pve.sanitize import clean
from proxtui.pve.settings import ProxmoxConfig
from proxtui.pve.stages import SECONDS, SSH_STAGES, STAGES, Broken, Diagnosis, Stage, StageName
from proxtui.pve.tls import blind_context, certificate_info, context_for

MOST_NODES = 32
"""Nodes that are asked each for itself."""


class Seen(NamedTuple):
    """A stage went well."""

    line: str
    ms: float | None = None
    """Where the stage as a whole took longer than what it measures."""
    skipped: bool = False


async def diagnose(  # noqa: PLR0913  most of them are for tests
    config: ProxmoxConfig,
    *,
    seconds: Mapping[StageName, float] = SECONDS,
    no_login: str = "",
    tell: Callable[[Stage], None] | None = None,
    network: Network | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    now: Callable[[], float] = time.time,
    ask_totp: Callable[[str], Awaitable[str]] | None = None,
    look: Callable[[ProxmoxClient], Awaitable[None]] | None = None,
) -> Diagnosis:
    """Test one way to a server, stage by stage; ends at the first that fails and never raises for what it finds.

    ``GET /access/ticket`` without a login, then the login (``POST /access/ticket`` for a password), ``/version``,
    ``/cluster/status`` and ``/nodes/{node}/version`` of the others. A certificate that is not trusted gets no byte.
    A refused login is not tried twice. ``no_login`` is a reason to stop before the login: nothing secret is sent.
    ``tell`` hears of each stage as it ends. ``network`` and ``transport`` are another way than this machine's own,
    for the part before the login and for the rest. ``ask_totp`` gives the second factor of a password. ``look`` gets
    the client once it is let in, to see more; it must not raise. A ``TunnelNetwork`` leads through jump
    hosts; its tunnel stays open.
    """
    test = _Examination(config, seconds, no_login, tell, network or Network(), transport, now)
    test.ask_totp, test.look = ask_totp, look
    return await test.run()


class _Examination:
    """One run; knows what the stages so far have found."""

    def __init__(
        self,
        config: ProxmoxConfig,
        seconds: Mapping[StageName, float],
        no_login: str,
        tell: Callable[[Stage], None] | None,
        network: Network,
        transport: httpx.AsyncBaseTransport | None,
        now: Callable[[], float],
    ) -> None:
        self._config = config
        self._seconds = {**SECONDS, **seconds}
        self._no_login = no_login
        self._tell = tell
        self._network = network
        self._transport = transport
        self._now = now
        self.ask_totp: Callable[[str], Awaitable[str]] | None = None
        self.look: Callable[[ProxmoxClient], Awaitable[None]] | None = None
        self._tunnel = network.tunnel if isinstance(network, TunnelNetwork) else None
        self._stages: list[Stage] = []
        self._addresses: list[Address] = []
        self._way: Address | None = None
        self._line: Secured | None = None
        self._status: ClusterStatus | None = None
        self._found = Diagnosis(endpoint=config.endpoint, stages=(), verdict="ok", advice=verdicts.FINE)

    async def run(self) -> Diagnosis:
        try:
            if self._tunnel is not None:
                await self._stage("ssh", self._pass_jump_hosts)
            await self._stage("resolve", self._resolve)
            await self._stage("connect", self._connect)
            await self._secure_and_ask()
            if self._no_login:
                raise Broken("login", self._no_login, "Correct the login first, then test again.")
            if not _has_login(self._config):
                why = "there is no token and no password to try"
                raise Broken("login", why, "Give this server an API token, or a user and a password.")
            async with self._client() as client:
                await self._stage("login", lambda: self._log_in(client))
                if self.look is not None:
                    await self.look(client)
                await self._stage("cluster", lambda: self._look_at_cluster(client))
                await self._stage("nodes", lambda: self._look_at_nodes(client))
        except Broken as broken:
            self._learn(verdict=broken.verdict, advice=broken.advice)
            self._skip_the_rest(str(broken))
        moment = datetime.fromtimestamp(self._now(), UTC)
        found = self._found
        reached = found.addresses if self._way is not None else ()
        more = verdicts.warnings_about(
            found.certificate if found.is_trusted else None, moment, found.clock_skew, reached
        )
        return replace(found, stages=tuple(self._stages), warnings=(*found.warnings, *more))

    async def _stage(self, name: StageName, work: Callable[[], Awaitable[Seen]]) -> None:
        """Run one within its time and note how it went."""
        started = time.perf_counter()
        try:
            # Those who ask several at once keep the time of each, to tell which of them was late.
            async with asyncio.timeout(None if name in ("connect", "nodes") else self._seconds[name]):
                seen = await work()
        except TimeoutError:
            broken = self._too_late(name)
        except Broken as error:
            broken = error
        else:
            ms = since(started) if seen.ms is None else seen.ms
            self._note(Stage(name, "skipped" if seen.skipped else "ok", None if seen.skipped else ms, seen.line))
            return
        self._note(Stage(name, "failed", since(started), str(broken)))
        raise broken

    def _too_late(self, name: StageName) -> Broken:
        late = f"no answer within {self._seconds[name]:g} s"
        if name == "ssh" and self._tunnel is not None:
            first = self._tunnel.hops[0].label
            return verdicts.no_way_through(TunnelError(f"{late} by the jump hosts", hop=first, kind="route"))
        if name == "resolve":
            return verdicts.unknown_name(self._config.host, late)
        if name == "tls":
            return verdicts.no_handshake(tls_line(self._config.endpoint, [TimeoutError()]))
        if name == "answer":
            return verdicts.silent_proxy(late)
        return Broken("node", late, "Look at `systemctl status pvedaemon pve-cluster` on the node: its proxy answers.")

    def _note(self, stage: Stage) -> None:
        self._stages.append(stage)
        if self._tell is not None:
            self._tell(stage)

    def _learn(self, **known: Any) -> None:
        self._found = replace(self._found, **known)

    def _skip_the_rest(self, why: str) -> None:
        done = {stage.name for stage in self._stages}
        said = "not reached" if any(stage.state == "failed" for stage in self._stages) else why
        for name in STAGES if self._tunnel is None else SSH_STAGES:
            if name not in done:
                self._note(Stage(name, "skipped", None, said))

    async def _pass_jump_hosts(self) -> Seen:
        assert self._tunnel is not None  # noqa: S101  the stage is tried only then
        try:
            await self._tunnel.stand()
        except TunnelError as error:
            raise verdicts.no_way_through(error) from error
        return Seen("through " + ", ".join(hop.label for hop in self._tunnel.hops))

    async def _resolve(self) -> Seen:
        host = self._config.host
        try:
            self._addresses = list(await self._network.resolve(host, self._config.port))
        except socket.gaierror as error:
            raise verdicts.unknown_name(host, clean(error.strerror or "the name does not resolve")) from error
        except (OSError, UnicodeError) as error:
            raise verdicts.unknown_name(host, "the name does not resolve") from error
        if self._tunnel is not None:
            return Seen(f"{self._tunnel.hops[-1].label} resolves it", skipped=True)
        if not self._addresses:
            raise verdicts.unknown_name(host, "the name has no address")
        return Seen(", ".join(address.text for address in self._addresses))

    async def _connect(self) -> Seen:
        tries = await knock(self._network, self._addresses, self._seconds["connect"])
        self._learn(addresses=tuple(tries.values()))
        self._way = next((address for address, one in tries.items() if not one.problem), None)
        if self._way is None:
            raise verdicts.no_route(self._config, list(tries.values()))
        of = f" ({sum(not one.problem for one in tries.values())} of {len(tries)} addresses)" if len(tries) > 1 else ""
        return Seen(f"{self._way.text}{of}", tries[self._way].ms)

    async def _secure_and_ask(self) -> None:
        """Handshake and first answer, on one connection that never carries a secret."""
        async with AsyncExitStack() as stack:
            await self._stage("tls", lambda: self._shake_hands(stack))
            await self._stage("answer", self._ask)

    async def _shake_hands(self, stack: AsyncExitStack) -> Seen:
        config = self._config
        assert self._way is not None  # noqa: S101  the stage before found one
        try:
            context = context_for(config)
            self._line = await stack.enter_async_context(secured(self._network, self._way, context, config.host))
        except InvalidInput as error:
            raise Broken("tls", str(error), "Correct what is configured for this server.") from error
        except ssl.SSLCertVerificationError as error:
            await self._see_certificate()
            raise verdicts.distrusted(error, self._found.certificate, config) from error
        except OSError as error:
            raise verdicts.no_handshake(tls_line(config.endpoint, list(causes(error)))) from error
        self._learn(certificate=certificate_info(self._line.der))
        if config.trust == "off":
            self._learn(warnings=("the certificate is not checked at all",))
            return Seen(f"{self._line.protocol}, certificate not checked", self._line.ms)
        self._learn(is_trusted=True)
        how = {"fingerprint": "by its fingerprint", "ca": "by its CA"}.get(config.trust, "by this system")
        return Seen(f"{self._line.protocol}, certificate trusted {how}", self._line.ms)

    async def _see_certificate(self) -> None:
        """The one that was refused, on a connection of its own that carries nothing."""
        assert self._way is not None  # noqa: S101  somebody shook hands with it just now
        self._learn(is_trusted=False)
        try:
            async with secured(self._network, self._way, blind_context(), self._config.host) as line:
                self._learn(certificate=certificate_info(line.der))
        except OSError:
            # It was there a moment ago; the verdict is the same without it.
            return

    async def _ask(self) -> Seen:
        assert self._line is not None  # noqa: S101  the stage before made it
        try:
            answer = await first_answer(self._line, self._config)
        except NoHttp as error:
            raise verdicts.silent_proxy(str(error)) from error
        except OSError as error:
            raise verdicts.silent_proxy("closed the connection without an answer") from error
        if answer.date is not None:
            self._learn(clock_skew=round(answer.date - self._now(), 1))
        return Seen(verdicts.judge_answer(answer), answer.ms)

    def _backend(self) -> Way | None:
        if self._tunnel is None:
            return None
        from proxtui.pve.ssh.backend import TunnelBackend

        return TunnelBackend(self._tunnel)

    def _client(self) -> ProxmoxClient:
        # Its own deadline is the later one: the stage tells better what was late.
        longest = max(self._seconds[name] for name in ("login", "cluster", "nodes"))
        config = replace(self._config, timeout=int(longest * 1000) + 1000)
        return ProxmoxClient(
            config, read_only=True, transport=self._transport, backend=self._backend(), ask_totp=self.ask_totp
        )

    async def _log_in(self, client: ProxmoxClient) -> Seen:
        started = time.perf_counter()
        try:
            if self._config.full_token_id is None:
                await client.authenticate()
            spent = since(started)
            version = await ClusterTools(client).version()
        except ProxtuiError as error:
            raise verdicts.not_let_in(error) from error
        self._learn(version=version.version)
        who = self._config.full_token_id or self._config.userid
        return Seen(f"{who}, PVE {version.version}", spent if self._config.full_token_id is None else None)

    async def _look_at_cluster(self, client: ProxmoxClient) -> Seen:
        try:
            self._status = status = await ClusterTools(client).status()
        except PermissionDenied as error:
            return Seen(f"not told: {error.reason}", skipped=True)
        except ProxtuiError as error:
            raise verdicts.not_served(error) from error
        online = sum(member.online is not False for member in status.nodes)
        here = next((member.name for member in status.nodes if member.local), None)
        self._learn(node=here, nodes=len(status.nodes), nodes_online=online, quorate=status.quorate)
        if status.quorate is False:
            raise verdicts.no_quorum(online, len(status.nodes))
        through = f", through {here}" if here else ""
        if status.name is None:
            return Seen(f"one node without a cluster{through}")
        return Seen(f"cluster {status.name}, {online} of {len(status.nodes)} nodes online{through}")

    async def _look_at_nodes(self, client: ProxmoxClient) -> Seen:
        if self._status is None:
            return Seen("not known", skipped=True)
        others = [member for member in self._status.nodes if not member.local]
        if not others:
            return Seen("there are no others", skipped=True)
        asked = [member.name for member in others if member.online is not False][:MOST_NODES]
        lines = [f"{member.name} is offline" for member in others if member.online is False]
        milliseconds = max(1, int(self._seconds["nodes"] * 1000))

        async def one(name: str) -> str | None:
            try:
                await client.get(f"/nodes/{name}/version", timeout=milliseconds)
            except ProxtuiError as error:
                return f"{name}: {error}"
            return None

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(name)) for name in asked]
        lines += [line for task in tasks if (line := task.result())]
        if lines:
            raise verdicts.nodes_missing(lines)
        return Seen(f"{', '.join(asked)} answer through it")


def _has_login(config: ProxmoxConfig) -> bool:
    if config.token_id is not None:
        return config.token_secret is not None
    return bool(config.userid and config.password)
