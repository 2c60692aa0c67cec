"""The benchmark of the exporter runs; how fast it is, is not a matter of tests."""

from __future__ import annotations

from benchmarks import exported


def test_a_page_is_measured_beside_its_inventory() -> None:
    page, length = exported.rendering(30, rounds=1)
    assert (page.limit, page.beside) == (exported.LIMIT, "json.loads")
    assert length.value > 0
