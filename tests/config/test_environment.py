"""One server from variables and flags."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxtui.config.environment import VARIABLES, ConnectionFlags, from_environment, wants_read_only
from proxtui.config.models import Config, Role, Server, Settings
from proxtui.errors import UsageError
from proxtui.sim.certificates import self_signed

TOKEN = {"PROXMOX_HOST": "pve1.example.com", "PROXMOX_TOKEN_ID": "mon@pve!tui", "PROXMOX_TOKEN_SECRET": "s3cret"}
USER = {"PROXMOX_HOST": "pve1", "PROXMOX_USERNAME": "root"}
PIN = ":".join(["AB"] * 32)
OTHER = ":".join(["0F"] * 32)


def read(environ: dict[str, str], **flags: Any) -> Config:
    config = from_environment(environ, overrides=ConnectionFlags(**flags))
    assert config is not None
    return config


def server(environ: dict[str, str], **flags: Any) -> Server:
    ((_, only),) = read(environ, **flags).servers()
    return only


def refused(environ: dict[str, str], **flags: Any) -> str:
    with pytest.raises(UsageError) as caught:
        from_environment(environ, overrides=ConnectionFlags(**flags))
    line = str(caught.value)
    assert line.isprintable()
    assert "s3cret" not in line
    return line


@pytest.mark.parametrize("environ", [{}, {"HOME": "/x"}, {"PROXMOX_HOST": " "}, {"PROXTUI_READ_ONLY": "1"}])
def test_nothing_set_is_none(environ: dict[str, str]) -> None:
    assert from_environment(environ) is None


def test_one_server_becomes_tenant_default_with_its_user_as_admin() -> None:
    config = read(TOKEN)
    (tenant,) = config.tenants
    (user,) = config.users
    assert (tenant.slug, tenant.name, tenant.servers[0].name) == ("default", "default", "pve1")
    assert (user.name, user.system_role, user.roles) == ("mon@pve", "admin", {"default": Role.ADMIN})


def test_defaults() -> None:
    only = server(USER)
    assert only.endpoints[0].label == "pve1:8006"
    assert (only.credentials.userid, only.deadline_ms, only.trust.mode) == ("root@pam", 30_000, "system")
    assert only.credentials.lacks_password, "whoever calls has to ask"


@pytest.mark.parametrize(
    ("host", "label", "name"),
    [
        ("pve1", "pve1:8006", "pve1"),
        ("PVE-1.Example.Com", "PVE-1.Example.Com:8006", "pve-1"),
        ("https://pve1:8006/", "pve1:8006", "pve1"),
        ("https://pve1/#v1:0:=node", "pve1:8006", "pve1"),
        ("pve1:443", "pve1:443", "pve1"),
        ("10.0.0.1", "10.0.0.1:8006", "10-0-0-1"),
        ("[::1]:8006", "[::1]:8006", "1"),
        ("fe80::1", "[fe80::1]:8006", "fe80-1"),
        ("https://[2001:db8::5]:443/", "[2001:db8::5]:443", "2001-db8-5"),
    ],
)
def test_hosts(host: str, label: str, name: str) -> None:
    only = server(USER | {"PROXMOX_HOST": host})
    assert (only.endpoints[0].label, only.name) == (label, name)


@pytest.mark.parametrize(
    "host", ["http://pve1", "a b", "[::1", "[pve1]:8006", "root@pve1", "pve1:0", "pve1:99999", "pve1:x", "-x", "a..b"]
)
def test_bad_hosts(host: str) -> None:
    assert refused(USER | {"PROXMOX_HOST": host}).startswith("PROXMOX_HOST: ")


def test_ports() -> None:
    assert server(USER | {"PROXMOX_PORT": "443"}).endpoints[0].port == 443
    assert server(USER | {"PROXMOX_PORT": "443"}, port=8443).endpoints[0].port == 8443
    assert server(USER | {"PROXMOX_HOST": "pve1:443", "PROXMOX_PORT": "443"}).endpoints[0].port == 443
    assert "PROXMOX_PORT: says 8006, but PROXMOX_HOST says 443" in refused(
        USER | {"PROXMOX_HOST": "pve1:443", "PROXMOX_PORT": "8006"}
    )
    assert refused(USER, port="x") == "--port: 'x' is not a port (1 to 65535)"


@pytest.mark.parametrize(
    ("environ", "flags", "userid"),
    [
        ({"PROXMOX_USERNAME": "root"}, {}, "root@pam"),
        ({"PROXMOX_USERNAME": "root@pve"}, {}, "root@pve"),
        ({"PROXMOX_USERNAME": "root", "PROXMOX_REALM": "pve"}, {}, "root@pve"),
        ({"PROXMOX_USERNAME": "root@pve", "PROXMOX_REALM": "pve"}, {}, "root@pve"),
        ({"PROXMOX_USERNAME": "root", "PROXMOX_REALM": "pve"}, {"realm": "ldap"}, "root@ldap"),
        ({"PROXMOX_USERNAME": "root"}, {"username": "anna@pve"}, "anna@pve"),
        ({"PROXMOX_USERNAME": "anna@corp.example@ad"}, {}, "anna@corp.example@ad"),
    ],
)
def test_users(environ: dict[str, str], flags: dict[str, str], userid: str) -> None:
    credentials = server({"PROXMOX_HOST": "pve1"} | environ, **flags).credentials
    assert f"{credentials.username}@{credentials.realm}" == userid


@pytest.mark.parametrize(
    ("environ", "flags", "userid"),
    [
        ({}, {}, "mon@pve"),
        ({"PROXMOX_USERNAME": "mon@pve"}, {}, "mon@pve"),
        ({"PROXMOX_USERNAME": "mon"}, {}, "mon@pve"),
        ({"PROXMOX_TOKEN_ID": "tui", "PROXMOX_USERNAME": "root"}, {}, "root@pam"),
        ({"PROXMOX_TOKEN_ID": "tui", "PROXMOX_USERNAME": "root@pve"}, {}, "root@pve"),
        ({}, {"token_id": "root@pam!other"}, "root@pam"),
        ({"PROXMOX_PASSWORD": "p"}, {}, "mon@pve"),
    ],
)
def test_tokens(environ: dict[str, str], flags: dict[str, str], userid: str) -> None:
    credentials = server(TOKEN | environ, **flags).credentials
    assert credentials.userid == userid
    assert f"{credentials.username}@{credentials.realm}" == userid
    assert not credentials.lacks_password


@pytest.mark.parametrize(
    ("environ", "flags", "line"),
    [
        ({"PROXMOX_TOKEN_ID": "a@pam!b"}, {}, "PROXMOX_TOKEN_ID is set, but no server"),
        ({}, {"username": "root"}, "--username is set, but no server"),
        ({"PROXMOX_TIMEOUT": "5000"}, {}, "PROXMOX_TIMEOUT is set, but no server: set PROXMOX_HOST or --host"),
        ({"PROXMOX_HOST": "pve1"}, {}, "no login: set PROXMOX_TOKEN_ID"),
        ({"PROXMOX_HOST": "pve1", "PROXMOX_PASSWORD": "s3cret"}, {}, "no login"),
        (USER | {"PROXMOX_TOKEN_ID": "x"}, {}, "PROXMOX_TOKEN_ID: PROXMOX_TOKEN_SECRET is missing"),
        (USER | {"PROXMOX_TOKEN_SECRET": "s3cret"}, {}, "PROXMOX_TOKEN_SECRET: PROXMOX_TOKEN_ID is missing"),
        (TOKEN | {"PROXMOX_TOKEN_ID": "tui"}, {}, "PROXMOX_TOKEN_ID: whose token?"),
        (TOKEN | {"PROXMOX_TOKEN_ID": "mon!tui"}, {}, "is not ID or USER@REALM!ID"),
        (TOKEN | {"PROXMOX_TOKEN_ID": "a@pam!b!c"}, {}, "is not ID or USER@REALM!ID"),
        (TOKEN | {"PROXMOX_USERNAME": "root"}, {}, "belongs to mon@pve, but the user is set to root"),
        (TOKEN | {"PROXMOX_REALM": "pam"}, {}, "belongs to realm pve, but the realm is set to pam"),
        (USER | {"PROXMOX_USERNAME": "root@pam"}, {"realm": "pve"}, "names realm pam, but --realm says pve"),
        (USER | {"PROXMOX_USERNAME": "root@"}, {}, "is not USER or USER@REALM"),
        (USER | {"PROXMOX_USERNAME": "root@pam!x"}, {}, "that is an API token"),
        (USER | {"PROXMOX_REALM": "a b"}, {}, "PROXMOX_REALM: 'a b' is not a realm"),
        (USER | {"PROXMOX_TIMEOUT": "30s"}, {}, "PROXMOX_TIMEOUT: '30s' is not a number of ms from 1000 to 600000"),
        (USER | {"PROXMOX_TIMEOUT": "999"}, {}, "PROXMOX_TIMEOUT"),
        (USER | {"PROXMOX_TIMEOUT": "600001"}, {}, "PROXMOX_TIMEOUT"),
        (USER | {"PROXMOX_VERIFY_SSL": "maybe"}, {}, "PROXMOX_VERIFY_SSL: 'maybe' is neither true nor false"),
        (USER | {"PROXMOX_VERIFY_SSL": "false"}, {}, "PROXMOX_VERIFY_SSL: allowed with an API token only"),
        (USER | {"PROXMOX_FINGERPRINT": "AB:CD"}, {}, "PROXMOX_FINGERPRINT: not a SHA-256"),
        (USER | {"PROXMOX_FINGERPRINT": "AB" * 20}, {}, "that is a SHA-1 fingerprint"),
        (USER | {"PROXMOX_FINGERPRINT": ","}, {}, "no fingerprint in it"),
        (USER | {"PROXMOX_CA_FILE": "/nonexistent/ca.pem"}, {}, "PROXMOX_CA_FILE: there is no file"),
        (TOKEN | {"PROXMOX_TOKEN_SECRET": "two words"}, {}, "PROXMOX_TOKEN_SECRET: is not the secret of a token"),
        (TOKEN | {"PROXMOX_TOKEN_ID": "mon@pve!7 up"}, {}, "PROXMOX_TOKEN_ID: 'mon@pve!7 up' is not ID or"),
        (TOKEN | {"PROXMOX_TOKEN_ID": "m n@pve!tui"}, {}, "PROXMOX_TOKEN_ID: 'm n@pve!tui' is not ID or"),
        (USER | {"PROXMOX_USERNAME": "ro ot"}, {}, "PROXMOX_USERNAME: 'ro ot' is not a user of PVE"),
        (USER, {"ca_file": "/x", "fingerprint": PIN}, "--fingerprint: cannot go together with --ca-file"),
        (USER | {"PROXMOX_CA_FILE": "/nonexistent/\x1b[2J"}, {}, "there is no file /nonexistent/?[2J"),
        (USER | {"PROXMOX_PASSWORD": "\udcff"}, {}, "PROXMOX_PASSWORD: is not UTF-8"),
        (USER, {"host": ""}, "--host: is empty"),
        (USER | {"PROXTUI_READ_ONLY": "perhaps"}, {}, "PROXTUI_READ_ONLY: 'perhaps' is neither"),
    ],
)
def test_mistakes_are_one_line_that_names_the_place(environ: dict[str, str], flags: dict[str, str], line: str) -> None:
    assert line in refused(environ, **flags)


def test_a_nonsense_read_only_is_never_a_no() -> None:
    with pytest.raises(UsageError, match="PROXTUI_READ_ONLY"):
        from_environment({"PROXTUI_READ_ONLY": "ja"})


@pytest.mark.parametrize("value", ["1", "true", "YES", "On"])
def test_read_only(value: str) -> None:
    assert read(USER | {"PROXTUI_READ_ONLY": value}).settings.read_only
    assert wants_read_only({"PROXTUI_READ_ONLY": value})


def test_read_only_by_flag_and_not() -> None:
    assert read(USER, read_only=True).settings.read_only
    assert read(USER | {"PROXTUI_READ_ONLY": "0"}, read_only=True).settings.read_only, "a flag never unlocks"
    assert not read(USER | {"PROXTUI_READ_ONLY": "off"}).settings.read_only
    assert not wants_read_only({})


@pytest.mark.parametrize(
    "spelling",
    [
        PIN,
        PIN.lower(),
        "ab" * 32,
        f"SHA256:{PIN}",
        f"sha256 Fingerprint={PIN}",
        f"SHA256 Fingerprint: {PIN}",
        f" {PIN} , {PIN.lower()}",
    ],
)
def test_fingerprints(spelling: str) -> None:
    trust = server(USER | {"PROXMOX_FINGERPRINT": spelling}).trust
    assert (trust.mode, trust.fingerprints) == ("fingerprint", (PIN,))


def test_several_fingerprints() -> None:
    assert server(USER | {"PROXMOX_FINGERPRINT": f"{PIN},{OTHER}"}).trust.fingerprints == (PIN, OTHER)


def test_trust(tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_bytes(self_signed(["pve1"], "lab").pem)
    assert server(TOKEN | {"PROXMOX_VERIFY_SSL": "no"}).trust.mode == "off"
    assert server(TOKEN | {"PROXMOX_VERIFY_SSL": "true"}).trust.mode == "system"
    assert server(USER | {"PROXMOX_CA_FILE": str(authority)}).trust.ca_file == authority
    # What is pinned is stricter than not looking at all.
    assert server(USER | {"PROXMOX_VERIFY_SSL": "0", "PROXMOX_FINGERPRINT": PIN}).trust.mode == "fingerprint"
    by_flag = server(USER | {"PROXMOX_FINGERPRINT": PIN}, ca_file=str(authority))
    assert by_flag.trust.mode == "ca", "a flag beats a variable"


def test_the_home_folder_is_found_also_in_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "ca.pem").write_bytes(self_signed(["pve1"], "lab").pem)
    assert server(USER | {"PROXMOX_CA_FILE": "~/ca.pem"}).trust.ca_file == tmp_path / "ca.pem"


def test_what_is_no_authority_is_said_of_the_variable(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").touch()
    for name, why in ((".", "is a folder; name the PEM file in it"), ("empty.pem", "holds no PEM certificate")):
        path = str(tmp_path / name)
        with pytest.raises(UsageError, match=re.escape(f"PROXMOX_CA_FILE: {path} {why}")):
            server(USER | {"PROXMOX_CA_FILE": path})


@pytest.mark.parametrize("name", ["host", "port", "username", "realm", "token_id", "fingerprint", "ca_file"])
def test_an_empty_flag_is_an_error_and_not_its_variable(name: str) -> None:
    flag = "--" + name.replace("_", "-")
    with pytest.raises(UsageError, match=f"{flag}: is empty"):
        server(TOKEN | {f"PROXMOX_{name.upper()}": "something"}, **{name: " "})


def test_a_password_keeps_its_blanks() -> None:
    password = server(USER | {"PROXMOX_PASSWORD": " a b "}).credentials.password
    assert password is not None
    assert password.get_secret_value() == " a b "


def test_secrets_are_never_flags() -> None:
    flags = {variable.flag for variable in VARIABLES if variable.flag}
    assert not any(re.search("secret|password", flag) for flag in flags)
    names = {"--" + name.replace("_", "-") for name in ConnectionFlags.__dataclass_fields__}
    # This one is about the dashboard, not about a connection.
    assert names | {"--sweep"} == flags


def test_every_variable_is_listed_once_and_explained() -> None:
    names = [variable.name for variable in VARIABLES]
    assert len(names) == len(set(names)) == 25
    assert all(variable.meaning for variable in VARIABLES)


TEXTS = st.one_of(st.none(), st.text(max_size=12), st.sampled_from(["pve1", "root@pam", "a!b", "[::1]:8006", PIN, "1"]))
NAMES = [variable.name for variable in VARIABLES]


@given(st.fixed_dictionaries(dict.fromkeys(NAMES, TEXTS)))
def test_whatever_is_set_ends_in_a_configuration_or_one_line(values: dict[str, str | None]) -> None:
    environ = {name: value for name, value in values.items() if value is not None}
    try:
        from_environment(environ)
    except UsageError as error:
        line = str(error)
    else:
        line = ""
    assert "\n" not in line


def test_the_slow_sweep_is_off_unless_somebody_asks_for_it() -> None:
    assert read(USER).settings.sweep == "off"
    assert read({**USER, "PROXTUI_SWEEP": "all"}).settings.sweep == "all"
    assert refused({**USER, "PROXTUI_SWEEP": "yes"}) == "PROXTUI_SWEEP: 'yes' is none of off, guests, backups, all"
    with pytest.raises(ValueError, match="sweep: needs one of off, guests, backups, all"):
        Settings(sweep="yes")  # type: ignore[arg-type]
