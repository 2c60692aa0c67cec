"""Functions by name: what is asked becomes a request, what comes of it a response or a refusal."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from proxtui.core.feature import load
from proxtui.errors import ProxtuiError
from proxtui.functions.refusing import FunctionError, refusal_of

if TYPE_CHECKING:
    from proxtui.functions.desk import Desk
    from proxtui.functions.shapes import Function

FUNCTIONS: Mapping[str, str] = {
    "list-vms": "proxtui.functions.guests:LIST_VMS",
    "vm-actions": "proxtui.functions.guests:VM_ACTIONS",
    "vm-console": "proxtui.functions.consoles:VM_CONSOLE",
    "proxmox-servers": "proxtui.functions.servers:PROXMOX_SERVERS",
    "connectivity-test": "proxtui.functions.servers:CONNECTIVITY_TEST",
    "connection-metrics": "proxtui.functions.metrics:CONNECTION_METRICS",
    "tenants": "proxtui.functions.tenants:TENANTS",
    "tenant-settings": "proxtui.functions.tenants:TENANT_SETTINGS",
    "tenant-stats": "proxtui.functions.tenants:TENANT_STATS",
    "audit-log": "proxtui.functions.people:AUDIT_LOG",
    "delete-user": "proxtui.functions.people:DELETE_USER",
    "proxmox-api": "proxtui.functions.proxy:PROXMOX_API_FUNCTION",
}
"""Where each is found; loaded when it is called."""


def function_of(name: str) -> Function:
    """The function of that name. FunctionError (404) when there is none."""
    if name not in FUNCTIONS:
        raise FunctionError(f"there is no function {name[:80]!a}; there are {', '.join(FUNCTIONS)}", 404)
    function: Function = load(FUNCTIONS[name])
    return function


def schema_of(name: str) -> dict[str, Any]:
    """JSON Schema of its ``request`` and ``response``. FunctionError (404)."""
    return function_of(name).schema()


async def answer(name: str, body: Any, desk: Desk) -> dict[str, Any]:
    """What the function answers, as JSON. FunctionError with the documented status."""
    function = function_of(name)
    request = function.understood(body)
    try:
        response = await function.call_of(request).work(desk, request)
    except ProxtuiError as error:
        raise refusal_of(error) from error
    return response.document


def invoke(name: str, body: Any = None, *, desk: Desk | None = None) -> dict[str, Any]:
    """Call a function of the documented API: ``invoke("list-vms", {"tenantId": "acme"})``.

    FunctionError with ``status`` (400, 401, 403, 404, 500) and ``document`` (``{error, details}``). Works over the
    configuration of this user, opened by what variables name or the kernel keeps, unless ``desk`` is another one.
    A function that stays, as ``vm-console`` does, goes on in a thread after it answered; Python waits for it to end.
    """
    body = {} if body is None else body
    function = function_of(name)
    # Before anything is opened: a wrong request needs no key.
    function.understood(body)
    try:
        if desk is None:
            from proxtui.functions.opening import usual_desk

            desk = usual_desk()
    except ProxtuiError as error:
        raise refusal_of(error) from error
    if function.stays and desk.announce is None:
        return _announced(name, body, desk)
    return asyncio.run(answer(name, body, desk))


def _announced(name: str, body: Any, desk: Desk) -> dict[str, Any]:
    """What it says first; it goes on meanwhile."""
    told: Future[dict[str, Any]] = Future()
    asked = replace(desk, announce=told.set_result)
    thread = ThreadPoolExecutor(1, thread_name_prefix=name)
    ended = thread.submit(lambda: asyncio.run(answer(name, body, asked)))
    thread.shutdown(wait=False)
    wait((told, ended), return_when=FIRST_COMPLETED)
    return told.result() if told.done() else ended.result()
