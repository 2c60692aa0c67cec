"""What a broken stage of a connectivity test means and what to do about it, in plain words."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from datetime import datetime

from proxtui.errors import (
    ApiError,
    AuthenticationError,
    CertificateError,
    NetworkError,
    PermissionDenied,
    ProxtuiError,
    TotpRequired,
    TunnelError,
    UnexpectedAnswer,
)
from proxtui.pve.probes import FirstAnswer
from proxtui.pve.settings import ProxmoxConfig
from proxtui.pve.stages import AddressTry, Broken
from proxtui.pve.tls import CertificateInfo, PinMismatch

FINE = "Nothing to do."
SOON_DAYS = 14
"""A certificate that ends earlier is worth a warning."""
MOST_SKEW = 60.0
"""Seconds. PVE forgives a ticket five minutes."""
_EXPIRED, _NOT_YET, _SELF_SIGNED, _OTHER_NAMES = 10, 9, 18, (62, 64)
"""OpenSSL's numbers for why it does not trust a certificate."""
_IN_FRONT = (502, 503, 504)


def unknown_name(host: str, why: str) -> Broken:
    """The name stands for no address."""
    return Broken(
        "name", f"{host}: {why}", f"Check how {host} is spelled and which DNS server this machine asks, or use an IP."
    )


_ON_THE_WAY = {
    "name": "Check how the jump host is spelled and which DNS server this machine asks.",
    "route": "Check that the jump host is up, that sshd runs there, and VPN and firewalls on the way to it.",
    "target": "Check the endpoint as the last jump host sees it.",
    "unknown": "Compare the fingerprint on the jump host itself; when it is the same, put it into its host_keys.",
    "changed": "Ask those who run the jump host before anything else: somebody may be in between.",
    "login": "Check user name and key, and the authorized_keys of that user on the jump host.",
}


def no_way_through(error: TunnelError) -> Broken:
    """The jump hosts do not lead to the server."""
    return Broken("ssh", str(error), _ON_THE_WAY[error.kind])


def no_route(config: ProxmoxConfig, tries: Sequence[AddressTry]) -> Broken:
    """No address answers."""
    line = "; ".join(f"{one.address}: {one.problem}" for one in tries)
    if all(one.problem == "refused" for one in tries):
        advice = (
            f"Something is there, but nothing listens on port {config.port}: is it the right port, does pveproxy run?"
        )
    else:
        advice = f"Check that the server is up, and VPN, routes and firewalls between here and port {config.port}."
    return Broken("route", line, advice)


def no_handshake(line: str) -> Broken:
    """There was no TLS at all."""
    return Broken("tls", line, "Check the port, and `systemctl status pveproxy` on the node.")


def distrusted(error: ssl.SSLCertVerificationError, shown: CertificateInfo | None, config: ProxmoxConfig) -> Broken:
    """The certificate is not trusted: nothing was sent."""
    why, advice = _distrust(error, shown, config)
    seen = f"; it is {shown.fingerprint}" if shown else ""
    return Broken("tls", f"the certificate is not trusted: {why}{seen}", advice)


def _distrust(
    error: ssl.SSLCertVerificationError, shown: CertificateInfo | None, config: ProxmoxConfig
) -> tuple[str, str]:
    compare = "Compare the fingerprint with `pvenode cert info` on the node"
    if isinstance(error, PinMismatch):
        return (
            "it is not the pinned one",
            f"{compare}: if it is the same, it was renewed and you may pin it; else somebody is in between.",
        )
    if error.verify_code == _EXPIRED:
        until = f" on {shown.not_after:%Y-%m-%d}" if shown else ""
        return f"it expired{until}", "Renew it on the node: `pvecm updatecerts --force`, or `pvenode acme cert renew`."
    if error.verify_code == _NOT_YET:
        since = f" before {shown.not_before:%Y-%m-%d}" if shown else ""
        return f"it is not valid{since}", "Check the clocks of this machine and of the node."
    if error.verify_code in _OTHER_NAMES:
        names = ", ".join(shown.names) if shown and shown.names else "no name at all"
        return (
            f"it is for {names}, not for {config.host}",
            "Connect by a name that stands in the certificate, or pin its fingerprint.",
        )
    why = "it is signed by itself" if error.verify_code == _SELF_SIGNED else "nobody here knows who signed it"
    return why, f"{compare}: if it is the same, trust it by that fingerprint, or by the cluster's CA."


def judge_answer(answer: FirstAnswer) -> str:
    """What the first answer was, as a line. ``Broken`` when it is not from PVE's own proxy."""
    who = f" ({answer.server})" if answer.server else ""
    if (answer.status == 200 and answer.is_json) or (answer.status == 401 and not answer.is_page):
        return f"answers{who}"
    in_front = "Look at what stands in front of pveproxy there: a reverse proxy, load balancer or captive portal."
    if answer.status in _IN_FRONT:
        line = f"{answer.status} {answer.reason}{who}"
        raise Broken("proxy", line, f"What answers there does not reach PVE. {in_front}")
    if 300 <= answer.status < 400:
        where = f" to {answer.location}" if answer.location else ""
        raise Broken("proxy", f"redirects{where}{who}: this is not the PVE API", in_front)
    if answer.status >= 500:
        advice = "Look at `systemctl status pveproxy pve-cluster` on the node."
        raise Broken("proxy", f"{answer.status} {answer.reason}{who}", advice)
    what = "a web page" if answer.is_page else f"{answer.status} {answer.reason}"
    raise Broken("proxy", f"answers {what}{who}: this is not the PVE API", in_front)


def silent_proxy(line: str) -> Broken:
    """The handshake was good, and then nothing useful came."""
    return Broken("proxy", line, "Look at `systemctl status pveproxy` on the node, and at what stands in front of it.")


def not_let_in(error: ProxtuiError) -> Broken:
    """The login, or the first question after it, failed."""
    line = str(error)
    if isinstance(error, TotpRequired):
        return Broken("login", line, "Use an API token: it needs no second factor.")
    if isinstance(error, AuthenticationError | PermissionDenied):
        what = "user, realm and password" if getattr(error, "method", "") == "POST" else "the token and its secret"
        return Broken("login", line, f"Check {what}, and that they are enabled and not expired, before trying again.")
    if isinstance(error, CertificateError):
        return Broken("tls", line, "The certificate changed between two connections: look who answers there.")
    return not_served(error)


def not_served(error: ProxtuiError) -> Broken:
    """The proxy answers, but what stands behind it does not."""
    line = str(error)
    if isinstance(error, UnexpectedAnswer) or getattr(error, "status", 0) in _IN_FRONT:
        return silent_proxy(line)
    where = "`systemctl status pvedaemon pve-cluster` on the node"
    if isinstance(error, ApiError) or getattr(error, "stage", "") == "deadline":
        return Broken("node", line, f"Look at {where}: its proxy answers, what is behind it does not.")
    if isinstance(error, NetworkError):
        return silent_proxy(line)
    return Broken("login", line, "Look at what is configured for this server.")


def no_quorum(online: int, total: int) -> Broken:
    """The node answers, but its cluster has no majority."""
    return Broken(
        "quorum",
        f"no quorum: {online} of {total} nodes see each other",
        "Bring the other nodes or the network between them back (`pvecm status`); until then nothing can be changed.",
    )


def nodes_missing(lines: Sequence[str]) -> Broken:
    """Some nodes of the cluster do not answer."""
    return Broken("node", "; ".join(lines), "Look at these nodes; the others and their guests can be reached.")


def warnings_about(
    shown: CertificateInfo | None, now: datetime, skew: float | None, tries: Sequence[AddressTry]
) -> list[str]:
    """What works but should be looked at."""
    found = [f"{one.address} does not answer ({one.problem}): another address does" for one in tries if one.problem]
    if shown is not None:
        days = (shown.not_after - now).days
        if shown.not_after <= now:
            found.append(f"the certificate expired on {shown.not_after:%Y-%m-%d}; it is trusted by its fingerprint")
        elif days < SOON_DAYS:
            found.append(f"the certificate ends in {days} days, on {shown.not_after:%Y-%m-%d}")
    if skew is not None and abs(skew) > MOST_SKEW:
        found.append(f"the server's clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} this machine's")
    return found
