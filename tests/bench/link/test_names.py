"""A name server that leads every name to one place."""

from tests.bench.link.names import reply

QUESTION = b"\3api\5cloud\4test\0\0\1\0\1"
HEAD = b"\x12\x34\1\0\0\1\0\0\0\0\0\0"


def test_every_name_leads_to_the_address():
    said = reply(HEAD + QUESTION, "203.0.113.2")
    assert said[:8] == b"\x12\x34\x81\x80\0\1\0\1"
    assert said[12 : 12 + len(QUESTION)] == QUESTION
    assert said.endswith(bytes([203, 0, 113, 2]))


def test_there_are_no_addresses_of_another_family():
    said = reply(HEAD + QUESTION[:-3] + b"\x1c\0\1", "203.0.113.2")
    assert said[6:8] == b"\0\0"
    assert len(said) == len(HEAD) + len(QUESTION)
