"""What a configuration accepts, and what it makes of it."""

import pytest

from proxtui.errors import InvalidInput
from proxtui.pve.settings import ProxmoxConfig, normal_fingerprint

PIN = ":".join(["AB"] * 32)


@pytest.mark.parametrize(
    ("given", "host", "port", "url"),
    [
        ("pve1", "pve1", 8006, "https://pve1:8006"),
        (" pve1.example.org. ", "pve1.example.org.", 8006, "https://pve1.example.org.:8006"),
        ("10.0.0.1", "10.0.0.1", 8006, "https://10.0.0.1:8006"),
        ("[::1]", "::1", 8006, "https://[::1]:8006"),
        ("fe80::1", "fe80::1", 8006, "https://[fe80::1]:8006"),
        ("[::1]:8443", "::1", 8443, "https://[::1]:8443"),
        ("https://pve1:8006/", "pve1", 8006, "https://pve1:8006"),
        ("HTTPS://pve1", "pve1", 8006, "https://pve1:8006"),
        ("https://pve1:8006/#v1:0:=node%2Fpve1:4:5::::8::", "pve1", 8006, "https://pve1:8006"),
        ("https://pve1:8443/?console=kvm&vmid=100", "pve1", 8443, "https://pve1:8443"),
        ("https://[fd00::1]:8006/#v1:0:18:4", "fd00::1", 8006, "https://[fd00::1]:8006"),
        ("pve1:443", "pve1", 443, "https://pve1:443"),
    ],
)
def test_hosts_in_every_spelling(given: str, host: str, port: int, url: str) -> None:
    config = ProxmoxConfig(host=given)
    assert (config.host, config.port, config.base_url) == (host, port, url)
    assert config.base_url == "https://" + config.endpoint


def test_the_port_that_was_given_wins_over_one_in_the_host() -> None:
    assert ProxmoxConfig(host="pve1:443", port=9000).port == 9000


@pytest.mark.parametrize(
    "host",
    ["", " ", "http://pve1", "pve1/api2", "a b", "user@pve1", "pve1:x", "[::1", "::zz", "-pve", "pve1?x", "p\nq"],
)
def test_hosts_that_cannot_be_meant(host: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        ProxmoxConfig(host=host)
    assert caught.value.field == "host"
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "userid", "token"),
    [
        ({"username": "root"}, "root@pam", None),
        ({"username": "root", "realm": "pve"}, "root@pve", None),
        ({"username": "anna@ldap", "realm": "pve"}, "anna@ldap", None),
        ({"username": "anna@example.org@ad"}, "anna@example.org@ad", None),
        ({"username": "root", "token_id": "watch"}, "root@pam", "root@pam!watch"),
        ({"token_id": "anna@pve!watch"}, "anna@pve", "anna@pve!watch"),
        ({"username": "root", "token_id": "anna@pve!watch"}, "anna@pve", "anna@pve!watch"),
        ({}, "", None),
    ],
)
def test_who_we_are(fields: dict[str, str], userid: str, token: str | None) -> None:
    config = ProxmoxConfig(host="pve1", **fields)
    assert (config.userid, config.full_token_id) == (userid, token)


def test_secrets_are_in_no_repr() -> None:
    config = ProxmoxConfig(host="pve1", username="root", password="hunter2", token_id="x!y", token_secret="s3cret")
    assert "hunter2" not in repr(config)
    assert "s3cret" not in repr(config)


def test_a_token_secret_with_a_line_end_is_refused_without_being_shown() -> None:
    with pytest.raises(InvalidInput) as caught:
        ProxmoxConfig(host="pve1", token_id="a@pve!b", token_secret="s3cret\r\nX: y")
    assert "s3cret" not in str(caught.value)


def test_trust() -> None:
    token = {"token_id": "root@pam!x", "token_secret": "s"}
    assert ProxmoxConfig(host="p").trust == "system"
    assert ProxmoxConfig(host="p", ca_file="ca.pem").trust == "ca"
    assert ProxmoxConfig(host="p", ca_file="ca.pem", fingerprints=(PIN,)).trust == "fingerprint"
    assert ProxmoxConfig(host="p", verify_ssl=False, **token).trust == "off"
    assert ProxmoxConfig(host="p", verify_ssl=False, fingerprints=(PIN,), **token).trust == "fingerprint"


@pytest.mark.parametrize(
    "fields", [{"username": "root", "password": "x"}, {}, {"token_id": "root@pam!x"}, {"username": "root"}]
)
def test_an_unverified_server_gets_nothing_but_an_api_token(fields: dict[str, str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        ProxmoxConfig(host="pve1", verify_ssl=False, **fields)
    assert caught.value.field == "verify_ssl"


@pytest.mark.parametrize("given", [PIN, PIN.lower(), PIN.replace(":", ""), "SHA256:" + PIN, f" {PIN} "])
def test_fingerprints_in_every_spelling(given: str) -> None:
    assert normal_fingerprint(given) == PIN
    assert ProxmoxConfig(host="p", fingerprints=(given,)).fingerprints == (PIN,)


@pytest.mark.parametrize("given", ["", "AB:CD", PIN + ":AB", PIN.replace("AB", "XY", 1), "sha1:" + PIN])
def test_fingerprints_that_are_none(given: str) -> None:
    with pytest.raises(InvalidInput):
        ProxmoxConfig(host="p", fingerprints=(given,))


@pytest.mark.parametrize(
    "fields",
    [
        {"port": 0},
        {"port": 65_536},
        {"port": True},
        {"timeout": 0},
        {"timeout": -5},
        {"realm": "a b"},
        {"username": "a b"},
        {"username": "x" * 65},
        {"token_id": "a@pve!"},
        {"token_id": "no user"},
        {"token_id": "orphan"},
    ],
)
def test_values_that_cannot_be_meant(fields: dict[str, object]) -> None:
    with pytest.raises(InvalidInput) as caught:
        ProxmoxConfig(host="pve1", **fields)  # type: ignore[arg-type]
    assert caught.value.field in fields
