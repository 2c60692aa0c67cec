"""A certificate that is not trusted is shown whole and gets no byte; what is no TLS at all is told apart from it."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from proxtui.errors import CertificateError, ProxtuiError
from proxtui.pve.settings import ProxmoxConfig
from proxtui.pve.verdicts import not_let_in

from .conftest import SECRET, Bench
from .diagnosing import NOW, Pve, by_name, examined, states
from .servers import Certificates, Server

OTHER = ":".join(["AB"] * 32)


def config_for(server: Server, **trust: object) -> ProxmoxConfig:
    return ProxmoxConfig(
        host="127.0.0.1", port=server.port, token_id="root@pam!watch", token_secret=SECRET, **trust  # type: ignore[arg-type]
    )  # fmt: skip


def signed_by_itself(certificates: Certificates, folder: Path) -> ssl.SSLContext:
    """A server that shows the authority's own certificate as its own."""
    pem = folder / "self.pem"
    key = certificates._key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(certificates.ca_file.read_bytes() + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


async def test_whose_authority_nobody_knows(bench: Bench) -> None:
    server = await bench.serve(Pve())
    found = await examined(config_for(server))
    assert (found.verdict, found.exit_code, found.success, found.is_trusted) == ("tls", 10, False, False)
    assert found.error == (
        f"the certificate is not trusted: nobody here knows who signed it; it is {bench.shown.fingerprint}"
    )
    assert "pvenode cert info" in found.advice
    assert states(found) == ["ok", "ok", "failed", "skipped", "skipped", "skipped", "skipped"]
    assert found.certificate is not None
    assert (found.certificate.subject, found.certificate.issuer) == ("CN=pve1", "CN=Proxmox Virtual Environment")
    assert found.certificate.names == ("pve1", "localhost", "127.0.0.1")
    assert bytes(server.received) == b""


async def test_signed_by_itself(bench: Bench, certificates: Certificates, tmp_path: Path) -> None:
    server = await bench.serve(Pve(), context=signed_by_itself(certificates, tmp_path))
    found = await examined(config_for(server))
    assert (found.verdict, bytes(server.received)) == ("tls", b"")
    assert "it is signed by itself" in str(found.error)


async def test_another_one_than_the_pinned(bench: Bench) -> None:
    server = await bench.serve(Pve())
    found = await examined(config_for(server, fingerprints=(OTHER,)))
    assert (found.verdict, bytes(server.received)) == ("tls", b"")
    assert f"it is not the pinned one; it is {bench.shown.fingerprint}" in str(found.error)
    assert "renewed" in found.advice


async def test_expired(bench: Bench, certificates: Certificates) -> None:
    context, _ = certificates.server("pve1", "127.0.0.1", expired=True)
    server = await bench.serve(Pve(), context=context)
    found = await examined(config_for(server, ca_file=str(certificates.ca_file)))
    assert (found.verdict, bytes(server.received)) == ("tls", b"")
    assert found.certificate is not None
    assert f"it expired on {found.certificate.not_after:%Y-%m-%d}" in str(found.error)
    assert "updatecerts" in found.advice


async def test_for_another_name(bench: Bench, certificates: Certificates) -> None:
    context, _ = certificates.server("pve7", "pve7", "pve7.example.org")
    server = await bench.serve(Pve(), context=context)
    found = await examined(config_for(server, ca_file=str(certificates.ca_file)))
    assert (found.verdict, bytes(server.received)) == ("tls", b"")
    assert "it is for pve7, pve7.example.org, not for 127.0.0.1" in str(found.error)


@pytest.mark.parametrize(("days", "words"), [(31, "expired on"), (20, "ends in")])
async def test_a_pinned_one_at_its_end_is_a_warning(bench: Bench, days: int, words: str) -> None:
    server = await bench.serve(Pve(clock=NOW))
    first = await examined(bench.config(server))
    assert first.certificate is not None
    later = first.certificate.not_before.timestamp() + 30 * 86_400 + days * 86_400
    found = await examined(bench.config(server), now=lambda: later)
    assert found.success
    assert any(words in line for line in found.warnings)


async def test_one_that_its_authority_vouches_for(bench: Bench, certificates: Certificates) -> None:
    server = await bench.serve(Pve())
    found = await examined(config_for(server, ca_file=str(certificates.ca_file)))
    assert (found.success, found.is_trusted) == (True, True)
    assert by_name(found)["tls"].line == "TLSv1.3, certificate trusted by its CA"


async def test_one_that_nobody_checks_is_said_to_be_so(bench: Bench) -> None:
    server = await bench.serve(Pve())
    found = await examined(config_for(server, verify_ssl=False))
    assert (found.success, found.is_trusted) == (True, None)
    assert found.warnings == ("the certificate is not checked at all",)


async def test_a_ca_file_that_cannot_be_read(bench: Bench, tmp_path: Path) -> None:
    server = await bench.serve(Pve())
    found = await examined(config_for(server, ca_file=str(tmp_path / "none.pem")))
    assert (found.verdict, bytes(server.received)) == ("tls", b"")
    assert "cannot be read" in str(found.error)


async def test_plain_http_on_the_port(bench: Bench) -> None:
    server = await bench.serve(Pve(), context=None)
    found = await examined(bench.config(server), seconds={"tls": 0.2})
    assert (found.verdict, found.is_trusted, found.certificate) == ("tls", None, None)
    assert SECRET.encode() not in server.received


@pytest.mark.parametrize(
    ("greeting", "line"),
    [
        (b"HTTP/1.0 400 Bad Request\r\n\r\n", "is not TLS: something else listens on that port"),
        (b"", "closed the connection during the TLS handshake"),
        (None, "accepts connections but does not shake hands"),
    ],
)
async def test_something_else_on_the_port(bench: Bench, greeting: bytes | None, line: str) -> None:
    over = asyncio.Event()

    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if greeting is None:
            await over.wait()
        writer.write(greeting or b"")
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    config = ProxmoxConfig(
        host="127.0.0.1", port=server.sockets[0].getsockname()[1], username="root", fingerprints=(OTHER,)
    )
    found = await examined(config, seconds={"tls": 0.1} if greeting is None else {})
    over.set()
    server.close()
    await server.wait_closed()
    assert (found.verdict, found.exit_code) == ("tls", 10)
    assert line in str(found.error)


def test_a_certificate_that_changed_between_two_connections_is_a_matter_of_tls() -> None:
    found = not_let_in(CertificateError("seen AB, trusted CD"))
    assert (found.verdict, str(found)) == ("tls", "seen AB, trusted CD")
    assert "changed between two connections" in found.advice


def test_what_is_no_fault_of_the_network_is_one_of_the_login() -> None:
    found = not_let_in(ProxtuiError("no such thing"))
    assert (found.verdict, str(found)) == ("login", "no such thing")
