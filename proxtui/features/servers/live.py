"""Servers as the dashboard shows them: what is configured, and how they are now. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from proxtui.config.models import Server
from proxtui.core.ages import age_text, coarse_age, state_tone
from proxtui.core.model import Fleet, ServerRef, Snapshot
from proxtui.core.rows import UNKNOWN, Column, Scalar, Tone
from proxtui.features.servers.service import Entry

if TYPE_CHECKING:
    from proxtui.features.servers.checking import Checked
    from proxtui.features.servers.trusting import Seen

OFF = "off"
PIECE = 3 * 11
"""Letters of a fingerprint in a line."""
SOON_DAYS = 14
"""A certificate that ends earlier is worth a warning."""


class LiveServer(Struct, frozen=True):
    """One server and what the poller knows of it."""

    entry: Entry
    snapshot: Snapshot | None
    """None: it is not asked, or not yet."""
    now: float
    checked: Checked | None = None
    """What a look past the poller found last."""
    today: float = 0.0
    """Seconds since the epoch."""

    @property
    def key(self) -> ServerRef:
        return ServerRef(*self.entry.place)

    @property
    def server(self) -> Server:
        """What is configured."""
        return self.entry.server

    @property
    def muted(self) -> bool:
        return not self.entry.is_asked

    @property
    def state(self) -> str:
        """``fresh``, ``stale``, ``down``, ``forbidden``, ``waiting`` or ``off``; ``closed`` without its credentials."""
        if not self.entry.is_asked:
            return OFF
        if self.snapshot is None:
            return "closed" if self.entry.shut else "waiting"
        return str(self.snapshot.state)

    @property
    def age(self) -> str:
        """How long ago it answered, where that is not just now."""
        if self.snapshot is None or self.snapshot.taken_at is None:
            return ""
        return age_text(coarse_age(self.snapshot, self.now))

    @property
    def tone(self) -> Tone:
        if self.snapshot is None or not self.entry.is_asked:
            return Tone.MUTED
        return state_tone(self.snapshot.state)

    @property
    def path(self) -> str:
        """The way in use: ``direct``, ``tailscale`` or ``ssh``."""
        return (self.snapshot.path if self.snapshot is not None else "") or ("ssh" if self.server.jumps else "")

    @property
    def endpoint(self) -> str:
        """That answered last, else the first that is configured."""
        return (self.snapshot.endpoint if self.snapshot is not None else "") or self.server.endpoints[0].label

    @property
    def trust(self) -> str:
        """``system``, ``ca``, ``2 pins``, ``off``."""
        pins = len(self.server.trust.fingerprints)
        if self.server.trust.mode != "fingerprint":
            return self.server.trust.mode
        return f"{pins} pin{'' if pins == 1 else 's'}"

    @property
    def error(self) -> str:
        """Why it failed last, or what is wrong though it answers."""
        if self.entry.shut:
            return self.entry.shut
        if self.snapshot is None:
            return ""
        return self.snapshot.error or next((str(one) for one in getattr(self.snapshot, "troubles", ())), "")

    @property
    def ms(self) -> float | None:
        """Milliseconds to the first byte of its answer."""
        return self.checked.ms if self.checked is not None else None

    @property
    def days(self) -> int | None:
        """Until its certificate ends; negative when it has."""
        shown = self.checked.certificate if self.checked is not None else None
        return None if shown is None else (shown.not_after - datetime.fromtimestamp(self.today, UTC)).days

    @property
    def haystack(self) -> str:
        hosts = " ".join(one.label for one in self.server.endpoints)
        return f"{' '.join(self.entry.place)} {hosts} {self.state} {self.path} {self.error}".lower()

    def field(self, name: str) -> Scalar:
        known: Mapping[str, Scalar] = {
            "tenant": self.entry.place.tenant,
            "server": self.entry.place.server,
            "name": self.entry.place.server,
            "status": self.state,
            "user": self.server.credentials.userid or None,
        }
        return known.get(name)


def rows_of(
    entries: Iterable[Entry], fleet: Fleet, checks: Mapping[ServerRef, Checked] | None = None, today: float = 0.0
) -> list[LiveServer]:
    """One row each."""
    found = checks or {}
    refs = [(entry, ServerRef(*entry.place)) for entry in entries]
    return [LiveServer(entry, fleet.snapshot(ref), fleet.now, found.get(ref), today) for entry, ref in refs]


def _login(server: Server) -> str:
    said = server.credentials
    return f"token {said.token_id}" if said.token_id else said.userid or "none"


def facts_of(row: LiveServer) -> Iterator[tuple[str, str, Tone]]:
    """What is configured, and how it is; labels, values and what they mean."""
    server, entry = row.server, row.entry
    yield "State", f"{row.state} {row.age}".strip(), row.tone
    if row.error:
        yield "Error", row.error, Tone.BAD
    yield "Answers at", f"{row.endpoint} ({row.path})" if row.path else row.endpoint, Tone.PLAIN
    yield "Endpoints", ", ".join(one.label for one in server.endpoints), Tone.PLAIN
    if server.tailscale_hostname:
        yield "Tailscale", server.tailscale_hostname + ("" if server.use_tailscale else ", not used"), Tone.PLAIN
    if server.jumps:
        yield "SSH through", ", ".join(one.label for one in server.jumps), Tone.PLAIN
    yield "Login", _login(server), Tone.PLAIN
    if entry.has_monitor:
        yield "To look", "has a read-only token, too", Tone.PLAIN
    yield "Time-out", f"{server.deadline_ms} ms", Tone.PLAIN
    yield "Trust", row.trust, Tone.BAD if server.trust.mode == "off" else Tone.PLAIN
    for pin in server.trust.fingerprints:
        # Broken where a pair ends, so that it can be compared by eye.
        yield from (("", pin[at : at + PIECE].rstrip(":"), Tone.MUTED) for at in range(0, len(pin), PIECE))


def checked_facts(row: LiveServer) -> Iterator[tuple[str, str, Tone]]:
    """What a look at it just now found."""
    checked = row.checked
    if checked is None:
        return
    ms = "" if checked.ms is None else f", first byte after {checked.ms:.0f} ms"
    yield "Just now", f"{checked.state}{ms}", Tone.GOOD if checked.state == "online" else Tone.BAD
    if checked.version:
        yield "Version", f"Proxmox VE {checked.version}", Tone.PLAIN
    if checked.certificate is not None:
        yield "Cert", f"until {checked.certificate.not_after:%Y-%m-%d}, {row.days} days", _expiry_tone(row)
    if checked.error:
        yield "Found", f"{checked.error}. {checked.advice}".strip(), Tone.BAD


def _expiry_tone(row: LiveServer) -> Tone:
    if row.days is None:
        return Tone.MUTED
    return Tone.BAD if row.days < 0 else Tone.WARN if row.days < SOON_DAYS else Tone.PLAIN


def trust_lines(row: LiveServer, seen: Sequence[Seen]) -> tuple[str, ...]:
    """What is trusted, and what is shown now, one below the other."""
    lines = [f"Trusted now: {row.trust}"]
    for pin in row.server.trust.fingerprints:
        lines += _halves(pin)
    for one in seen:
        if one.certificate is None:
            lines.append(f"{one.endpoint}: {one.error}")
            continue
        until = f"until {one.certificate.not_after:%Y-%m-%d}"
        lines += [f"{one.endpoint} shows {'what is pinned' if one.is_pinned else 'another one'}, {until}:"]
        lines += [f"  {one.certificate.subject}", *_halves(one.certificate.fingerprint)]
    return tuple(lines)


def _halves(fingerprint: str) -> tuple[str, str]:
    """In two lines, as certificates are shown everywhere here."""
    return f"  {fingerprint[:48]}", f"  {fingerprint[48:]}"


def fetched_lines(nodes: Mapping[str, str], pinned: Collection[str]) -> tuple[str, ...]:
    """Node by node what its certificate is, and whether it is pinned; told by the cluster itself."""
    lines = ["Told through a connection whose certificate was checked:"]
    for node, shown in sorted(nodes.items()):
        lines += [f"{node}, {'pinned' if shown in pinned else 'new'}:", *_halves(shown)]
    return tuple(lines)


COLUMNS: tuple[Column[LiveServer], ...] = (
    Column("name", "Server", lambda r: r.entry.place.server, lambda r: r.entry.place.server, 12, 1),
    Column("tenant", "Tenant", lambda r: r.entry.place.tenant, lambda r: r.entry.place.tenant, 10, 3),
    Column("state", "State", lambda r: r.state, lambda r: f"{r.state} {r.age}".strip(), 10, 1, tone=lambda r: r.tone),
    Column("ms", "ms", lambda r: r.ms, lambda r: UNKNOWN if r.ms is None else f"{r.ms:.0f}", 4, 3, align="right"),
    Column("expires", "Cert", lambda r: r.days, lambda r: UNKNOWN if r.days is None else f"{r.days} d", 6, 3,
           align="right", tone=_expiry_tone),
    Column("path", "Path", lambda r: r.path, lambda r: r.path or UNKNOWN, 9, 4),
    Column("endpoint", "Endpoint", lambda r: r.endpoint, lambda r: r.endpoint, 16, 4),
    Column("trust", "Trust", lambda r: r.trust, lambda r: r.trust, 7, 5,
           tone=lambda r: Tone.BAD if r.trust == "off" else Tone.PLAIN),
    Column("user", "Login", lambda r: r.server.credentials.userid, lambda r: r.server.credentials.userid or UNKNOWN,
           12, 6),
    Column("error", "Last error", lambda r: r.error or None, lambda r: r.error or UNKNOWN, 14, 2, grow=True,
           tone=lambda r: Tone.BAD if r.error else Tone.MUTED),
)  # fmt: skip
