import logging

from edge.board.files import names, read_list, read_number, read_text


def test_absent_is_none(tmp_path):
    assert read_text(tmp_path / "absent") is None
    assert read_number(tmp_path / "absent") is None
    assert read_list(tmp_path / "absent") == ()
    assert names(tmp_path / "absent", "*") == ()
    (tmp_path / "file").touch()
    assert read_text(tmp_path / "file" / "below") is None


def test_trouble_is_a_warning(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        assert read_text(tmp_path) is None
    assert "cannot read" in caplog.text


def test_only_a_whole_number_is_one(tmp_path):
    for text, number in (("42\n", 42), ("max\n", None), ("-1\n", None), ("", None), ("²", None)):
        (tmp_path / "n").write_text(text, "utf-8")
        assert read_number(tmp_path / "n") == number


def test_bytes_that_are_no_text_do_no_harm(tmp_path):
    (tmp_path / "n").write_bytes(b"a\xff\0b\0")
    assert read_list(tmp_path / "n") == ("a\ufffd", "b")
