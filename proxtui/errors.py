"""One exception tree; every class knows the exit code of the command line.

::

    ProxtuiError                    1   anything we can say in one line
    ├── UsageError                  2   bad flag, filter, column or argument
    │   ├── InvalidInput            2   one field broke one rule: field, value, rule
    │   ├── NotConfigured           2   nothing to connect to
    │   └── MissingExtra            2   an optional part is not installed
    ├── ConfigError                 4   malformed configuration
    │   └── Malformed               4   the configuration file is cut, no TOML, or not shaped as ours
    ├── WrongKey                    3   wrong passphrase or keyfile, or its key slot is damaged
    ├── ReadOnlyError              13   refused by the lock; nothing was sent
    │   └── RoleRefused            13   refused by the role or by what the configuration allows
    │       └── ScopeClosed        13   the key slot in use does not open this part of the configuration
    ├── StoreUnavailable            9   a database of ours is full, locked, damaged or not to be reached
    │   └── AuditUnavailable        9   the audit cannot be written: no change is made without it
    ├── NewerFormat                 6   a file of a newer proxtui: never written, and read only where that is safe
    ├── Tampered                    5   the audit or the configuration is not what was written
    │   └── OlderCopy               5   an older copy of the configuration than was seen before, and nobody confirmed it
    ├── UnsafeFile                  7   others may read or replace a file that holds secrets; says the command
    ├── FileLocked                  8   another process holds the configuration: who
    ├── SaveFailed                  9   the configuration could not be written; the old one is intact
    ├── TargetChanged               1   what was chosen is not what stands there now; nothing was sent
    ├── NetworkError               10   no answer, or not from whom we meant: stage, endpoint
    │   ├── CertificateError       10   the server's certificate is not the trusted one: seen, expected
    │   ├── OtherCluster           10   an endpoint belongs to another cluster than the server: it is not used
    │   ├── TunnelError            10   a jump host of an SSH path is in the way: hop, kind
    │   │   └── TunnelRefused      10   ... and asking again cannot help: login, forbidden way
    │   │       └── HostKeyError   10   the jump host is unknown, or its key has changed: seen, expected
    │   ├── ConsoleError           10   a console could not be opened, or says what no console says
    │   │   └── ConsoleRefused     10   ... it did not know the password: a fresh ticket helps
    │   ├── DeadlineExceeded       10   no full answer in time
    │   └── RateLimitError         10   our own limiter had no room before the deadline
    ├── OutcomeUnknown             15   a change was sent, its answer was lost; it is never sent again
    └── ApiError                    1   the server answered, and the answer is no
        ├── AuthenticationError    11   401, or a login that was refused
        │   └── TotpRequired       11   the login needs a second factor that nobody gave
        ├── PermissionDenied       12   403: path, privilege
        ├── ValidationError         1   400 with the ``errors`` map
        ├── NotFoundError          14   read out of the 500s
        ├── GuestLocked             1   the guest or container carries a lock
        ├── ConflictError           1   the configuration changed under us (digest)
        ├── NodeUnreachable        10   595, 596: the node behind the server does not answer
        ├── TaskFailed              1   the task ended, and not well
        └── UnexpectedAnswer        1   not the JSON that PVE speaks
"""

from __future__ import annotations

from collections.abc import Mapping


class ProxtuiError(Exception):
    """Base of everything that is reported as one line. ``str(error)`` is that line."""

    exit_code = 1


class UsageError(ProxtuiError):
    """The caller asked for something that cannot be asked."""

    exit_code = 2


class InvalidInput(UsageError):
    """One field broke one rule; refused before anything was sent."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        super().__init__(f"{field} {_as_given(value)[:80]!r}: {rule}")
        self.field = field
        self.value = value
        self.rule = rule
        self.others: tuple[InvalidInput, ...] = ()
        """What else does not go together, where several fields were judged at once."""


def _as_given(value: object) -> str:
    """A value as people and programs write it: never as Python does."""
    if isinstance(value, list | tuple) and all(isinstance(one, str | int | float) for one in value):
        return ", ".join(map(_as_given, value))
    if isinstance(value, bool | list | tuple | dict):
        import json

        return json.dumps(value, default=str, ensure_ascii=False)
    return str(value)


class NotConfigured(UsageError):
    """There is no server to connect to."""


class MissingExtra(UsageError):
    """An optional part of proxtui is not installed."""


class ConfigError(ProxtuiError):
    """The configuration cannot be understood."""

    exit_code = 4


class Malformed(ConfigError):
    """The configuration file is cut, not TOML, or not shaped as a vault is. Never quotes its content."""


class WrongKey(ProxtuiError):
    """The passphrase or keyfile opens no slot, or the slot is damaged: the two cannot be told apart."""

    exit_code = 3


class ReadOnlyError(ProxtuiError):
    """The read-only lock refused a change; nothing was sent."""

    exit_code = 13


class RoleRefused(ReadOnlyError):
    """The role of this person, or what the configuration allows, does not include it; nothing was sent."""


class ScopeClosed(RoleRefused):
    """The key slot in use does not open this part of the configuration; nothing was written."""


class StoreUnavailable(ProxtuiError):
    """A database of ours cannot be used. ``why`` is ``full``, ``locked``, ``damaged``, ``slow`` or ``failed``.

    ``unreachable``, ``gone`` and ``login``: there is no way to its server, and the exit code is that of a network
    error. ``unknown``: the answer was lost, it may have been written.
    """

    exit_code = 9

    def __init__(self, message: str, *, why: str = "failed") -> None:
        super().__init__(message)
        self.why = why
        if why in ("unreachable", "gone", "login"):
            self.exit_code = NetworkError.exit_code


class AuditUnavailable(StoreUnavailable):
    """The audit cannot be written or read, so nothing may be changed; reading goes on."""


class NewerFormat(ProxtuiError):
    """A newer proxtui wrote this file; this one never writes it."""

    exit_code = 6


class Tampered(ProxtuiError):
    """What is on the disk is not what was written there; ``place`` names where."""

    exit_code = 5

    def __init__(self, message: str, *, place: str = "") -> None:
        super().__init__(message)
        self.place = place


class OlderCopy(Tampered):
    """The configuration is older than one that was seen here before: ``rev`` < ``seen``. Somebody has to confirm it."""

    def __init__(self, message: str, *, rev: int, seen: int) -> None:
        super().__init__(message, place="rev")
        self.rev = rev
        self.seen = seen


class UnsafeFile(ProxtuiError):
    """Others may read or replace a file that holds secrets; the message has the command that cures it."""

    exit_code = 7


class FileLocked(ProxtuiError):
    """Another process holds the lock of the configuration; the message says which."""

    exit_code = 8


class SaveFailed(ProxtuiError):
    """The configuration could not be written; what stood there before is intact."""

    exit_code = 9


class TargetChanged(ProxtuiError):
    """Another guest has this VMID by now, or it moved: nothing was sent, look again."""


class NetworkError(ProxtuiError):
    """No answer from the endpoint.

    ``stage`` is where it ended: ``resolve``, ``ssh``, ``connect``, ``tls``, ``send``, ``answer`` or ``deadline``.
    """

    exit_code = 10

    def __init__(self, message: str, *, stage: str, endpoint: str = "") -> None:
        super().__init__(message)
        self.stage = stage
        self.endpoint = endpoint


class CertificateError(NetworkError):
    """The certificate is not the trusted one. No byte of ours was sent."""

    def __init__(
        self, message: str, *, endpoint: str = "", seen: str | None = None, expected: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message, stage="tls", endpoint=endpoint)
        self.seen = seen
        self.expected = expected


class OtherCluster(NetworkError):
    """The endpoint belongs to another cluster than the one that answered first. Only its name was asked for."""

    def __init__(self, message: str, *, endpoint: str = "") -> None:
        super().__init__(message, stage="answer", endpoint=endpoint)


class TunnelError(NetworkError):
    """There is no way through the jump hosts. ``hop`` is ``host:port`` of the one where it ended.

    ``kind`` is ``name``, ``route`` (no answer, or gone), ``target`` (the last hop cannot reach the endpoint),
    ``unknown`` or ``changed`` (host keys), ``login``.
    """

    def __init__(self, message: str, *, hop: str, kind: str) -> None:
        super().__init__(message, stage="ssh", endpoint=hop)
        self.hop = hop
        self.kind = kind


class TunnelRefused(TunnelError):
    """A jump host, or we, said no: only a person can help."""


class HostKeyError(TunnelRefused):
    """The key that a jump host shows is not a trusted one. No login was tried.

    ``kind`` ``unknown``: ``seen`` may be accepted after a look at the host; ``changed``: never by a key press.
    """

    def __init__(
        self, message: str, *, hop: str, kind: str, seen: str | None = None, expected: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message, hop=hop, kind=kind)
        self.seen = seen
        self.expected = expected


class ConsoleError(NetworkError):
    """A console could not be opened, or what came is not what a console says."""

    def __init__(self, message: str, *, endpoint: str = "") -> None:
        super().__init__(message, stage="answer", endpoint=endpoint)


class ConsoleRefused(ConsoleError):
    """The screen did not take the password: each console of a guest sets another, and the last one counts."""


class DeadlineExceeded(NetworkError):
    """The total deadline of a call passed before its answer was complete."""


class RateLimitError(NetworkError):
    """Our own rate limiter had no room before the deadline; nothing was sent."""


class OutcomeUnknown(ProxtuiError):
    """A change was sent and its answer was lost: it may have happened. Never repeated by itself."""

    exit_code = 15


class ApiError(ProxtuiError):
    """The server answered, and the answer is no."""

    retry_after: float | None = None
    """Seconds the server asked us to wait (429 and 503 of a proxy in front), at most 300."""

    def __init__(
        self,
        reason: str,
        *,
        status: int = 0,
        errors: Mapping[str, str] | None = None,
        method: str = "",
        path: str = "",
    ) -> None:
        self.status = status
        self.reason = reason
        self.errors = dict(errors or {})
        self.method = method
        self.path = path
        super().__init__(self._line())

    def _line(self) -> str:
        details = "; ".join(f"{field}: {text}" for field, text in self.errors.items())
        asked = f" ({self.method} {self.path})" if self.path else ""
        # What PVE says ends in a full stop, where more follows.
        return f"{self.reason.rstrip('.')}: {details}{asked}" if details else f"{self.reason}{asked}"


class AuthenticationError(ApiError):
    """The login, ticket or token was refused (401)."""

    exit_code = 11


class TotpRequired(AuthenticationError):
    """The login needs a second factor and nobody was there to give it."""


class PermissionDenied(ApiError):
    """403. ``acl_path`` and ``privilege`` say what is missing, where PVE tells."""

    exit_code = 12
    acl_path: str | None = None
    privilege: str | None = None


class ValidationError(ApiError):
    """400: PVE refused parameters; ``errors`` maps each to its text."""


class NotFoundError(ApiError):
    """The thing does not exist. PVE says so with 500, never with 404."""

    exit_code = 14


class GuestLocked(ApiError):
    """The guest carries a lock (backup, migrate, snapshot, ...)."""


class ConflictError(ApiError):
    """Somebody else changed the configuration since it was read (digest)."""

    def _line(self) -> str:
        return f"{super()._line()}: nothing was changed; look at it as it is now, and do it again"


class NodeUnreachable(ApiError):
    """595 or 596: the server answered, the node behind it did not."""

    exit_code = 10


class TaskFailed(ApiError):
    """The task ended with another exit status than OK or WARNINGS."""


class UnexpectedAnswer(ApiError):
    """Not the JSON that PVE speaks: HTML, a cut body, a wrong shape, too large."""
