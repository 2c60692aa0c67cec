"""Who is asking: tickets, CSRF tokens, API tokens and the second factor, all as Proxmox VE does them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from typing import Any
from urllib.parse import unquote

from proxtui.sim.api import Refused
from proxtui.sim.roles import Identity, privileges
from proxtui.sim.state import User
from proxtui.sim.world import Site

LIFE = 7200
SKEW = 300
COOKIE = "PVEAuthCookie"
TOKEN = re.compile(r"PVEAPIToken[= ](?P<user>[^!\s]+)!(?P<name>[^=\s]+)=(?P<secret>\S+)")

CAPABILITIES = {
    "vms": ("VM.", "/vms"),
    "storage": ("Datastore.", "/storage"),
    "nodes": ("Sys.", "/nodes"),
    "access": ("User.|Group.|Realm.", "/access"),
    "dc": ("Sys.Audit|Sys.Modify|SDN.", "/"),
    "sdn": ("SDN.", "/sdn"),
    "mapping": ("Mapping.", "/mapping"),
}


def signature_of(site: Site, text: str) -> str:
    """256 bytes in base64, as long as the RSA signature of the real thing."""
    block = hmac.new(site.key, text.encode(), hashlib.sha512).digest()
    return base64.b64encode(block * 4).decode()


def make_ticket(site: Site, subject: str, now: float) -> str:
    plain = f"PVE:{subject}:{int(now):08X}"
    return f"{plain}::{signature_of(site, plain)}"


def open_ticket(site: Site, ticket: str, now: float) -> str | None:
    """The subject of a ticket, or None when it is false, too old or withdrawn."""
    plain, sign, signature = ticket.partition("::")
    match = re.fullmatch(r"PVE:(.+):([0-9A-Fa-f]{8})", plain)
    if not sign or match is None or not hmac.compare_digest(signature.encode(), signature_of(site, plain).encode()):
        return None
    made = int(match[2], 16)
    if not -SKEW <= now - made <= LIFE:
        return None
    return match[1]


def make_csrf(site: Site, userid: str, now: float) -> str:
    stamp = f"{int(now):08X}"
    block = hmac.new(site.key, f"csrf:{stamp}:{userid}".encode(), hashlib.sha256).digest()
    return f"{stamp}:{base64.b64encode(block).decode().rstrip('=')}"


def csrf_ok(site: Site, userid: str, given: str | None, now: float) -> bool:
    stamp = (given or "").partition(":")[0]
    if given is None or not re.fullmatch(r"[0-9A-F]{8}", stamp):
        return False
    made = int(stamp, 16)
    right = make_csrf(site, userid, made)
    return -SKEW <= now - made <= LIFE and hmac.compare_digest(right.encode(), given.encode())


def cookie_ticket(headers: dict[str, str]) -> str | None:
    """The ticket of the cookie, raw or percent-encoded; the Authorization header comes second."""
    for part in headers.get("cookie", "").split(";"):
        name, sign, value = part.strip().partition("=")
        if sign and name == COOKIE:
            return unquote(value) if "%" in value and "::" not in value else value
    authorization = headers.get("authorization", "")
    if authorization.startswith(f"{COOKIE}="):
        return authorization.removeprefix(f"{COOKIE}=")
    return None


def identify(site: Site, method: str, headers: dict[str, str], now: float) -> Identity:
    """Who asks. Raises the slow 401 with an empty body."""
    ticket = cookie_ticket(headers)
    if ticket is not None:
        subject = open_ticket(site, ticket, now)
        user = site.users.get(subject or "")
        if user is None or not user.enable:
            raise unauthorised("Authentication failed!")
        if method != "GET" and not csrf_ok(site, user.userid, headers.get("csrfpreventiontoken"), now):
            raise unauthorised("Permission denied - invalid csrf token")
        return Identity(user.userid)
    authorization = headers.get("authorization", "")
    if not authorization.startswith("PVEAPIToken"):
        raise unauthorised("No ticket")
    match = TOKEN.fullmatch(authorization)
    token = site.tokens.get(f"{match['user']}!{match['name']}") if match else None
    owner = site.users.get(token.userid) if token else None
    if match is None or token is None or owner is None or not owner.enable:
        raise unauthorised("Authentication failed!")
    if not hmac.compare_digest(token.secret.encode(), match["secret"].encode()):
        raise unauthorised("Authentication failed!")
    return Identity(token.userid, token.name)


def unauthorised(reason: str) -> Refused:
    return Refused(401, reason, empty=True, slow=True)


def wrong_login() -> Refused:
    """A login that failed does have a body, unlike every other 401."""
    return Refused(401, "authentication failure", slow=True)


def log_in(site: Site, params: dict[str, Any], now: float) -> dict[str, Any]:
    """``POST /access/ticket``: a full ticket, or the challenge for a second factor. Raises a slow 401."""
    username, realm = str(params["username"]), params.get("realm")
    userid = username if "@" in username or not realm else f"{username}@{realm}"
    user = site.users.get(userid)
    password = str(params["password"])
    if user is None or not user.enable:
        raise wrong_login()
    challenge = params.get("tfa-challenge")
    if challenge is not None:
        if not _second_factor(site, user, str(challenge), password, now):
            raise wrong_login()
    elif password.startswith("PVE:"):
        if open_ticket(site, password, now) != userid:
            raise wrong_login()
    elif not hmac.compare_digest(password.encode(), user.password.encode()):
        raise wrong_login()
    elif user.totp or any(user.recovery):
        return _challenge(site, user, now)
    return full_ticket(site, user.userid, now)


def full_ticket(site: Site, userid: str, now: float) -> dict[str, Any]:
    data: dict[str, Any] = {
        "username": userid,
        "ticket": make_ticket(site, userid, now),
        "CSRFPreventionToken": make_csrf(site, userid, now),
        "cap": _capabilities(site, Identity(userid)),
    }
    if site.cluster:
        data["clustername"] = site.cluster
    return data


def _capabilities(site: Site, who: Identity) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for area, (starts, path) in CAPABILITIES.items():
        wanted = (*starts.split("|"), "Permissions.Modify")
        found[area] = {name: 1 for name in privileges(site, who, path) if name.startswith(wanted)}
    return found


def _challenge(site: Site, user: User, now: float) -> dict[str, Any]:
    offer: dict[str, Any] = {}
    if user.totp:
        offer["totp"] = True
    if any(user.recovery):
        offer["recovery"] = [index for index, key in enumerate(user.recovery) if key]
    text = json.dumps(offer, separators=(",", ":")).replace(":", "%3A")
    return {
        "NeedTFA": 1,
        "username": user.userid,
        "ticket": make_ticket(site, f"!tfa!{text}", now),
        "CSRFPreventionToken": make_csrf(site, user.userid, now),
    }


def _second_factor(site: Site, user: User, challenge: str, answer: str, now: float) -> bool:
    subject = open_ticket(site, challenge, now)
    if subject is None or not subject.startswith("!tfa!"):
        return False
    kind, _, value = answer.partition(":")
    if kind == "totp":
        return user.totp is not None and hmac.compare_digest(value.encode(), user.totp.encode())
    if kind == "recovery" and value in user.recovery:
        user.recovery[user.recovery.index(value)] = None
        return True
    return False
