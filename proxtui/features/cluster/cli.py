"""The verbs of the room: ``cluster status``, ``ha``, ``replication``, ``backup``, ``uncovered``, ``log`` and others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from proxtui.core.verbs import CommandLine, TableOptions, table_options

if TYPE_CHECKING:
    from proxtui.core.rows import Column


PLACE = ("server", "tenant")
FIELDS = {
    "nodes": ("name", "node", "status", "ip"),
    "ha": ("name", "node", "id", "vmid", "type", "status"),
    "replication": ("name", "node", "id", "vmid", "status"),
    "backup": ("id", "storage", "node", "pool", "status"),
    "uncovered": ("name", "node", "id", "vmid", "type", "status", "pool", "tag"),
    "pools": ("name", "pool"),
    "log": ("name", "node", "user", "status"),
    "access": ("name", "user", "type", "status"),
}
"""What filter terms find in the rows of each section, beside ``PLACE``."""


@click.group()
def cluster() -> None:
    """The clusters: quorum, HA, replication, backup jobs, pools, log, access."""


def _columns(name: str) -> Callable[[], Sequence[Column[Any]]]:
    def columns() -> Sequence[Column[Any]]:
        from proxtui.features.cluster.sections import section

        return section(name).columns

    return columns


def _verb(name: str, section_name: str, summary: str) -> None:
    """One list: the same rows as the section of that name."""

    @cluster.command(name, help=summary)
    @table_options(_columns(section_name), fields=lambda: (*FIELDS[section_name], *PLACE))
    @click.pass_obj
    def verb(line: CommandLine, options: TableOptions) -> None:
        import time

        from proxtui.features.cluster.sections import section

        asked = section(section_name)
        line.survey(
            asked.columns,
            asked.ask,
            lambda fleet, findings: asked.rows(fleet, findings, time.time()),
            options,
            lambda panel: panel.problems,
        )


_verb("status", "nodes", "List the nodes as their clusters see them, with the quorum.")
_verb("ha", "ha", "List what HA says of itself and of its guests.")
_verb("replication", "replication", "List the replication jobs and how they go.")
_verb("backup", "backup", "List the backup jobs.")
_verb("uncovered", "uncovered", "List the guests that no enabled backup job covers.")
_verb("pools", "pools", "List the pools.")
_verb("log", "log", "List the last lines of the cluster logs.")
_verb("access", "access", "List who has which role where.")
