"""Whom we trust, decided inside the handshake: a wrong certificate never gets a byte of ours."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import ssl
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from proxtui.errors import InvalidInput
from proxtui.pve.sanitize import clean
from proxtui.pve.settings import ProxmoxConfig, Trust

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_SYSTEM_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


class PinMismatch(ssl.SSLCertVerificationError):
    """The handshake showed another certificate than the pinned ones. Nothing was sent after it."""

    def __init__(self, seen: str, expected: tuple[str, ...]) -> None:
        super().__init__("certificate is not one of the pinned ones")
        self.seen = seen
        self.expected = expected


@dataclass(frozen=True, slots=True)
class CertificateInfo:
    """What a server shows about itself before anybody trusts it. All text is cleaned."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    """Host names and addresses the certificate is for."""
    not_before: datetime
    not_after: datetime
    fingerprint: str
    """SHA-256, ``AA:BB:..``."""


def fingerprint_of(der: bytes) -> str:
    """The SHA-256 of a certificate as PVE writes it, ``AA:BB:..``."""
    return hashlib.sha256(der).digest().hex(":").upper()


def context_for(config: ProxmoxConfig) -> ssl.SSLContext:
    """The TLS context for one endpoint. Endpoints with the same trust share one: a context costs 0.5 MB.

    ``InvalidInput`` when ``ca_file`` cannot be read.
    """
    return _context(config.trust, config.fingerprints, config.ca_file)


@lru_cache(maxsize=256)
def _context(trust: Trust, pins: tuple[str, ...], ca_file: str | None) -> ssl.SSLContext:
    # By hand, not create_default_context(): that one obeys SSLKEYLOGFILE, and on Python 3.13
    # it turns on VERIFY_X509_STRICT, which refuses the authorities that older PVE releases made.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if trust == "ca":
        _load_authority(context, ca_file or "")
    elif trust == "system":
        _load_system_store(context)
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if trust == "fingerprint":
        context.sslobject_class = _pinned(pins)
    return context


def _pinned(pins: tuple[str, ...]) -> type[ssl.SSLObject]:
    class PinnedObject(ssl.SSLObject):
        """Checks the pin as the last step of the handshake, before a request can be written."""

        def do_handshake(self) -> None:
            super().do_handshake()
            seen = fingerprint_of(self.getpeercert(binary_form=True) or b"")
            if not any(hmac.compare_digest(seen, pin) for pin in pins):
                raise PinMismatch(seen, pins)

    return PinnedObject


def _load_authority(context: ssl.SSLContext, ca_file: str) -> None:
    try:
        context.load_verify_locations(cafile=ca_file)
    except ssl.SSLError:
        raise InvalidInput("ca_file", ca_file, "holds no PEM certificate") from None
    except OSError as error:
        raise InvalidInput("ca_file", ca_file, f"cannot be read: {error.strerror}") from None


def _load_system_store(context: ssl.SSLContext) -> None:
    # Not load_default_certs(): it obeys SSL_CERT_FILE, so any environment could add an authority.
    paths = ssl.get_default_verify_paths()
    if os.path.isdir(paths.openssl_capath):
        context.load_verify_locations(capath=paths.openssl_capath)
    bundle = next((path for path in (paths.openssl_cafile, *_SYSTEM_BUNDLES) if os.path.isfile(path)), None)
    if bundle is None:
        import certifi

        bundle = certifi.where()
    context.load_verify_locations(cafile=bundle)


@lru_cache(maxsize=1)
def blind_context() -> ssl.SSLContext:
    """Trusts whoever it is, to see the certificate: nothing may be sent through it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def probe_certificate(host: str, port: int, *, timeout: float = 3.0) -> CertificateInfo:  # noqa: ASYNC109
    """Shake hands without any credentials, send nothing, and say what the server showed.

    ``timeout`` in seconds. ``OSError`` (also ``TimeoutError`` and ``ssl.SSLError``) when there is no handshake.
    """
    return certificate_info(await _shown_certificate(host, port, timeout))


def certificate_info(der: bytes) -> CertificateInfo:
    """What a certificate says of itself. ``ssl.SSLError`` when it cannot be read."""
    from cryptography import x509

    try:
        return _described(x509.load_der_x509_certificate(der), der)
    except ValueError:
        raise ssl.SSLError("the server's certificate cannot be read") from None


async def probe_fingerprint(host: str, port: int, *, timeout: float = 3.0) -> str | None:  # noqa: ASYNC109
    """The fingerprint that the server shows, or None when it shows none now."""
    try:
        return fingerprint_of(await _shown_certificate(host, port, timeout))
    except OSError:
        return None


async def _shown_certificate(host: str, port: int, seconds: float) -> bytes:
    async with asyncio.timeout(seconds):
        _, writer = await asyncio.open_connection(host, port, ssl=blind_context(), server_hostname=host)
    try:
        handshake = writer.get_extra_info("ssl_object")
        return handshake.getpeercert(binary_form=True) or b""
    finally:
        # Nothing is in flight, so nobody need wait for the other side's goodbye.
        writer.transport.abort()


def _described(certificate: Certificate, der: bytes) -> CertificateInfo:
    from cryptography import x509

    try:
        alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = tuple(clean(str(name.value)) for name in alternative)
    except x509.ExtensionNotFound:
        names = ()
    return CertificateInfo(
        subject=clean(certificate.subject.rfc4514_string()),
        issuer=clean(certificate.issuer.rfc4514_string()),
        names=names,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        fingerprint=fingerprint_of(der),
    )
