"""Whom we take a jump host for: its keys as they are configured, or as the file of known hosts has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import asyncssh

from proxtui.errors import TunnelRefused
from proxtui.pve.sanitize import clean
from proxtui.pve.ssh.hops import Hop, Ours

KINDS: tuple[tuple[str, ...], ...] = (
    ("ssh-ed25519",),
    ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
    ("rsa-sha2-512", "rsa-sha2-256"),
)
"""Signatures of host keys, by the kind of key; a host has at most one key of each."""
ALL_KINDS = tuple(name for kind in KINDS for name in kind)


@dataclass(frozen=True, slots=True)
class HostTrust:
    """The keys that one host may show. Without any, every key is refused."""

    source: str
    """Where they stand, for the operator."""
    keys: tuple[asyncssh.SSHKey, ...] = ()
    authorities: tuple[asyncssh.SSHKey, ...] = ()
    revoked: tuple[asyncssh.SSHKey, ...] = ()
    prints: frozenset[str] = frozenset()
    """``SHA256:...``"""

    @property
    def knows_any(self) -> bool:
        """False: this host was never seen."""
        return bool(self.keys or self.authorities or self.prints)

    @property
    def expected(self) -> tuple[str, ...]:
        """The fingerprints that would be accepted."""
        return (*(key.get_fingerprint() for key in self.keys), *sorted(self.prints))

    @property
    def by_kind(self) -> tuple[tuple[str, ...], ...]:
        """Kinds of keys to ask for, one attempt each; an empty one leaves the choice to the keys themselves.

        A fingerprint does not say of which kind its key is, so a host with several keys has to show them all.
        """
        if self.prints:
            return KINDS
        return ((),) if self.knows_any else (ALL_KINDS,)

    @property
    def for_asyncssh(self) -> tuple[Sequence[asyncssh.SSHKey], ...]:
        """As its ``known_hosts`` wants them: trusted keys, authorities, revoked keys, and nothing of X.509."""
        return (self.keys, self.authorities, self.revoked, (), (), (), ())

    def accepts(self, key: asyncssh.SSHKey) -> bool:
        """Whether the fingerprint of a shown key is a configured one."""
        return key.get_fingerprint() in self.prints and key not in self.revoked


def trust_in(hop: Hop, ours: Ours) -> HostTrust:
    """Reads files. ``TunnelRefused`` when what is written there is no key or cannot be read."""
    return _configured(hop) if hop.host_keys else _known(hop, ours)


def _configured(hop: Hop) -> HostTrust:
    keys = []
    for line in hop.host_keys:
        if line.startswith("SHA256:"):
            continue
        try:
            keys.append(asyncssh.import_public_key(line))
        except asyncssh.KeyImportError:
            why = f"host_keys of jump host {hop.label} has a line that is no public key: {clean(line, limit=40)}"
            raise TunnelRefused(why, hop=hop.label, kind="unknown") from None
    prints = frozenset(line for line in hop.host_keys if line.startswith("SHA256:"))
    return HostTrust("host_keys of this jump host", tuple(keys), prints=prints)


def _known(hop: Hop, ours: Ours) -> HostTrust:
    source = str(ours.known_hosts)
    try:
        text = ours.known_hosts.read_text(encoding="utf-8", errors="replace")
        # Named as the file names it, port and all: asyncssh would else take the key of port 22 for that of any port.
        found = asyncssh.match_known_hosts(asyncssh.import_known_hosts(text), hop.known_as, "", None)
    except FileNotFoundError:
        return HostTrust(source)
    except OSError as error:
        raise TunnelRefused(f"cannot read {source}: {error.strerror}", hop=hop.label, kind="unknown") from error
    except ValueError as error:
        # One broken line would else be as good as an empty file, and every host unknown.
        line = f"{source} is damaged: {clean(str(error), limit=100)}"
        raise TunnelRefused(line, hop=hop.label, kind="unknown") from error
    return HostTrust(source, tuple(found[0]), tuple(found[1]), tuple(found[2]))
