"""Self-signed certificates for the simulated servers."""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
import os
import ssl
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate with its key, and the SHA-256 fingerprint as PVE writes it (``AA:BB:...``)."""

    pem: bytes
    key: bytes
    fingerprint: str

    def context(self) -> ssl.SSLContext:
        """A server context. OpenSSL only reads files, so the key lies in a private folder for a moment."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory(prefix="proxtui-sim-") as folder:
            file = Path(folder) / "server.pem"
            file.touch(mode=0o600)
            file.write_bytes(self.key + self.pem)
            context.load_cert_chain(file)
        return context


def self_signed(names: Sequence[str], organisation: str) -> Certificate:
    """A certificate for localhost, the loopback addresses and ``names``, valid for two years."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, f"{names[0]}.example.test"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:60]),
        ]
    )
    sans: list[x509.GeneralName] = [x509.DNSName(name) for name in ("localhost", *names)]
    sans += [x509.IPAddress(ipaddress.ip_address(address)) for address in ("127.0.0.1", "::1")]
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(os.urandom(16), "big") >> 1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=730))
        .add_extension(x509.SubjectAlternativeName(sans), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    der = certificate.public_bytes(serialization.Encoding.DER)
    digest = hashlib.sha256(der).hexdigest().upper()
    return Certificate(
        pem=certificate.public_bytes(serialization.Encoding.PEM),
        key=key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        fingerprint=":".join(digest[place : place + 2] for place in range(0, 64, 2)),
    )
