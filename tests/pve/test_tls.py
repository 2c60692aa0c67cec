"""A wrong certificate gets no byte of ours; the right one is known by a pin, an authority or the system's store."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest

from proxtui.errors import CertificateError, InvalidInput, NetworkError
from proxtui.pve import tls
from proxtui.pve.client import ProxmoxClient
from proxtui.pve.settings import ProxmoxConfig
from proxtui.pve.tls import context_for, probe_certificate

from .conftest import SECRET, Bench, Shown
from .servers import Certificates, answer, ok

OTHER = ":".join(["AB"] * 32)


def version(_: object) -> bytes:
    return ok({"version": "9.2"})


async def test_the_pinned_certificate_is_trusted_whatever_its_name(bench: Bench, certificates: Certificates) -> None:
    context, pin = certificates.server("elsewhere.example.org")
    server = await bench.serve(version, context=context)
    client = await bench.client(server, fields={"fingerprints": (OTHER, pin)})
    assert await client.get("/version") == {"version": "9.2"}


async def test_an_expired_certificate_is_good_when_pinned(bench: Bench, certificates: Certificates) -> None:
    context, pin = certificates.server("old", "127.0.0.1", expired=True)
    server = await bench.serve(version, context=context)
    client = await bench.client(server, fields={"fingerprints": (pin,)})
    assert await client.get("/version") == {"version": "9.2"}


@pytest.mark.parametrize("with_password", [False, True])
async def test_another_certificate_gets_nothing_of_ours(bench: Bench, shown: Shown, with_password: bool) -> None:
    server = await bench.serve(version)
    client = await bench.client(server, with_password=with_password, fields={"fingerprints": (OTHER,)})
    with pytest.raises(CertificateError) as caught:
        await client.get("/version")
    assert bytes(server.received) == b""
    assert server.requests == []
    assert (caught.value.seen, caught.value.expected) == (shown.fingerprint, (OTHER,))
    line = str(caught.value)
    assert f"seen {shown.fingerprint}, expected {OTHER}" in line
    assert f"--fingerprint {shown.fingerprint}" in line
    assert "PROXMOX_FINGERPRINT" in line
    assert "\n" not in line
    assert (caught.value.stage, caught.value.exit_code) == ("tls", 10)


async def test_a_write_to_another_certificate_is_no_unknown_outcome(bench: Bench) -> None:
    server = await bench.serve(version)
    client = await bench.client(server, fields={"fingerprints": (OTHER,)})
    with pytest.raises(CertificateError):
        await client.post("/nodes/pve1/qemu/100/status/start")
    assert bytes(server.received) == b""


async def test_a_certificate_that_changes_is_refused_at_the_next_handshake(
    bench: Bench, certificates: Certificates
) -> None:
    first = await bench.serve(lambda _: answer(200, "OK", b'{"data":1}', connection=("close",)))
    client = await bench.client(first)
    assert await client.get("/version") == 1
    await first.__aexit__(None, None, None)
    context, _ = certificates.server("pve1", "127.0.0.1")
    second = await bench.serve(version, context=context, port=first.port)
    with pytest.raises(CertificateError):
        await client.get("/version")
    assert bytes(second.received) == b""


async def test_an_authority_made_by_an_old_pve_is_good(bench: Bench, certificates: Certificates) -> None:
    server = await bench.serve(version)
    client = await bench.client(server, fields={"fingerprints": (), "ca_file": str(certificates.ca_file)})
    assert await client.get("/version") == {"version": "9.2"}


@pytest.mark.parametrize("kind", ["other name", "expired"])
async def test_an_authority_still_checks_name_and_date(bench: Bench, certificates: Certificates, kind: str) -> None:
    names = ("pve2",) if kind == "other name" else ("127.0.0.1",)
    context, pin = certificates.server("pve2", *names, expired=kind == "expired")
    server = await bench.serve(version, context=context)
    client = await bench.client(server, fields={"fingerprints": (), "ca_file": str(certificates.ca_file)})
    with pytest.raises(CertificateError, match="expired" if kind == "expired" else "IP address mismatch") as caught:
        await client.get("/version")
    assert caught.value.seen == pin
    assert bytes(server.received) == b""


async def test_the_system_store_does_not_know_a_self_made_authority(bench: Bench, shown: Shown) -> None:
    server = await bench.serve(version)
    client = await bench.client(server, fields={"fingerprints": ()})
    with pytest.raises(CertificateError, match="is not trusted") as caught:
        await client.get("/version")
    assert caught.value.seen == shown.fingerprint
    assert f"--fingerprint {shown.fingerprint}" in str(caught.value)
    assert bytes(server.received) == b""


async def test_off_trusts_anybody_with_a_token(bench: Bench) -> None:
    server = await bench.serve(version)
    client = await bench.client(server, fields={"fingerprints": (), "verify_ssl": False})
    assert await client.get("/version") == {"version": "9.2"}


async def test_the_environment_changes_nothing(
    bench: Bench, certificates: Certificates, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    keys = tmp_path / "keys.log"
    tls._context.cache_clear()
    for name, value in {
        "SSL_CERT_FILE": str(certificates.ca_file),
        "SSLKEYLOGFILE": str(keys),
        "HTTPS_PROXY": "http://127.0.0.1:1",
        "ALL_PROXY": "http://127.0.0.1:1",
    }.items():
        monkeypatch.setenv(name, value)
    server = await bench.serve(version)
    pinned = await bench.client(server)
    assert await pinned.get("/version") == {"version": "9.2"}
    by_system = await bench.client(server, fields={"fingerprints": ()})
    with pytest.raises(CertificateError):
        await by_system.get("/version")
    assert not keys.exists()
    tls._context.cache_clear()


def test_contexts_are_shared_and_strict_about_versions(certificates: Certificates) -> None:
    one = ProxmoxConfig(host="a", fingerprints=(OTHER,))
    two = ProxmoxConfig(host="b", fingerprints=(OTHER.lower(),))
    assert context_for(one) is context_for(two)
    assert context_for(one) is not context_for(ProxmoxConfig(host="a"))
    by_authority = context_for(ProxmoxConfig(host="a", ca_file=str(certificates.ca_file)))
    assert by_authority.check_hostname
    assert by_authority.verify_mode is ssl.CERT_REQUIRED
    assert not by_authority.verify_flags & ssl.VERIFY_X509_STRICT
    assert by_authority.minimum_version is ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("content", [None, "", "not a certificate"])
def test_an_authority_that_cannot_be_read(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InvalidInput) as caught:
        ProxmoxClient(ProxmoxConfig(host="pve1", ca_file=str(path)))
    assert caught.value.field == "ca_file"


async def test_a_probe_shows_the_certificate_and_sends_nothing(bench: Bench, shown: Shown) -> None:
    server = await bench.serve(version)
    info = await probe_certificate("127.0.0.1", server.port)
    assert info.fingerprint == shown.fingerprint
    assert info.subject == "CN=pve1"
    assert info.issuer == "CN=Proxmox Virtual Environment"
    assert info.names == ("pve1", "localhost", "127.0.0.1")
    assert info.not_before < info.not_after
    assert bytes(server.received) == b""


@pytest.mark.parametrize(
    ("says", "line"),
    [
        (b"HTTP/1.1 301 Moved\r\nLocation: https://pve1:8006/\r\nContent-Length: 0\r\n\r\n", "is not TLS"),
        (b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n", "is not TLS"),
        (b"", "not TLS on that port"),
        # A TLS alert: fatal, protocol_version.
        (b"\x15\x03\x01\x00\x02\x02\x46", "older than 1.2"),
    ],
)
async def test_what_is_no_tls_we_accept(says: bytes, line: str) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(says)
        await writer.drain()
        writer.close()

    listener = await asyncio.start_server(speak, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    config = ProxmoxConfig(host="127.0.0.1", port=port, token_id="a@pve!b", token_secret=SECRET)
    async with listener, ProxmoxClient(config) as client:
        for ask in (client.get, client.post):
            with pytest.raises(NetworkError, match=line) as caught:
                await ask("/nodes/pve1/status")
            assert caught.value.stage == "tls"
