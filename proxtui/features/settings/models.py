"""Settings of the installation, as forms and verbs ask for them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from proxtui.pve.params.base import Params, Text, Whole

Patterns = Annotated[list[Text], Field(max_length=100)]
Minutes = Annotated[Whole, Field(ge=0, le=1440)]
Percent = Annotated[float, Field(ge=0, le=100)]
Days = Annotated[float, Field(ge=0, le=3650)]
Hours = Annotated[float, Field(ge=0, le=87_600)]
Views = Annotated[list[Text], Field(max_length=40)]


class SettingsChange(Params):
    """All of them. None leaves a setting as it is; the bounds are those of the file."""

    read_only: bool | None = Field(None, title="Read-only", description="Refuse every change but this one.")
    write_mode: Literal["always", "timed", "never"] | None = Field(
        None, title="Changes", description="timed: only while somebody opened the lock; never: not at all."
    )
    write_idle_minutes: float | None = Field(
        None, title="Idle", ge=1, le=480, description="Without a key for so long the opened lock closes.",
        json_schema_extra={"unit": "min"},
    )  # fmt: skip
    lock_idle_minutes: Minutes | None = Field(
        None, title="Lock", description="Without a key for so long the passphrase is asked for again; 0: never.",
        json_schema_extra={"unit": "min"},
    )  # fmt: skip
    key_cache_minutes: Minutes | None = Field(
        None, title="Key cache", description="How long the kernel keeps what a passphrase opened; 0: not at all.",
        json_schema_extra={"unit": "min"},
    )  # fmt: skip
    ssh_user: Text | None = Field(None, title="SSH user", description="Who logs in where a shell is opened by SSH.")
    viewer: Text | None = Field(
        None, title="Viewer", description="tigervnc, remote-viewer, print, or a command with {socket} or {host} {port}."
    )
    require_confirmation: Literal["risk", "all", "typed"] | None = Field(
        None, title="Questions", description="risk: as hard as a change asks; all: always; typed: always by the name."
    )
    allowed_operations: Patterns | None = Field(
        None, title="Allowed", description="Names such as guests.start or guests.*; * for all, none for nothing."
    )
    denied_operations: Patterns | None = Field(None, title="Denied", description="Taken away again, whoever asks.")
    dry_run: bool | None = Field(None, title="Rehearse", description="Show what would be sent, and send nothing.")
    interval: float | None = Field(
        None, title="Poll", ge=1, le=300, description="Between two polls of a server in view.",
        json_schema_extra={"unit": "s"},
    )  # fmt: skip
    background_interval: float | None = Field(
        None, title="Poll others", ge=1, le=3600, description="Between two polls of the other servers.",
        json_schema_extra={"unit": "s"},
    )  # fmt: skip
    sweep: Literal["off", "guests", "backups", "all"] | None = Field(
        None, title="Sweep", description="What the dashboard asks slowly: addresses of guests, ages of backups."
    )
    theme: Text | None = Field(None, title="Theme", description="A shipped one, or one of yours.")
    ascii: bool | None = Field(None, title="ASCII", description="Signs and charts in plain ASCII.")
    wall_views: Views | None = Field(
        None, title="Wall", description="What --wall goes through; empty for all.", json_schema_extra={"rare": True}
    )
    wall_seconds: float | None = Field(
        None, title="Wall pause", ge=2, le=3600, description="How long each of them stays.",
        json_schema_extra={"unit": "s", "rare": True},
    )  # fmt: skip
    warn_storage: Percent | None = Field(
        None,
        title="Storage warns",
        description="`proxtui status`; 0: never.",
        json_schema_extra={"unit": "%", "rare": True},
    )
    crit_storage: Percent | None = Field(
        None,
        title="Storage critical",
        description="At least the warning.",
        json_schema_extra={"unit": "%", "rare": True},
    )
    warn_memory: Percent | None = Field(
        None, title="Memory warns", description="Of a node; 0: never.", json_schema_extra={"unit": "%", "rare": True}
    )
    crit_memory: Percent | None = Field(
        None, title="Memory critical", description="Of a node; 0: never.", json_schema_extra={"unit": "%", "rare": True}
    )
    warn_certificate_days: Days | None = Field(
        None, title="Certificate warns", description="So long before its end; 0: not before.",
        json_schema_extra={"unit": "d", "rare": True},
    )  # fmt: skip
    crit_certificate_days: Days | None = Field(
        None, title="Certificate critical", description="So long before its end; 0: never.",
        json_schema_extra={"unit": "d", "rare": True},
    )  # fmt: skip
    warn_backup_hours: Hours | None = Field(
        None, title="Backup warns", description="Age of a guest's newest one; 0: storages are not asked.",
        json_schema_extra={"unit": "h", "rare": True},
    )  # fmt: skip
    crit_backup_hours: Hours | None = Field(
        None, title="Backup critical", description="Age of a guest's newest one; 0: never.",
        json_schema_extra={"unit": "h", "rare": True},
    )  # fmt: skip
