"""``proxmox-api``: what PVE answers to a path."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import Field

from proxtui.config.models import Role
from proxtui.core.model import ServerRef
from proxtui.core.operation import Kind, Target
from proxtui.core.runtime import Runtime
from proxtui.errors import RoleRefused, UsageError
from proxtui.features.passthrough.operations import PROXMOX_API
from proxtui.functions.desk import Desk, refuse_silence
from proxtui.functions.guests import ended, went_well
from proxtui.functions.shapes import Call, Function, Request, Response, Slug
from proxtui.pve.witness import template_of

INSIDE = ("agent/file-read", "agent/exec-status")
"""Ends of paths that are read by GET and tell what is inside a guest: as much as running a program there."""


class ApiRequest(Request):
    """``proxmox-api``: a path below ``/api2/json``, with a query if need be."""

    path: Annotated[str, Field(min_length=1, max_length=2000)]
    method: Literal["GET", "POST", "PUT", "DELETE"] = "GET"
    body: dict[str, Any] | None = None
    server_id: Slug | None = None


class ApiAnswer(Response):
    """``data`` as PVE answers it. ``message`` tells how the task of a change ended, or that it runs on."""

    data: Any
    success: bool
    message: str | None


async def proxmox_api(desk: Desk, asked: ApiRequest) -> ApiAnswer:
    """A GET goes through; anything else is a change: role admin, the lock, the audit."""
    refs = desk.asked(asked.server_id)
    if len(refs) > 1:
        raise UsageError(f"there are {len(refs)} servers: say serverId")
    path, query = _apart(asked.path)
    async with desk.runtime(refs) as runtime:
        ref = refs[0]
        given = query | (asked.body or {})
        if asked.method == "GET":
            _refuse_inside(runtime, ref, path)
            refuse_silence(runtime)
            data = await runtime.connection(ref).client.get(path, params=given)
            return ApiAnswer(data=data, success=True, message=None)
        return await _changed(desk, runtime, ref, {"method": asked.method, "path": path, "body": given})


async def _changed(desk: Desk, runtime: Runtime, ref: ServerRef, what: dict[str, Any]) -> ApiAnswer:
    params = what | {"template": template_of(what["path"])}
    await runtime.gate.reconcile(runtime.connections)
    run = await ended(await runtime.gate.submit(PROXMOX_API, Target(ref, Kind.SERVER, ""), params, reason=desk.reason))
    data = str(run.upid) if run.upid else json.loads(run.output) if run.output else None
    return ApiAnswer(data=data, success=went_well(run), message=run.line)


def _apart(text: str) -> tuple[str, dict[str, Any]]:
    """Path and query. UsageError for anything that is no path of the API."""
    try:
        parts = urlsplit(text)
    except ValueError:
        raise UsageError("path: needs a path of PVE's API, such as /cluster/resources") from None
    if parts.scheme or parts.netloc or parts.fragment or not parts.path.strip("/"):
        raise UsageError("path: needs a path of PVE's API, such as /cluster/resources")
    return "/" + parts.path.strip("/").removeprefix("api2/json/"), dict(parse_qsl(parts.query, keep_blank_values=True))


def _refuse_inside(runtime: Runtime, ref: ServerRef, path: str) -> None:
    if path.endswith(INSIDE) and runtime.policy.role(ref.tenant) is not Role.ADMIN:
        raise RoleRefused(f"proxmox-api: what is inside a guest needs role admin in {ref.tenant}; nothing was sent")


PROXMOX_API_FUNCTION = Function("proxmox-api", Call(ApiRequest, ApiAnswer, proxmox_api))
