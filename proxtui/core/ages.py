"""How old a piece of knowledge is, and why, in words that every room and the command line share."""

from __future__ import annotations

from proxtui.core import text
from proxtui.core.model import Fleet, Scope, Snapshot, SourceState
from proxtui.core.rows import UNKNOWN, Tone

NOW = "now"
UNSEEN = "the login may see no guest: missing privilege VM.Audit"
NOW_BELOW = 10.0
"""Seconds. Below this the age is not counted: a fresh screen must not change every second."""


def coarse_age(snapshot: Snapshot, now: float) -> int | None:
    """Seconds since the rows were true, in steps: 0 while fresh, 10 s below a minute, then minutes; None: never."""
    age = snapshot.age(now)
    if age is None:
        return None
    if age < NOW_BELOW:
        return 0 if snapshot.state is SourceState.FRESH else max(1, int(age))
    return _stepped(age)


def asked_for(snapshot: Snapshot, now: float) -> int | None:
    """For how many seconds a server has been asked, coarse; None when nobody knows."""
    return None if snapshot.asked_since is None else _stepped(max(0.0, now - snapshot.asked_since))


def _stepped(age: float) -> int:
    step = 10 if age < 60 else 60
    return int(age // step * step)


def age_text(seconds: int | None) -> str:
    """What people read of ``coarse_age``: ``now``, ``20s``, ``3m``, ``–``."""
    return NOW if seconds == 0 else text.age(seconds)


def is_old(state: SourceState) -> bool:
    """True when what is shown may no longer be so."""
    return state is not SourceState.FRESH


def heard(status: str, *, is_doubtful: bool) -> str:
    """``running?``: what was last heard, of something whose server or node does not tell any more."""
    return f"{status}?" if is_doubtful and status != "unknown" else status


def state_tone(state: SourceState) -> Tone:
    """How much a server's state should worry."""
    tones = {
        SourceState.FRESH: Tone.GOOD,
        SourceState.WAITING: Tone.MUTED,
        SourceState.STALE: Tone.WARN,
    }
    return tones.get(state, Tone.BAD)


def trouble(snapshot: Snapshot, now: float) -> str | None:
    """Why a server is not fresh and when it is asked again, in one line; None while all is well."""
    if snapshot.state is SourceState.FRESH:
        return None
    where = f"{snapshot.ref.tenant} / {snapshot.ref.server}"
    if snapshot.state is SourceState.WAITING:
        return f"{where}: waiting for the first answer"
    parts = [snapshot.error or "no new answer"]
    if snapshot.taken_at is not None:
        parts.append(f"rows are {age_text(coarse_age(snapshot, now))} old")
    elif snapshot.state is SourceState.DOWN and (asked := asked_for(snapshot, now)) is not None:
        # Before the first answer nothing has an age; how long it has been so tells a slow start from a dead server.
        parts.append(f"never answered, asked for {text.age(asked)}" if asked else "never answered")
    if snapshot.next_try_at is not None:
        # Five-second steps: the line need not be repainted while it counts down.
        left = max(0.0, snapshot.next_try_at - now)
        parts.append(f"next try in {text.duration(-(-left // 5) * 5)}" if left else "trying again")
    elif snapshot.state is SourceState.FORBIDDEN:
        parts.append("not tried again until this is mended")
    return f"{where}: {'; '.join(parts)}"


def troubles(fleet: Fleet, scope: Scope) -> list[str]:
    """The troubles of the servers in scope, in configured order."""
    lines = (trouble(snapshot, fleet.now) for snapshot in fleet.snapshots if scope.covers_server(snapshot.ref))
    return [line for line in lines if line is not None]


def at_least(fleet: Fleet, scope: Scope, *, of_guests: bool = False) -> str | None:
    """What stands before a count over the servers in scope: nothing, ``at least``, or None when none is known.

    ``of_guests``: servers whose guests the login may not see count as unknown.
    """
    sources = [one for one in fleet.snapshots if scope.covers_server(one.ref)]
    unknown = [one for one in sources if one.taken_at is None or (of_guests and one.guests_unseen)]
    if not unknown:
        return ""
    return None if len(unknown) == len(sources) else "at least "


def counted(shown: int, total: int, noun: str, sure: str | None) -> str:
    """``120 of 400 guests``, ``at least 400 guests``, ``– guests``; ``noun`` is plural, ``sure`` from ``at_least``."""
    if sure is None and not total:
        return f"{UNKNOWN} {noun}"
    one = noun.removesuffix("s") if total == 1 else noun
    return f"{sure or ''}{total} {one}" if shown == total else f"{shown} of {sure or ''}{total} {one}"


def nothing_to_show(fleet: Fleet, scope: Scope, what: str, *, filtered: bool) -> str:
    """What an empty table says: the filter hides all, we wait, nobody answers, or there are none.

    ``what`` is the plural noun of the rows. Several lines when servers are in trouble.
    """
    if filtered:
        return f"no {what} match the filter"
    sources = [snapshot for snapshot in fleet.snapshots if scope.covers_server(snapshot.ref)]
    waiting = sum(snapshot.state is SourceState.WAITING for snapshot in sources)
    if waiting == len(sources):
        return f"waiting for {waiting} server{'' if waiting == 1 else 's'} …" if sources else "no server is configured"
    lines = troubles(fleet, scope)
    if what == "guests":
        lines += [f"{one.ref.tenant} / {one.ref.server}: {UNSEEN}" for one in sources if one.guests_unseen]
    return "\n".join([f"no {what} are known", *lines]) if lines else f"no {what} here"
