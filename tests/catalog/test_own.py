from typing import Any

import pytest

from edge.catalog.own import complaint, is_plain_file

HUB = {"repository": "a/b", "file": "x-Q4_K_M.gguf"}
WHEELS = {"package": "p{n}", "version": "1", "member": "p/x.gguf", "parts": 2}
GOOD: dict[str, Any] = {"name": "mine", "file": "mine.gguf", "source": HUB}


def test_little_is_needed():
    assert complaint(GOOD) is None
    whole = {"aliases": ["m"], "title": "Mine", "bytes": 7, "sha256": "0" * 64, "licence": "MIT",
             "purpose": "test", "note": "n"}  # fmt: skip
    assert complaint({**GOOD, **whole}) is None
    assert complaint({**GOOD, **whole, "source": WHEELS}) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": 7}, "has a wrong 'name': it should be text"),
        ({"name": "Mine"}, "has a wrong 'name': 'Mine' is not of small letters"),
        ({"name": "a/b"}, "has a wrong 'name'"),
        ({"aliases": "m"}, "has a wrong 'aliases': it should be a list of texts"),
        ({"aliases": [1]}, "has a wrong 'aliases'"),
        ({"aliases": ["x y"]}, "has a wrong 'aliases': 'x y'"),
        ({"bytes": "7"}, "has a wrong 'bytes': it should be a whole number"),
        ({"bytes": True}, "has a wrong 'bytes'"),
        ({"bytes": 0}, "has a wrong 'bytes'"),
        ({"sha256": "zz"}, "has a wrong 'sha256'"),
        ({"purpose": "play"}, "has a wrong 'purpose'"),
        ({"fil": "x"}, "has the unknown key 'fil'"),
        ({"file": "../x.gguf"}, "has a wrong 'file'"),
        ({"file": "a/x.gguf"}, "has a wrong 'file'"),
        ({"file": ".x.gguf"}, "has a wrong 'file'"),
        ({"file": "x.bin"}, "has a wrong 'file'"),
        ({"source": "a/b"}, "has a wrong 'source': it should be a table"),
        ({"source": {"repository": "a/b"}}, "lacks the key 'file' in its source"),
        ({"source": {**HUB, "revision": 1}}, "has a wrong 'revision': it should be text in its"),
        ({"source": {**HUB, "repository": "ab"}}, "has a wrong 'repository' in its source"),
        ({"source": {**HUB, "file": "../x.gguf"}}, "has a wrong 'file' in its source"),
        ({"source": {**HUB, "file": "x-00001-of-00002.gguf"}}, "the first part's own name"),
        ({"source": WHEELS}, "lacks the key 'bytes', which a source of packages needs"),
        ({"source": {"package": "p"}}, "lacks the key 'version' in its source"),
        ({"source": {**WHEELS, "embedded": True}}, "has the unknown key 'embedded' in its source"),
    ],
)
def test_the_key_that_is_wrong_is_named(changes: dict[str, Any], words: str):
    assert words in str(complaint({**GOOD, **changes}))


@pytest.mark.parametrize("key", GOOD)
def test_the_key_that_is_missing_is_named(key: str):
    rest = {name: value for name, value in GOOD.items() if name != key}
    assert complaint(rest) == f"lacks the key '{key}'"


def test_what_is_no_table():
    assert complaint("x") == "is no table"


@pytest.mark.parametrize("name", ["x.gguf", "X Y.GGUF", "a-00001-of-00002.gguf"])
def test_names_of_files(name: str):
    assert is_plain_file(name)


@pytest.mark.parametrize("name", ["", "x", "a/x.gguf", "..gguf", "a\\x.gguf", "x" * 300 + ".gguf"])
def test_what_is_no_files_name(name: str):
    assert not is_plain_file(name)
