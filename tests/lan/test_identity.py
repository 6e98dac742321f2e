"""The box's id."""

from pathlib import Path

from edge.lan.identity import ensure_id


def test_made_once(tmp_path: Path) -> None:
    made = ensure_id(tmp_path / "id")
    assert len(made) == 8
    assert ensure_id(tmp_path / "id") == made
    assert ensure_id(tmp_path / "other") != made


def test_what_is_no_id_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "id").write_text("../../x")
    made = ensure_id(tmp_path / "id")
    assert int(made, 16) >= 0
    assert (tmp_path / "id.damaged").read_text() == "../../x"
