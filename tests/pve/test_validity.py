"""When a certificate expires, by its bytes; and what a connection learns of it."""

from __future__ import annotations

import asyncio
import datetime
import os

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from proxtui.pve.validity import expires_at

from .conftest import Bench
from .servers import Certificates, ok


@pytest.mark.parametrize("year", [1999, 2026, 2049, 2050, 2126])
def test_years_of_two_and_of_four_digits(year: int) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pve1" * 10)])
    until = datetime.datetime(year, 3, 4, 5, 6, 7, tzinfo=datetime.UTC)
    made = x509.CertificateBuilder(
        issuer_name=name, subject_name=name, public_key=key.public_key(), serial_number=x509.random_serial_number()
    )
    made = made.not_valid_before(until - datetime.timedelta(days=9)).not_valid_after(until)
    der = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    assert expires_at(der) == until.timestamp()


@pytest.mark.parametrize("cut", [0, 1, 2, 5, 20, 40, 60, 80])
def test_no_certificate_has_no_end(cut: int) -> None:
    assert expires_at(os.urandom(cut)) is None
    assert expires_at(b"\x30\x82\x04\xdf"[:cut] + b"\x30" * cut) is None


async def test_a_client_knows_when_what_it_saw_expires(bench: Bench, certificates: Certificates) -> None:
    context, pin = certificates.server("old", "127.0.0.1", expired=True)
    server = await bench.serve(lambda _: ok(1), context=context)
    client = await bench.client(server, fields={"fingerprints": (pin,)})
    assert client.certificate_expires is None
    await client.get("/version")
    yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    assert client.certificate_expires == pytest.approx(yesterday.timestamp(), abs=120)


async def test_what_lies_idle_is_dropped_and_what_travels_is_not(bench: Bench, certificates: Certificates) -> None:
    go_on = asyncio.Event()
    waiting = asyncio.Event()

    async def answer(seen: object) -> bytes:
        if getattr(seen, "path", "") == "/nodes":
            waiting.set()
            await go_on.wait()
        return ok(1)

    context, pin = certificates.server("pve1", "127.0.0.1")
    server = await bench.serve(answer, context=context)
    client = await bench.client(server, fields={"fingerprints": (pin,)})
    await client.get("/version")
    await client.get("/version")
    assert server.connections == 1
    await client.drop_idle()
    await client.get("/version")
    assert server.connections == 2, "what was open before the sleep is not used again"
    under_way = asyncio.create_task(client.get("/nodes"))
    await waiting.wait()
    await client.drop_idle()
    go_on.set()
    assert await under_way == 1
