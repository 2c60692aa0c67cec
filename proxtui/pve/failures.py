"""What broke below HTTP, in one line for the operator, with the stage at which it ended."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from typing import Any

import httpx

from proxtui.errors import CertificateError, DeadlineExceeded, NetworkError
from proxtui.pve.settings import ProxmoxConfig
from proxtui.pve.tls import PinMismatch

_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)
_OLD_TLS = ("UNSUPPORTED_PROTOCOL", "PROTOCOL_VERSION", "NO_PROTOCOLS_AVAILABLE")


class Progress:
    """How far one request came; httpcore's ``trace`` hook calls it."""

    def __init__(self) -> None:
        self.stage = "connect"
        self.traced = False
        self.opened = False
        self.sent = False
        self.answered = False

    async def __call__(self, event: str, info: Any) -> None:
        self.traced = True
        if event.endswith("connect_tcp.started"):
            self.opened = True
        elif event.endswith("start_tls.started"):
            self.stage = "tls"
        elif event.endswith("send_request_headers.started"):
            self.stage, self.sent = "send", True
        elif event.endswith("receive_response_headers.started"):
            self.stage = "answer"
        elif event.endswith("receive_response_headers.complete"):
            self.answered = True

    @property
    def died_reused(self) -> bool:
        """Whether the request met a connection from before that was dead: not even a head came back."""
        return self.sent and not self.opened and not self.answered

    def may_have_been_sent(self, error: BaseException | None = None) -> bool:
        """Whether the server may have seen the request. A transport that does not trace is not believed."""
        if self.traced:
            return self.sent
        return not isinstance(error, _NEVER_SENT)


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """``error`` and everything that led to it."""
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for inner in error.exceptions:
                yield from causes(inner)
        error = error.__cause__ or error.__context__


def distrusted(error: BaseException) -> str | None:
    """Why OpenSSL did not trust the certificate; None when that is not what happened."""
    for cause in causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError) and not isinstance(cause, PinMismatch):
            return f"is not trusted ({cause.verify_message})"
    return None


def network_error(error: httpx.TransportError | OSError, progress: Progress, config: ProxmoxConfig) -> NetworkError:
    """``error`` as one of ours."""
    endpoint = config.endpoint
    chain = list(causes(error))
    for cause in chain:
        if isinstance(cause, PinMismatch):
            return certificate_error(config, "is not the trusted one", cause.seen)
    if progress.stage == "tls":
        return NetworkError(tls_line(endpoint, chain), stage="tls", endpoint=endpoint)
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | OSError):
        stage, line = _connect_line(config, error, chain)
        return NetworkError(line, stage=stage, endpoint=endpoint)
    if isinstance(error, httpx.TimeoutException):
        return DeadlineExceeded(f"{endpoint} gave no full answer in time", stage="deadline", endpoint=endpoint)
    return NetworkError(_answer_line(endpoint, error, progress), stage=progress.stage, endpoint=endpoint)


def certificate_error(config: ProxmoxConfig, what: str, seen: str | None) -> CertificateError:
    """A refused certificate: both fingerprints, and how to accept the new one."""
    expected = config.fingerprints
    line = f"the certificate of {config.endpoint} {what}"
    if seen:
        line += f": seen {seen}"
    if expected:
        line += f", expected {' or '.join(expected)}"
    line += ". Nothing was sent. "
    if seen:
        line += (
            "If `pvenode cert info` on the node shows the same, accept it: "
            f"--fingerprint {seen} (or PROXMOX_FINGERPRINT)"
        )
    else:
        line += "Trust it by --ca-file or --fingerprint (or PROXMOX_CA_FILE, PROXMOX_FINGERPRINT)"
    return CertificateError(line, endpoint=config.endpoint, seen=seen, expected=expected)


def tls_line(endpoint: str, chain: list[BaseException]) -> str:
    """Why there was no handshake; a certificate that is not trusted is another matter."""
    reasons = [cause.reason or "" for cause in chain if isinstance(cause, ssl.SSLError)]
    if any(old in reason for old in _OLD_TLS for reason in reasons):
        return f"{endpoint} speaks only TLS older than 1.2, which is refused"
    if any(isinstance(cause, httpx.TimeoutException | TimeoutError) for cause in chain):
        return f"{endpoint} accepts connections but does not shake hands: not TLS, or overloaded"
    if any(reason and "EOF" not in reason for reason in reasons):
        return f"{endpoint} is not TLS: something else listens on that port"
    return f"{endpoint} closed the connection during the TLS handshake: not TLS on that port, or the server is starting"


def _connect_line(config: ProxmoxConfig, error: Exception, chain: list[BaseException]) -> tuple[str, str]:
    for cause in chain:
        if isinstance(cause, socket.gaierror):
            return "resolve", f"unknown host {config.host}: {cause.strerror or 'the name does not resolve'}"
        if isinstance(cause, UnicodeError):
            return "resolve", f"unknown host {config.host}: not a host name"
        if isinstance(cause, ConnectionRefusedError):
            return "connect", f"{config.endpoint} refused the connection: does pveproxy run there?"
        if isinstance(cause, OSError) and cause.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH):
            return "connect", f"no route to {config.endpoint}"
    if isinstance(error, httpx.ConnectTimeout):
        return "connect", f"{config.endpoint} does not answer: connecting timed out"
    return "connect", f"cannot connect to {config.endpoint}"


def _answer_line(endpoint: str, error: Exception, progress: Progress) -> str:
    if progress.answered:
        return f"{endpoint} broke off in the middle of its answer"
    if isinstance(error, httpx.RemoteProtocolError) and "disconnected" not in str(error):
        return f"{endpoint} answered something that is not HTTP"
    return f"{endpoint} closed the connection before it answered"
