"""Following tasks to their real end: one list of the cluster's tasks per server and interval, for all of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from proxtui.core.clock import Clock, sleep_or_wake
from proxtui.core.connection import Connection
from proxtui.core.model import ServerRef
from proxtui.errors import ApiError, AuthenticationError, NetworkError, NodeUnreachable, NotFoundError, ProxtuiError

if TYPE_CHECKING:
    from proxtui.pve.models import Task
    from proxtui.pve.upid import Upid

log = logging.getLogger(__name__)

FIRST_LOOK = 0.5
"""Seconds after the answer; a task is in the list after a quarter of a second, most run longer than one."""
SHORTEST, LONGEST = 1.0, 4.0
"""Between two looks: while something is young, and when all of it runs long."""
LISTED_WITHIN = 2.0
"""Seconds after which a task that was never in the list is asked for by itself."""
FEW = 3
"""More that fell off the list at one node are looked for in that node's own list."""
LONGEST_BACK_OFF = 30.0
TIMES_UNKNOWN = 3
"""How often a node says that it knows no such task before it is believed."""

Doubt = Callable[[float | None], None]
"""Told since when (``Clock.time``) the server does not say how it goes, and None once it does again."""


@dataclass(slots=True, eq=False)
class _Followed:
    upid: Upid
    since: float
    doubt: Doubt
    end: asyncio.Future[Task | None]
    was_listed: bool = False
    not_found: int = 0
    times_asked: int = 0
    unknown_since: float | None = None

    def unsure(self, now: float) -> None:
        """Nobody told how it goes; ``now`` is ``Clock.time``."""
        self.unknown_since = self.unknown_since or now
        self.doubt(self.unknown_since)

    def conclude(self, task: Task) -> None:
        """Somebody told."""
        if self.unknown_since is not None:
            self.unknown_since = None
            self.doubt(None)
        if not task.running and not self.end.done():
            self.end.set_result(task)


@dataclass(slots=True)
class _Server:
    """What is followed on one server, and when to look next (``Clock.monotonic``)."""

    followed: list[_Followed] = field(default_factory=list)
    """Two changes may wait for one task."""
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    last_look: float = float("-inf")
    next_look: float = float("inf")
    failures: int = 0
    task: asyncio.Task[None] | None = None


class Follower:
    """Knows how every followed task ended. Only the truth ends a wait: an answer about the task, never a time."""

    def __init__(self, connections: Mapping[ServerRef, Connection], clock: Clock) -> None:
        self._connections = connections
        self._clock = clock
        self._servers: dict[ServerRef, _Server] = {}

    async def end_of(self, ref: ServerRef, upid: Upid, doubt: Doubt) -> Task | None:
        """The task once it has ended; None when its node knows no such task."""
        server = self._servers.setdefault(ref, _Server())
        now = self._clock.monotonic()
        one = _Followed(upid, now, doubt, asyncio.get_running_loop().create_future())
        server.followed.append(one)
        if server.failures == 0:
            server.next_look = min(server.next_look, max(server.last_look + SHORTEST, now + FIRST_LOOK))
        server.wake.set()
        if server.task is None or server.task.done():
            server.task = asyncio.create_task(self._watch(ref, server), name=f"tasks {ref.tenant}/{ref.server}")
            server.task.add_done_callback(lambda task: _spread(task, server))
        try:
            return await one.end
        finally:
            server.followed.remove(one)

    async def aclose(self) -> None:
        """Follow nothing any more; whoever waits is cancelled."""
        tasks = [server.task for server in self._servers.values() if server.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._servers.clear()

    async def _watch(self, ref: ServerRef, server: _Server) -> None:
        while server.followed:
            wait = server.next_look - self._clock.monotonic()
            if wait > 0:
                server.wake.clear()
                await sleep_or_wake(self._clock, wait, server.wake)
                continue
            server.last_look = self._clock.monotonic()
            try:
                await self._look(ref, server)
            except ProxtuiError as error:
                self._failed(ref, server, error)
            else:
                server.failures = 0
            server.next_look = self._clock.monotonic() + self._pause(server)

    async def _look(self, ref: ServerRef, server: _Server) -> None:
        from proxtui.pve.cluster import ClusterTools

        connection = self._connections[ref]
        now = self._clock.monotonic()
        allowed = await connection.choose(now)
        if not allowed and connection.allowed_at(now) is None:
            raise NetworkError("the login was refused: not asked again by itself", stage="connect")
        try:
            listed = {task.upid: task for task in await ClusterTools(connection.client).tasks()}
            fallen: list[_Followed] = []
            for one in list(server.followed):
                if (task := listed.get(one.upid)) is not None:
                    one.was_listed = True
                    one.conclude(task)
                elif one.was_listed or self._clock.monotonic() - one.since >= LISTED_WITHIN:
                    fallen.append(one)
            await self._ask_for(connection, fallen)
        except NetworkError as error:
            # While the breakers hold polls back for minutes, a change is still asked about: that must not prolong them.
            if allowed:
                connection.failed(error)
            raise
        connection.answered()

    async def _ask_for(self, connection: Connection, fallen: list[_Followed]) -> None:
        """Those that the cluster's list does not hold: only what runs and the last few that ended are in it."""
        by_node: dict[str, list[_Followed]] = {}
        for one in fallen:
            by_node.setdefault(one.upid.node, []).append(one)
        for node, missing in by_node.items():
            try:
                await _ask_node(connection, node, missing, self._clock.time())
            except ApiError as error:
                # One node that does not answer says nothing about the tasks of the others.
                log.info("%s/%s: tasks of %s stay unknown for now: %s", *connection.ref, node, error)
                for one in missing:
                    one.unsure(self._clock.time())

    def _failed(self, ref: ServerRef, server: _Server, error: ProxtuiError) -> None:
        log.info("%s/%s: tasks stay unknown for now: %s", *ref, error)
        server.failures += 1
        for one in server.followed:
            one.unsure(self._clock.time())

    def _pause(self, server: _Server) -> float:
        if server.failures:
            return float(min(LONGEST_BACK_OFF, SHORTEST * 2 ** min(server.failures, 10)))
        now = self._clock.monotonic()
        youngest = min((now - one.since for one in server.followed), default=0.0)
        # After 5 s each 1 s, after 20 s each 4 s: who waits long does not mind a little more.
        return min(LONGEST, max(SHORTEST, youngest / 5))


async def _ask_node(connection: Connection, node: str, missing: list[_Followed], now: float) -> None:
    """Few by the status of each, many by one list of the node. The rest has its turn with the next look."""
    if len(missing) > FEW:
        missing = await _ask_list(connection, node, missing)
    # Those that were asked least come first: tasks that this login may not see must not keep the others from it.
    for one in sorted(missing, key=lambda one: one.times_asked)[:FEW]:
        one.times_asked += 1
        try:
            await _ask_one(connection, one)
        except (NodeUnreachable, AuthenticationError):
            # The others would be told the same, more slowly.
            raise
        except ApiError as error:
            log.info("%s/%s: %s stays unknown for now: %s", *connection.ref, one.upid, error)
            one.unsure(now)


async def _ask_list(connection: Connection, node: str, missing: list[_Followed]) -> list[_Followed]:
    """``GET /nodes/{node}/tasks``; gives those that are not in it either."""
    from proxtui.pve.nodes import NodeTools
    from proxtui.pve.tasks import TaskQuery

    since = min(one.upid.starttime for one in missing)
    query = TaskQuery(source="all", since=since)
    listed = {task.upid: task for task in await NodeTools(connection.client).get_node_tasks(node, 1000, query)}
    for one in missing:
        if one.upid in listed:
            one.conclude(listed[one.upid])
    return [one for one in missing if one.upid not in listed]


async def _ask_one(connection: Connection, one: _Followed) -> None:
    from proxtui.pve.tasks import TaskTools

    try:
        task = await TaskTools(connection.client).get_task_status(one.upid)
    except NotFoundError:
        one.not_found += 1
        if one.not_found >= TIMES_UNKNOWN and not one.end.done():
            one.end.set_result(None)
    else:
        one.not_found = 0
        one.conclude(task)


def _spread(task: asyncio.Task[None], server: _Server) -> None:
    """Whoever waits hears of it when the watching is closed, or ends by a bug of ours."""
    if not task.cancelled() and task.exception() is None:
        return
    error = None if task.cancelled() else task.exception()
    for one in server.followed:
        if not one.end.done():
            one.end.cancel() if error is None else one.end.set_exception(error)
