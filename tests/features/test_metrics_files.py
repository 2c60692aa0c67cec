"""The file of the metrics: several processes, a damaged one, a full disk; and the verbs that read it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from proxtui.config.secret import Secret
from proxtui.errors import NotFoundError, StoreUnavailable
from proxtui.features.metrics.cli import _chosen
from proxtui.features.metrics.keeping import MetricsKeeper

from .metricses import MIDNIGHT, PROD, Wall, called, opened

WRITER = """
import sys
from pathlib import Path
from proxtui.config.secret import Secret
from tests.features.metricses import MIDNIGHT, called, opened
url = Secret(sys.argv[2]) if len(sys.argv) > 2 else None
metrics = opened(Path(sys.argv[1]), url=url)
for batch in range(10):
    metrics.record([called(MIDNIGHT - 97 * at, endpoint=f"pve{at % 3}:8006") for at in range(50)])
metrics.close()
"""


def keeper(folder: Path, said: list[str]) -> MetricsKeeper:
    return MetricsKeeper(folder, tell=said.append, now=Wall())


def test_four_processes_write_at_once_and_the_sums_are_exact(tmp_path: Path, database: Secret | None) -> None:
    more = [database.get_secret_value()] if database is not None else []
    running = [subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), *more]) for _ in range(4)]
    assert [process.wait(60) for process in running] == [0] * 4
    metrics = opened(tmp_path, url=database)
    sums = metrics.summary(PROD)
    assert (sums.attempts, sums.took) == (2_000, 2_000 * 100_000)
    assert len(metrics.standings()) == 1
    metrics.close()


def test_a_damaged_file_is_moved_aside_and_a_new_one_begun(tmp_path: Path) -> None:
    (tmp_path / "metrics.db").write_bytes(b"this is no database" * 100)
    said: list[str] = []
    kept = keeper(tmp_path, said)
    kept.record([called()])
    assert kept.metrics.summary(PROD).attempts == 1
    assert said == ["the metrics were damaged: kept as metrics.db.corrupt-20261122T000000Z, and begun anew"]
    assert (tmp_path / "metrics.db.corrupt-20261122T000000Z").read_bytes().startswith(b"this is no database")
    kept.close()


def test_damage_that_shows_while_it_is_used_is_moved_aside_too(tmp_path: Path) -> None:
    said: list[str] = []
    kept = keeper(tmp_path, said)
    kept.record([called(MIDNIGHT - at) for at in range(3_000)])
    path = tmp_path / "metrics.db"
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    kept.record([called()])
    assert len(said) == 1
    assert kept.metrics.summary(PROD).attempts == 1
    # Another process that noticed the same does not move the new one away.
    kept._set_aside()
    assert len(said) == 1
    kept.close()


def test_a_folder_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(StoreUnavailable, match="the metrics: cannot use"):
        keeper(tmp_path / "state", [])


def test_a_batch_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    metrics = opened(tmp_path)
    with pytest.raises(TypeError):
        metrics.record([called(), called(ms="soon")])  # type: ignore[arg-type]
    assert metrics.servers() == []
    metrics.record([called()])
    assert metrics.summary(PROD).attempts == 1
    metrics.close()


def test_a_server_is_meant_by_its_name_or_with_its_tenant(tmp_path: Path) -> None:
    metrics = opened(tmp_path)
    metrics.record([called()])
    assert _chosen(metrics, "") == _chosen(metrics, "prod") == _chosen(metrics, "acme/prod") == [PROD]
    with pytest.raises(NotFoundError, match="there are acme/prod"):
        _chosen(metrics, "zeta/prod")
    metrics.close()
