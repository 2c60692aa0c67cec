"""Between what a form says of a server and its plain values in the file. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from proxtui.config.address import parse_address
from proxtui.config.server import DEFAULT_PORT, JumpHost
from proxtui.errors import InvalidInput
from proxtui.features.servers.models import NewServer, ServerChange, hop_and_key, jump_of

Plain = dict[str, Any]
TRUST = frozenset({"trust", "fingerprints", "ca_file", "trust_before", "fingerprints_before", "ca_file_before"})
"""What ``about_of`` tells of the trust in a server."""


def plain_server(new: NewServer) -> Plain:
    """A new server as it stands in the file, secrets in plain."""
    plain: Plain = {"endpoints": _endpoints(new.host, new.port, new.more_hosts or [])}
    return _with_more(plain, new)


def plain_change(before: Plain, change: ServerChange) -> Plain:
    """The server after a change. What is said as an empty text or list is taken away."""
    plain = {key: value for key, value in before.items()}
    first, *rest = plain["endpoints"]
    if change.host is not None or change.port is not None or change.more_hosts is not None:
        host = change.host or first["host"]
        port = change.port or (None if change.host else first.get("port"))
        more = change.more_hosts if change.more_hosts is not None else [_label(one) for one in rest]
        plain["endpoints"] = _endpoints(host, port, more)
    return _with_more(plain, change)


def _with_more(plain: Plain, said: NewServer | ServerChange) -> Plain:
    fields = said.model_fields_set
    _put(plain, "trust", _trust(said), gone=bool({"fingerprints", "ca_file"} & fields))
    _put(plain, "credentials", _credentials(said.token_id, said.token_secret, said.username, said.password))
    _put(plain, "monitor", _credentials(said.monitor_token_id, said.monitor_token_secret, None, None))
    if said.jumps is not None or said.jump_host_keys or said.jump_key_files:
        _put(plain, "jumps", jumps_of(said, plain.get("jumps", [])), gone=True)
    elif "jumps" in fields:
        plain.pop("jumps", None)
    for name in ("timeout_ms", "tailscale_hostname", "is_active", "use_tailscale", "use_learned_timeout"):
        _put(plain, name, getattr(said, name, None), gone=name in fields)
    if plain.get("tailscale_hostname") is None:
        plain.pop("use_tailscale", None)
    else:
        plain.setdefault("use_tailscale", True)
    return plain


def jumps_of(said: NewServer | ServerChange, before: list[Plain]) -> list[Plain]:
    """The jump hosts after a change; of a host that was one before, its keys stay, and of the same login its key file.

    InvalidInput when a key or file is of no jump host, or of one that is not said.
    """
    hops = [_kept(jump_of(one), before) for one in said.jumps] if said.jumps is not None else [{**h} for h in before]
    found: dict[int, list[str]] = {}
    for text in said.jump_host_keys or []:
        label, key = hop_and_key(text)
        found.setdefault(_hop_at("jump_host_keys", hops, label), []).append(key)
    for at, keys in found.items():
        hops[at]["host_keys"] = keys
    for text in said.jump_key_files or []:
        label, _, file = text.rpartition("=")
        hop = hops[_hop_at("jump_key_files", hops, label)]
        if hop.get("key_file") != file:
            hop.pop("key_passphrase", None)
        hop["key_file"] = file
    return hops


def _kept(hop: Plain, before: list[Plain]) -> Plain:
    old = next((one for one in before if _hop_label(one) == _hop_label(hop)), {})
    hop = ({"username": old["username"]} if old.get("username") else {}) | hop
    of_login = ("key_file", "key_passphrase") if hop.get("username", "") == old.get("username", "") else ()
    return hop | {name: old[name] for name in ("host_keys", *of_login) if name in old}


def _hop_at(field: str, hops: list[Plain], label: str) -> int:
    if label:
        wanted = JumpHost(host=label).label
        at = next((at for at, hop in enumerate(hops) if _hop_label(hop) == wanted), None)
    else:
        at = 0 if len(hops) == 1 else None
    if at is None:
        there = ", ".join(_hop_label(hop) for hop in hops) or "none"
        raise InvalidInput(field, label, f"needs HOST= before it, one of the jump hosts; there are {there}")
    return at


def _hop_label(hop: Plain) -> str:
    return JumpHost(**{name: hop[name] for name in ("host", "port") if name in hop}).label


def _put(plain: Plain, name: str, value: Any, *, gone: bool = False) -> None:
    """Set what is said; ``gone``: nothing was said, and that on purpose."""
    if value not in (None, {}, []):
        plain[name] = value
    elif gone:
        plain.pop(name, None)


def _trust(said: NewServer | ServerChange) -> Plain:
    if said.fingerprints:
        return {"mode": "fingerprint", "fingerprints": said.fingerprints}
    return {"mode": "ca", "ca_file": said.ca_file} if said.ca_file else {}


def _endpoints(host: str, port: int | None, more: list[str]) -> list[Plain]:
    first = parse_address(host)
    made = [{"host": first.host, "port": port or first.port or DEFAULT_PORT}]
    for text in more:
        address = parse_address(text)
        made.append({"host": address.host, "port": address.port or DEFAULT_PORT})
    return made


def _label(endpoint: Mapping[str, Any]) -> str:
    host = str(endpoint["host"])
    bare = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"{bare}:{endpoint['port']}" if endpoint.get("port") else bare


def _credentials(
    token_id: str | None, secret: SecretStr | None, username: str | None, password: SecretStr | None
) -> Plain:
    if token_id is not None and secret is not None:
        return {"token_id": token_id, "token_secret": secret.get_secret_value()}
    if username is None:
        return {}
    return {"username": username} | ({"password": password.get_secret_value()} if password else {})


def about_of(plain: Plain, before: Plain | None = None) -> dict[str, str]:
    """What the audit tells of a server: of a change only what differs, of credentials only whose they are."""
    before = before or {}
    differs = {name for name in {*plain, *before} if plain.get(name) != before.get(name)}
    told: dict[str, str] = {}
    if "endpoints" in differs:
        told["endpoints"] = " ".join(_label(one) for one in plain["endpoints"])
    if "trust" in differs:
        told |= _trust_told(plain, "") | (_trust_told(before, "_before") if before else {})
    for part in ("credentials", "monitor"):
        if part in differs:
            held = plain.get(part, {})
            told[part] = str(held.get("token_id") or held.get("username") or "-")
    if "jumps" in differs:
        told["jumps"] = " ".join(_hop_label(one) for one in plain.get("jumps", ())) or "-"
        told["jump_host_keys"] = " ".join(key for one in plain.get("jumps", ()) for key in one.get("host_keys", ()))
    for name in ("timeout_ms", "tailscale_hostname", "use_tailscale", "is_active", "use_learned_timeout"):
        if name in differs:
            told[name] = str(plain.get(name, "-"))
    return told


def _trust_told(plain: Plain, when: str) -> dict[str, str]:
    trust = plain.get("trust", {})
    told = {"trust": trust.get("mode", "system"), "fingerprints": " ".join(trust.get("fingerprints", ()))}
    if trust.get("ca_file"):
        told["ca_file"] = trust["ca_file"]
    return {f"{name}{when}": str(text) for name, text in told.items()}


def event_of(about: Mapping[str, str]) -> str:
    """What the audit calls a change of a server: a change of nothing but its pins has a name of its own."""
    if set(about) - TRUST:
        return "servers.update"
    now, before = (set(about.get(name, "").split()) for name in ("fingerprints", "fingerprints_before"))
    if not now:
        return "servers.update"
    return "tls.pin_added" if before <= now else "tls.pin_changed"
