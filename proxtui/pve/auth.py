"""Who we are to PVE: an API token, or a ticket that is fetched, renewed and fetched anew."""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import unquote

from proxtui.errors import AuthenticationError, NotConfigured, ProxtuiError, TotpRequired, UnexpectedAnswer
from proxtui.pve.deadline import Deadline
from proxtui.pve.hiding import Hiding
from proxtui.pve.settings import ProxmoxConfig

AskTotp = Callable[[str], Awaitable[str]]
Login = Callable[[dict[str, str]], Awaitable[Any]]
"""Posts a form to ``/access/ticket`` and gives the ``data`` of the answer."""

RENEW_AFTER = (60 * 60.0, 90 * 60.0)
"""A ticket lives for 120 minutes; it is renewed at an age in between, drawn anew for each."""
MOST_LOGINS_PER_CALL = 2


@dataclass(frozen=True, slots=True)
class Ticket:
    """What ``POST /access/ticket`` gave us. No part of it shows in the repr."""

    value: str = field(repr=False)
    csrf: str = field(repr=False)
    username: str
    renew_at: float


class Auth(Protocol):
    """How requests are signed. ``mark`` is ``logins`` as it was when the call began."""

    logins: int
    who: str
    """``the API token root@pam!watch``, for error lines."""

    async def headers(self, method: str, deadline: Deadline, mark: int) -> dict[str, str]:
        """The headers that sign a request; logs in or renews first where that is due."""

    async def refused(self, headers: dict[str, str], deadline: Deadline, mark: int) -> bool:
        """The server said 401 to ``headers``: log in again. True when the request may be sent once more."""

    async def login(self, deadline: Deadline) -> bool:
        """Log in now. False when this way of signing has no login."""


class TokenAuth:
    """Signs with an API token: no login, no CSRF, nothing to renew."""

    def __init__(self, config: ProxmoxConfig) -> None:
        self.logins = 0
        self.who = f"the API token {config.full_token_id}"
        self._headers = {"Authorization": f"PVEAPIToken={config.full_token_id}={config.token_secret}"}

    async def headers(self, method: str, deadline: Deadline, mark: int) -> dict[str, str]:
        return self._headers

    async def refused(self, headers: dict[str, str], deadline: Deadline, mark: int) -> bool:
        return False

    async def login(self, deadline: Deadline) -> bool:
        return False


class TicketAuth:
    """Signs with a ticket. However many calls need a login at once, one is sent, and all share its end."""

    def __init__(
        self,
        config: ProxmoxConfig,
        login: Login,
        *,
        ask_totp: AskTotp | None = None,
        hiding: Hiding | None = None,
        now: Callable[[], float] = time.monotonic,
        rng: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self.logins = 0
        """Logins that came to an end, good or bad."""
        self.who = f"the login of {config.userid}"
        self._config = config
        self._post = login
        self._ask_totp = ask_totp
        self._hiding = hiding or Hiding()
        self._now = now
        self._rng = rng
        self._ticket: Ticket | None = None
        self._error: ProxtuiError | None = None
        self._lock = asyncio.Lock()

    async def headers(self, method: str, deadline: Deadline, mark: int) -> dict[str, str]:
        ticket = self._ticket
        if ticket is None or self._now() >= ticket.renew_at:
            ticket = await self._one_login(ticket, deadline, mark, renew=ticket is not None)
        # The cookie goes out raw: quoted it is another ticket to some versions.
        headers = {"Cookie": f"PVEAuthCookie={ticket.value}"}
        if method != "GET":
            headers["CSRFPreventionToken"] = ticket.csrf
        return headers

    async def refused(self, headers: dict[str, str], deadline: Deadline, mark: int) -> bool:
        ticket = self._ticket
        if ticket is not None and headers.get("Cookie") == f"PVEAuthCookie={ticket.value}":
            if self.logins - mark >= MOST_LOGINS_PER_CALL:
                return False
            await self._one_login(ticket, deadline, mark, renew=False)
        return True

    async def login(self, deadline: Deadline) -> bool:
        await self._one_login(self._ticket, deadline, self.logins, renew=False)
        return True

    async def _one_login(self, old: Ticket | None, deadline: Deadline, mark: int, *, renew: bool) -> Ticket:
        async with self._lock:
            if self._ticket is not None and self._ticket is not old:
                return self._ticket
            if self._error is not None and self.logins > mark:
                raise self._error
            try:
                ticket = await self._renewed(old, deadline) if renew and old else await self._from_password(deadline)
            except ProxtuiError as error:
                self.logins += 1
                self._error = error
                if isinstance(error, AuthenticationError):
                    self._ticket = None
                raise
            self.logins += 1
            self._error = None
            self._ticket = ticket
            return ticket

    async def _renewed(self, old: Ticket, deadline: Deadline) -> Ticket:
        """PVE takes an unexpired ticket for the password, and asks for no second factor then."""
        try:
            return self._ticket_of(await self._post({"username": old.username, "password": old.value}))
        except AuthenticationError:
            return await self._from_password(deadline)

    async def _from_password(self, deadline: Deadline) -> Ticket:
        password = self._config.password
        if not password or not self._config.userid:
            raise NotConfigured(f"no API token and no username with password for {self._config.endpoint}")
        data = await self._post({"username": self._config.userid, "password": password})
        if isinstance(data, dict) and data.get("NeedTFA"):
            data = await self._second_factor(data, deadline)
        return self._ticket_of(data)

    async def _second_factor(self, first: dict[str, Any], deadline: Deadline) -> Any:
        challenge = str(first.get("ticket", ""))
        self._hiding.learn(challenge)
        user = str(first.get("username") or self._config.userid)
        prompt = second_factor_prompt(challenge, user, self._config.endpoint)
        if self._ask_totp is None:
            raise TotpRequired(
                f"{user} needs a second factor to log in, and nobody can be asked",
                status=401,
                method="POST",
                path="/access/ticket",
            )
        async with deadline.paused():
            answer = (await self._ask_totp(prompt)).strip()
        if not answer:
            raise TotpRequired(
                f"{user} needs a second factor to log in, and none was given",
                status=401,
                method="POST",
                path="/access/ticket",
            )
        self._hiding.learn(answer)
        return await self._post({"username": user, "tfa-challenge": challenge, "password": factor(answer)})

    def _ticket_of(self, data: Any) -> Ticket:
        value, csrf, user = (
            data.get(key) if isinstance(data, dict) else None for key in ("ticket", "CSRFPreventionToken", "username")
        )
        if not (_is_header_safe(value) and _is_header_safe(csrf)):
            raise UnexpectedAnswer(
                "the login answered without a usable ticket", status=200, method="POST", path="/access/ticket"
            )
        self._hiding.learn(str(value), str(csrf))
        return Ticket(
            value=str(value),
            csrf=str(csrf),
            username=user if isinstance(user, str) and user else self._config.userid,
            renew_at=self._now() + self._rng(*RENEW_AFTER),
        )


def factor(answer: str) -> str:
    """What a person typed, as PVE wants it: a TOTP code is digits only, everything else is a recovery key."""
    digits = answer.replace(" ", "")
    if re.fullmatch(r"[0-9]{6,8}", digits):
        return f"totp:{digits}"
    return answer if answer.startswith(("totp:", "recovery:", "yubico:")) else f"recovery:{answer}"


def second_factor_prompt(challenge: str, user: str, endpoint: str) -> str:
    """The question to ask; ``AuthenticationError`` when the account offers no factor that can be typed."""
    offered = challenge_of(challenge)
    recovery = offered.get("recovery")
    ways = ["TOTP code"] if offered.get("totp") else []
    if recovery:
        left = f" ({len(recovery)} left)" if isinstance(recovery, list) else ""
        ways.append(f"recovery key{left}")
    if offered.get("yubico"):
        ways.append("yubico:… code")
    if not ways:
        names = ", ".join(sorted(str(name) for name, value in offered.items() if value)) or "none that is known"
        raise AuthenticationError(
            f"{user} can log in only with a second factor that a terminal cannot give ({names}); use an API token",
            status=401,
            method="POST",
            path="/access/ticket",
        )
    return f"{' or '.join(ways)} of {user} on {endpoint}"


def challenge_of(ticket: str) -> dict[str, Any]:
    """The factors PVE offers, as ``{"totp": True, "recovery": [0, 1]}``; they stand inside the first step's ticket."""
    found = re.search(r"!tfa!(.*):[0-9A-Fa-f]+::", ticket, re.DOTALL)
    if found is None:
        raise UnexpectedAnswer(
            "the login asks for a second factor in an unknown way", status=200, method="POST", path="/access/ticket"
        )
    try:
        offered = json.loads(unquote(found[1]))
    except (ValueError, RecursionError):
        offered = None
    if not isinstance(offered, dict):
        raise UnexpectedAnswer(
            "the login asks for a second factor in an unknown way", status=200, method="POST", path="/access/ticket"
        )
    return offered


def _is_header_safe(value: object) -> bool:
    """Whether ``value`` can stand in a cookie and a header as it is."""
    return isinstance(value, str) and re.fullmatch(r"[\x21-\x3a\x3c-\x7e]{1,4096}", value) is not None
