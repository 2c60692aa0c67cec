"""The client of one PVE endpoint: every request of proxtui to PVE passes ``ProxmoxClient``."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from contextlib import nullcontext
from types import TracebackType
from typing import Any

import httpx

from proxtui.errors import (
    ApiError,
    AuthenticationError,
    DeadlineExceeded,
    InvalidInput,
    NetworkError,
    OutcomeUnknown,
    ProxtuiError,
    UnexpectedAnswer,
)
from proxtui.pve import answers
from proxtui.pve.answers import Reply
from proxtui.pve.auth import AskTotp, Auth, TicketAuth, TokenAuth
from proxtui.pve.connections import Way
from proxtui.pve.deadline import Deadline
from proxtui.pve.dialing import Dialer
from proxtui.pve.hiding import Hiding
from proxtui.pve.limits import RateLimiter
from proxtui.pve.lock import Lock, always, check
from proxtui.pve.paths import API_ROOT, Params, checked, encoded
from proxtui.pve.settings import ProxmoxConfig
from proxtui.pve.uploads import Upload
from proxtui.pve.wire import Call, Wire

Observe = Callable[[float | None, str, int], None]
"""Told of each call that ended: seconds to its answer, or None; the class of its error, or ""; how often it was sent
again. ``seconds`` is without the waiting for a slot and for the limiter, and None for an upload."""

MOST_AT_ONCE = 4
UPLOAD_SILENCE = 120_000
_PERHAPS_DONE = frozenset({502, 504, 596, 599})
"""The node or server behind the one that answered did not: what it was asked to do may be done."""
_OF_TASKS = re.compile(r"/tasks(/|$)|/(sys)?log$|/journal$")
"""Answers that tell what programs said: of our secrets they may hold what a program was given."""
_REFUSALS = frozenset({400, 403, 404, 405, 500, 501})
"""PVE answered, and said no: nothing is wrong with the way to it."""


class ProxmoxClient:
    """Asks one endpoint. At most four requests run at once; ``timeout`` (ms) is the total deadline of a call.

    A GET that dies on a connection that had been kept open is sent once more. A request that was answered with 401
    was not carried out, so after a new login it is sent once more, whatever its method. Nothing else is ever repeated:
    a change whose answer is lost ends as ``OutcomeUnknown``. Every error is a ``ProxtuiError``.

    ``lock`` is asked before each change and gives the reason why it may not be sent, or None; ``read_only`` is the
    lock that never opens. The login always passes. ``backend`` is another way than this machine's own network.
    ``observe`` hears of every call, the login too, once it ended; never of its path or content. ``timeout`` may be
    set to another usual deadline at any time.
    """

    def __init__(  # noqa: PLR0913  each is optional and given by name
        self,
        config: ProxmoxConfig,
        *,
        read_only: bool = False,
        lock: Lock | None = None,
        limiter: RateLimiter | None = None,
        ask_totp: AskTotp | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        backend: Way | None = None,
        now: Callable[[], float] = time.monotonic,
        observe: Observe | None = None,
    ) -> None:
        self.config = config
        self.timeout = config.timeout
        """Total deadline of a call that says none, in ms."""
        self._observe = observe
        self.read_only = read_only
        self._limiter = limiter
        self._lock = always if read_only else lock
        self._wire = Wire(config, lock=self._lock, transport=transport, way=backend)
        self._slots = asyncio.Semaphore(MOST_AT_ONCE)
        # A node behind the server may hang for 30 s; calls to nodes never hold the slot that the next poll needs.
        self._node_slots = asyncio.Semaphore(MOST_AT_ONCE - 1)
        self._hiding = Hiding(config.token_secret, config.password)
        self._auth: Auth
        if config.full_token_id and config.token_secret:
            self._auth = TokenAuth(config)
        else:
            self._auth = TicketAuth(config, self._login, ask_totp=ask_totp, hiding=self._hiding, now=now)
        self.dialer = Dialer(config, self._auth, self._lock, backend, self._hiding)

    @property
    def requests_sent(self) -> int:
        """All requests handed to the network so far, logins and repetitions too."""
        return self._wire.requests_sent

    @property
    def certificate_expires(self) -> float | None:
        """Seconds since the epoch: of the certificate that was shown last; None before the first handshake."""
        return self._wire.certificate_expires

    async def drop_idle(self) -> None:
        """Close connections that nothing travels on; the next request opens its own."""
        await self._wire.drop_idle()

    async def __aenter__(self) -> ProxmoxClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections. Every call afterwards is a ``UsageError``."""
        self.dialer.close()
        await self._wire.aclose()

    async def authenticate(self) -> None:
        """Log in now (POST /access/ticket), or with a token see whether it is good (GET /version)."""
        self.dialer.require_open()
        deadline = Deadline(self.timeout / 1000)
        try:
            async with deadline:
                done = await self._auth.login(deadline)
        except TimeoutError:
            raise _too_late(self.dialer, self.config.endpoint, Call("POST", "/access/ticket"), deadline) from None
        if not done:
            await self.get("/version")

    async def get(self, path: str, *, params: Params | None = None, timeout: int | None = None) -> Any:  # noqa: ASYNC109
        """The ``data`` of ``path``, decoded and cleaned."""
        call = Call("GET", checked(path), encoded(params))
        data = answers.data_of(await self._answered(call, timeout), call.method, call.path)
        return self._hiding.told(data) if _OF_TASKS.search(call.path) else data

    async def read(self, path: str, *, params: Params | None = None, timeout: int | None = None) -> bytes:  # noqa: ASYNC109
        """The JSON body of a GET as it came, at most 16 MiB; whoever decodes it must clean it."""
        call = Call("GET", checked(path), encoded(params))
        body = answers.require_json(await self._answered(call, timeout), call.method, call.path)
        if not _OF_TASKS.search(call.path):
            return body
        text = body.decode("utf-8", "replace")
        shown = self._hiding(text)
        return body if shown == text else shown.encode()

    async def post(
        self,
        path: str,
        data: Params | None = None,
        *,
        params: Params | None = None,
        timeout: int | None = None,  # noqa: ASYNC109
    ) -> Any:
        """POST ``data`` as a form; gives the answer's ``data``, most often a UPID."""
        return await self._write(Call("POST", checked(path), encoded(params), encoded(data)), timeout)

    async def put(
        self,
        path: str,
        data: Params | None = None,
        *,
        params: Params | None = None,
        timeout: int | None = None,  # noqa: ASYNC109
    ) -> Any:
        """PUT ``data`` as a form; gives the answer's ``data``, most often None."""
        return await self._write(Call("PUT", checked(path), encoded(params), encoded(data)), timeout)

    async def delete(self, path: str, *, params: Params | None = None, timeout: int | None = None) -> Any:  # noqa: ASYNC109
        """DELETE; the parameters go in the query, because PVE refuses a body here."""
        return await self._write(Call("DELETE", checked(path), encoded(params)), timeout)

    async def upload(self, path: str, upload: Upload, *, timeout: int | None = None) -> Any:  # noqa: ASYNC109
        """POST a file; gives the answer's ``data``, most often a UPID.

        ``timeout`` (ms, two minutes) is about silence: it begins anew with every piece that went out.
        """
        call = Call("POST", checked(path), upload=upload)
        return await self._write(call, UPLOAD_SILENCE if timeout is None else timeout)

    async def _write(self, call: Call, timeout: int | None) -> Any:  # noqa: ASYNC109
        if self._lock is not None:
            # The transport would refuse it too; asked here, not even a login is sent for it.
            check(call.method, API_ROOT + call.path, self._lock)
        try:
            return answers.data_of(await self._answered(call, timeout), call.method, call.path)
        except UnexpectedAnswer as error:
            if not 200 <= error.status < 300 and error.status not in _PERHAPS_DONE:
                raise
            # It was accepted, or may have been, and what came of it cannot be read.
            raise _unknown(call, error) from error

    async def _answered(self, call: Call, timeout: int | None) -> Reply:  # noqa: ASYNC109
        """The good answer to ``call`` within its deadline; every other end is an error."""
        self.dialer.require_open()
        milliseconds = self.timeout if timeout is None else timeout
        if milliseconds <= 0:
            raise InvalidInput("timeout", timeout, "milliseconds, more than 0")
        deadline = Deadline(milliseconds / 1000)
        if call.upload is not None:
            call.upload.moved = deadline.renew
        mark = self._auth.logins
        # An upload takes minutes, on a connection of its own: no poll waits for it.
        slot = self._slots if call.upload is None else nullcontext()
        node_slot = self._node_slots if call.upload is None and call.path.startswith("/nodes/") else nullcontext()
        try:
            async with deadline, node_slot, slot:
                reply = await self._signed(call, deadline, mark)
        except TimeoutError:
            late = _too_late(self.dialer, self.config.endpoint, call, deadline)
            _tell(self._observe, call, late)
            if call.is_write and call.may_have_been_sent():
                raise _unknown(call, late) from None
            raise late from None
        except ProxtuiError as error:
            if call.sent:
                _tell(self._observe, call, error)
            raise
        if 200 <= reply.status < 300:
            _tell(self._observe, call)
            return reply
        refusal = _refusal(self._auth.who, reply, call, self._hiding)
        _tell(self._observe, call, refusal)
        if call.is_write and reply.status in _PERHAPS_DONE:
            raise _unknown(call, refusal) from refusal
        raise refusal

    async def _signed(self, call: Call, deadline: Deadline, mark: int) -> Reply:
        if call.is_login:
            return await self._attempt(call, {}, deadline)
        headers = await self._auth.headers(call.method, deadline, mark)
        reply = await self._attempt(call, headers, deadline)
        if call.can_be_sent_again and reply.status == 401 and await self._auth.refused(headers, deadline, mark):
            reply = await self._attempt(call, await self._auth.headers(call.method, deadline, mark), deadline)
        return reply

    async def _attempt(self, call: Call, headers: dict[str, str], deadline: Deadline) -> Reply:
        try:
            return await self._send(call, headers, deadline, fresh=call.method != "GET")
        except NetworkError as error:
            if call.is_write and call.may_have_been_sent(error.__cause__):
                raise _unknown(call, error) from error
            if call.method != "GET" or call.progress is None or not call.progress.died_reused:
                raise
        return await self._send(call, headers, deadline, fresh=True)

    async def _send(self, call: Call, headers: dict[str, str], deadline: Deadline, *, fresh: bool) -> Reply:
        if self._limiter is not None:
            await self._limiter.acquire(deadline.remaining * 1000)
        call.begin()
        return await self._wire.exchange(call, headers, seconds=deadline.remaining, fresh=fresh)

    async def _login(self, form: dict[str, str]) -> Any:
        """POST /access/ticket; not held up by the rate limit, because everything else waits for it."""
        call = Call("POST", "/access/ticket", form=encoded(form))
        call.begin()
        try:
            reply = await self._wire.exchange(call, {}, seconds=self.timeout / 1000, fresh=True)
            if not 200 <= reply.status < 300:
                raise _refusal(self._auth.who, reply, call, self._hiding)
        except ProxtuiError as error:
            _tell(self._observe, call, error)
            raise
        _tell(self._observe, call)
        return answers.data_of(reply, call.method, call.path)


def _refusal(who: str, reply: Reply, call: Call, hide: Hiding) -> ApiError:
    error = answers.refusal(reply, call.method, call.path, hide)
    if not isinstance(error, AuthenticationError):
        return error
    # PVE never says whom it refused, and an operator has many of them.
    line = f"{who} was refused: {error.reason}"
    return AuthenticationError(line, status=error.status, method=call.method, path=call.path)


def _too_late(dialer: Dialer, endpoint: str, call: Call, deadline: Deadline) -> DeadlineExceeded:
    line = f"{endpoint} gave no full answer to {call} within {deadline.seconds:g} s"
    stage = call.progress.stage if call.progress is not None else ""
    if dialer.way is not None and (part := dialer.way.waits_for()):
        line += f" (still waiting for {part})"
    else:
        line += {"connect": " (still connecting)", "tls": " (still in the TLS handshake)"}.get(stage, "")
    return DeadlineExceeded(line, stage="deadline", endpoint=endpoint)


def failure_of(error: ProxtuiError | None) -> str:
    """The class of an error that tells of the connection; "" where the server did answer, if only with a refusal."""
    if isinstance(error, OutcomeUnknown) and isinstance(error.__cause__, ProxtuiError):
        error = error.__cause__
    if error is None or (isinstance(error, ApiError) and error.status in _REFUSALS):
        return ""
    return type(error).__name__


def _tell(observe: Observe | None, call: Call, error: ProxtuiError | None = None) -> None:
    if observe is not None:
        seconds = time.perf_counter() - call.began if call.sent and call.upload is None else None
        observe(seconds, failure_of(error) if error is not None else "", max(0, call.sent - 1))


def _unknown(call: Call, error: Exception) -> OutcomeUnknown:
    return OutcomeUnknown(f"{call} was sent, but its outcome is unknown: {error}; look before you repeat it")
