"""``/nodes/{node}/tasks``: list, status, log, and ending one."""

from __future__ import annotations

import re

from proxtui.sim.api import Answer, Call, forbidden, invalid
from proxtui.sim.state import Task
from proxtui.sim.views import Row

UPID = re.compile(
    r"UPID:([a-zA-Z0-9]([a-zA-Z0-9\-]*[a-zA-Z0-9])?):([0-9A-Fa-f]{8}):([0-9A-Fa-f]{8,9}):([0-9A-Fa-f]{8})"
    r":([^:\s/]+):([^:\s/]*):([^:\s/]+):"
)


def _row(task: Task, now: float) -> Row:
    row: Row = {
        "upid": task.upid,
        "node": task.node,
        "pid": task.pid,
        "pstart": task.pstart,
        "starttime": int(task.start),
        "type": task.type,
        "id": task.id,
    }
    if not task.done(now):
        # Running ones keep the token in their user; finished ones have it split off.
        return row | {"user": task.user, "status": "RUNNING", "saved": "0"}
    row |= {"user": task.userid, "status": task.exit, "endtime": int(task.end or 0)}
    if task.tokenid:
        row["tokenid"] = task.tokenid
    return row


def listing(call: Call) -> Answer:
    """Finished tasks by default; ``source=active`` or ``all`` shows running ones too. One's own without Sys.Audit."""
    source = call.params.get("source", "archive")
    everything = call.may(f"/nodes/{call.node.name}", "Sys.Audit")
    found = []
    for task in sorted(call.site.tasks, key=lambda task: (not task.done(call.now), task.start), reverse=True):
        done = task.done(call.now)
        if task.node != call.node.name or (not everything and task.userid != call.who.userid):
            continue
        if (source == "archive" and not done) or (source == "active" and done):
            continue
        if _wanted(call, task):
            found.append(_row(task, call.now))
    start, limit = call.params.get("start", 0), call.params.get("limit", 50)
    return Answer(found[start : start + limit] if limit else found[start:], total=len(found))


def outcome(task: Task, now: float) -> str:
    """``ok``, ``warning``, ``error`` or ``unknown``, as ``statusfilter`` names them."""
    if not task.done(now) or task.exit == "unexpected status":
        return "unknown"
    if task.exit == "OK":
        return "ok"
    return "warning" if task.exit.startswith("WARNINGS: ") else "error"


def _wanted(call: Call, task: Task) -> bool:
    params, result = call.params, outcome(task, call.now)
    asked = re.split(r"[,; ]+", params["statusfilter"]) if "statusfilter" in params else [result]
    return (
        (not params.get("errors") or (result in ("error", "unknown") and task.done(call.now)))
        and result in asked
        and params.get("vmid") in (None, int(task.id) if task.id.isdigit() else -1)
        and params.get("typefilter") in (None, task.type)
        and params.get("userfilter", "").lower() in task.user.lower()
        and task.start >= params.get("since", 0)
        and task.start <= params.get("until", float("inf"))
    )


def _find(call: Call) -> Task | None:
    """The task of the path. Raises the 400s of a UPID that cannot be."""
    match = UPID.fullmatch(call.path["upid"])
    if match is None:
        raise invalid("upid", "unable to parse worker upid")
    if match[1] != call.node.name:
        raise invalid("upid", "no such task")
    return next((task for task in call.site.tasks if task.upid == call.path["upid"]), None)


def _allowed(call: Call, task: Task) -> None:
    if task.userid != call.who.userid:
        call.require(f"/nodes/{call.node.name}", "Sys.Audit")


def index(call: Call) -> list[Row]:
    _find(call)
    return [{"name": "log"}, {"name": "status"}]


def status(call: Call) -> Row:
    task = _find(call)
    if task is None:
        raise invalid("upid", "no such task")
    _allowed(call, task)
    row = _row(task, call.now)
    row.pop("saved", None)
    row.pop("endtime", None)
    row |= {"user": task.userid, "status": "stopped" if task.done(call.now) else "running"}
    if task.tokenid:
        row["tokenid"] = task.tokenid
    if task.done(call.now):
        row["exitstatus"] = task.exit
    return row


def log(call: Call) -> Answer:
    """50 lines unless asked for more; ``limit=0`` is all. A log that cannot be opened is an object, not a list."""
    task = _find(call)
    if task is None:
        return Answer({"n": 1, "t": "unable to open file - No such file or directory"}, total=1)
    _allowed(call, task)
    lines = task.lines(call.now)
    if call.params.get("download"):
        return Answer(None, text="".join(f"{line}\n" for line in lines))
    start, limit = call.params.get("start", 0), call.params.get("limit", 50)
    rows = [{"n": number, "t": text} for number, text in enumerate(lines or ["no content"], 1)]
    return Answer(rows[start : start + limit] if limit else rows[start:], total=len(rows))


def stop(call: Call) -> None:
    """Kill the worker. What it was about to do does not happen any more only if it had not happened yet."""
    task = _find(call)
    if task is None:
        raise invalid("upid", "no such task")
    if task.userid != call.who.userid and not call.may(f"/nodes/{call.node.name}", "Sys.Modify"):
        raise forbidden(f"/nodes/{call.node.name}", "Sys.Modify")
    if not task.done(call.now):
        task.log = [(at, text) for at, text in task.log if at <= call.now]
        task.end, task.exit = call.now, "unexpected status"
        task.killed = True
        if task.on_kill is not None:
            task.on_kill()
