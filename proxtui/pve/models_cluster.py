"""What PVE tells of the cluster as a whole: HA, replication, log, pools. Absent and null are None."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

_TOLD = re.compile(r"\((?P<state>[^,()]+)")


class HaEntry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One line of ``/cluster/ha/status/current``. Which fields are known depends on ``type``."""

    id: str
    """``quorum``, ``master``, ``lrm:pve1``, ``service:vm:100``, ``fencing`` (9.x)."""
    type: str
    """``quorum``, ``master``, ``lrm``, ``service`` or ``fencing`` (9.x)."""
    node: str | None = None
    """Where it is; of a service the node that it runs on."""
    status: str | None = None
    """PVE's own sentence, such as ``pve1 (active, Sun Nov 22 02:00:00 2026)``."""
    quorate: bool | None = None
    timestamp: int | None = None
    """When ``master`` and ``lrm`` last wrote their state; seconds since the epoch."""
    sid: str | None = None
    """``vm:100`` or ``ct:200``; only of services."""
    state: str | None = None
    """Of services: ``started``, ``stopped``, ``error``, ``fence``, ``migrate``, ``recovery``, ..."""
    crm_state: str | None = None
    request_state: str | None = None
    max_restart: int | None = None
    max_relocate: int | None = None
    failback: bool | None = None
    armed_state: str | None = None
    """9.x, of ``fencing``: ``armed``, ``standby``, ``disarming`` or ``disarmed``."""
    resource_mode: str | None = None

    @property
    def vmid(self) -> int | None:
        """The guest of a service."""
        return vmid_of_sid(self.sid)

    @property
    def condition(self) -> str | None:
        """The state in a word or two: a service's own, else what PVE's sentence has in brackets (``active``, ...)."""
        if self.state is not None:
            return self.state
        if self.status is None:
            return None
        found = _TOLD.search(self.status)
        return found["state"].strip() if found else self.status


class HaResource(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A guest that HA looks after, as configured (``/cluster/ha/resources``)."""

    sid: str
    """``vm:100`` or ``ct:200``."""
    type: str | None = None
    state: str | None = None
    """What is asked for: ``started``, ``stopped``, ``disabled`` or ``ignored``. None: PVE's default, ``started``."""
    group: str | None = None
    """8.x only; 9.x has rules instead."""
    max_restart: int | None = None
    max_relocate: int | None = None
    failback: bool | None = None
    comment: str | None = None

    @property
    def vmid(self) -> int | None:
        """The guest."""
        return vmid_of_sid(self.sid)


class HaRule(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Where HA may put guests: a rule of 9.x, or a group of 8.x in the same words."""

    rule: str
    type: str
    """``node-affinity``, ``resource-affinity``, or ``group`` for what 8.x calls a group."""
    resources: tuple[str, ...] = ()
    """``vm:100``, ... A group of 8.x does not tell them: its resources name the group."""
    nodes: tuple[str, ...] = ()
    """``pve1`` or, with a priority, ``pve1:2``."""
    strict: bool | None = None
    """Whether the guests may run nowhere else (8.x: ``restricted``)."""
    affinity: str | None = None
    """Of resources: ``positive`` (together) or ``negative`` (apart)."""
    enabled: bool = True
    comment: str | None = None


class ReplicationJob(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A replication job. ``/cluster/replication`` knows the job, the source node alone knows how it goes."""

    id: str
    """``100-0``: the guest and a number."""
    guest: int | None = None
    jobnum: int | None = None
    type: str | None = None
    source: str | None = None
    target: str | None = None
    schedule: str | None = None
    """A calendar event; None is PVE's default, every 15 minutes."""
    rate: float | None = None
    """MB per second; None is unlimited."""
    enabled: bool = True
    remove_job: str | None = None
    comment: str | None = None
    last_sync: int | None = None
    """Seconds since the epoch. None: never, or only the job is known (see ``state_known``)."""
    last_try: int | None = None
    next_sync: int | None = None
    duration: float | None = None
    """Seconds that the last one took."""
    fail_count: int | None = None
    error: str | None = None
    running: bool | None = None
    state_known: bool = False
    """Whether the node that replicates has been asked (``NodeTools.get_node_replication``)."""


class ClusterLogEntry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A line of ``/cluster/log``."""

    time: int | None
    """Seconds since the epoch."""
    node: str | None = None
    user: str | None = None
    tag: str | None = None
    """The program: ``pvedaemon``, ``pmxcfs``, ..."""
    pri: int | None = None
    """As syslog counts: 3 is an error, 4 a warning, 6 informational."""
    pid: int | None = None
    msg: str = ""
    uid: str | None = None
    """``28:pve1``: unique in the log."""

    @property
    def severity(self) -> Literal["error", "warning", "info"] | None:
        """``pri`` in three steps."""
        if self.pri is None:
            return None
        return "error" if self.pri <= 3 else "warning" if self.pri == 4 else "info"


class PoolMember(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A guest or a storage in a pool."""

    type: str
    """``qemu``, ``lxc`` or ``storage``."""
    vmid: int | None = None
    storage: str | None = None
    node: str | None = None
    name: str | None = None
    status: str | None = None


class Pool(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A pool."""

    poolid: str
    """Nested pools read ``parent/child``."""
    comment: str | None = None
    members: tuple[PoolMember, ...] | None = None
    """None in the list of all pools: only ``ClusterTools.pool`` asks for them."""


def vmid_of_sid(sid: str | None) -> int | None:
    """The guest that ``vm:100`` or ``ct:200`` names."""
    kind, _, number = (sid or "").partition(":")
    if kind not in ("vm", "ct") or not number.isascii() or not number.isdigit() or len(number) > 9:
        return None
    return int(number)
