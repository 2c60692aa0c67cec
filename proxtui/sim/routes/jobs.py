"""Backup jobs and what they cover, and replication."""

from __future__ import annotations

import time

from proxtui.sim.api import Answer, Call, failed, invalid
from proxtui.sim.policy import BackupJob, ReplicationJob, next_run
from proxtui.sim.routes.resources import visible
from proxtui.sim.state import Guest
from proxtui.sim.views import Row, guest_config

RETRY = 300
"""Seconds between two tries of a replication job that fails."""
VOLUMES = ("scsi", "virtio", "sata", "ide", "rootfs", "mp")


def _job(job: BackupJob, now: float) -> Row:
    row: Row = {
        "id": job.id,
        "type": "vzdump",
        "enabled": int(job.enabled),
        "schedule": job.schedule,
        "storage": job.storage,
        "mode": job.mode,
        "compress": "zstd",
        "notes-template": "{{guestname}}",
        "mailnotification": "failure",
    }
    due = next_run(job.schedule, now)
    if due is not None:
        row["next-run"] = due
    if job.keep:
        row["prune-backups"] = dict(job.keep)
    if job.comment:
        row["comment"] = job.comment
    if job.vmids:
        row["vmid"] = ",".join(str(vmid) for vmid in job.vmids)
    else:
        row |= {"pool": job.pool} if job.pool else {"all": 1}
    return row


def backup_jobs(call: Call) -> list[Row]:
    return [_job(job, call.now) for job in call.site.jobs]


def _find(call: Call) -> BackupJob:
    for job in call.site.jobs:
        if job.id == call.path["id"]:
            return job
    raise invalid("id", f"No such job '{call.path['id']}'")


def backup_job(call: Call) -> Row:
    row = _job(_find(call), call.now)
    row.pop("next-run", None)
    return row


def covers(job: BackupJob, guest: Guest) -> bool:
    """Whether a job takes a guest."""
    if job.vmids:
        return guest.vmid in job.vmids
    return job.pool is None or guest.pool == job.pool


def included_volumes(call: Call) -> Row:
    """A tree: the guests of a job, below each its volumes."""
    job = _find(call)
    children: list[Row] = []
    for guest in sorted(call.site.guests.values(), key=lambda guest: guest.vmid):
        if covers(job, guest):
            row: Row = {"id": guest.vmid, "name": guest.name, "type": guest.kind, "leaf": 0}
            children.append(row | {"children": _volumes(call, guest)})
    return {"children": children}


def _volumes(call: Call, guest: Guest) -> list[Row]:
    found = [
        (key, str(value).partition(",")[0])
        for key, value in guest_config(call.site, guest, current=True).items()
        if key.rstrip("0123456789") in VOLUMES
    ]
    return [{"id": key, "name": name, "included": 1, "reason": "enabled", "leaf": 1} for key, name in found]


def not_backed_up(call: Call) -> list[Row]:
    """Guests that no job takes that is on."""
    jobs = [job for job in call.site.jobs if job.enabled]
    return [
        {"vmid": guest.vmid, "name": guest.name, "type": guest.kind}
        for guest in visible(call)
        if not any(covers(job, guest) for job in jobs)
    ]


def _replicated(call: Call) -> list[tuple[ReplicationJob, Guest]]:
    jobs = [(job, call.site.guests[job.guest]) for job in call.site.replication if job.guest in call.site.guests]
    return [(job, guest) for job, guest in jobs if call.may(f"/vms/{guest.vmid}", "VM.Audit")]


def _replication(job: ReplicationJob) -> Row:
    row: Row = {"id": job.id, "type": "local", "guest": job.guest, "jobnum": job.number, "target": job.target}
    row["schedule"] = job.schedule
    for key, value in (("comment", job.comment), ("rate", job.rate), ("disable", int(job.disabled) or None)):
        if value is not None:
            row[key] = value
    return row


def replication(call: Call) -> list[Row]:
    """``/cluster/replication``: what is set up; without how it goes."""
    return [_replication(job) | {"source": guest.node} for job, guest in _replicated(call)]


def node_replication(call: Call) -> list[Row]:
    """``/nodes/N/replication``: the jobs of the guests here, with how the last run went."""
    wanted = call.params.get("guest")
    return [
        replication_state(call, job, guest)
        for job, guest in _replicated(call)
        if guest.node == call.node.name and wanted in (None, guest.vmid)
    ]


def replication_state(call: Call, job: ReplicationJob, guest: Guest) -> Row:
    """One job and its last run. Times in seconds since the epoch; 0: never."""
    length = 2.0 + (guest.vmid * 13) % 90 / 10
    step = 86_400 if ":" in job.schedule else int(job.schedule.removeprefix("*/")) * 60
    due = next_run(job.schedule, call.now) or int(call.now)
    last = due - step
    row = _replication(job) | {"source": guest.node, "vmtype": guest.kind, "duration": length, "fail_count": 0}
    row |= {"last_sync": last, "last_try": last, "next_sync": due}
    away = call.site.nodes[job.target]
    error, since = job.error, job.failing_since
    if away.offline_since is not None:
        error, since = f"command '/usr/bin/ssh root@{away.ip}' failed: exit code 255", away.offline_since
    if error is not None and not job.disabled and since < last:
        tried = int(call.now) // RETRY * RETRY
        row |= {"error": error, "fail_count": max(1, int(call.now - since) // RETRY), "last_sync": int(since)}
        row |= {"last_try": tried, "next_sync": tried + RETRY, "duration": 0.4}
    if job.disabled:
        del row["next_sync"]
    return row


def _one(call: Call) -> tuple[ReplicationJob, Guest]:
    for job, guest in _replicated(call):
        if job.id == call.path["id"]:
            return job, guest
    raise failed(f"no such replication job '{call.path['id']}'")


def replication_status(call: Call) -> Row:
    return replication_state(call, *_one(call))


def replication_log(call: Call) -> Answer:
    """The log of the last run."""
    job, guest = _one(call)
    row = replication_state(call, job, guest)
    stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(row["last_try"]))
    head = f"{stamp} {job.id}:"
    volume = f"local-zfs:vm-{guest.vmid}-disk-0"
    texts = [
        "start replication job",
        f"guest => {'VM' if guest.kind == 'qemu' else 'CT'} {guest.vmid}",
        f"volumes => {volume}",
    ]
    if "error" in row:
        texts.append(f"end replication job with error: {row['error']}")
    else:
        texts += [f"incremental sync '{volume}' (__replicate_{job.id}_{row['last_try']}__)", "end replication job"]
    lines = [{"n": number, "t": f"{head} {text}"} for number, text in enumerate(texts, 1)]
    start, limit = call.params.get("start", 0), call.params.get("limit", 50)
    return Answer(lines[start : start + limit] if limit else lines[start:], total=len(lines))


def realm_sync(_call: Call) -> list[Row]:
    """``/cluster/jobs/realm-sync``: nobody set one up."""
    return []


def schedule_analyze(call: Call) -> list[Row]:
    """The next runs of a calendar event."""
    rows: list[Row] = []
    moment: float = call.params.get("starttime", call.now)
    for _ in range(call.params.get("iterations", 10)):
        due = next_run(call.params["schedule"], moment)
        if due is None:
            text = f"invalid format - unable to parse calendar event '{call.params['schedule']}'\n"
            raise invalid("schedule", text)
        rows.append({"timestamp": due, "utc": time.strftime("%a %Y-%m-%d %H:%M:%S UTC", time.gmtime(due))})
        moment = due
    return rows
