import pytest

from edge.routing.places import covers, first_cover


@pytest.mark.parametrize(
    ("glob", "directory", "expected"),
    [
        ("/srv/clients", "/srv/clients", True),
        ("/srv/clients", "/srv/clients/acme/src", True),
        ("/srv/clients/", "/srv/clients", True),
        ("/srv/clients", "/srv/clients-public", False),
        ("/srv/*/secret", "/srv/a/b/secret/src", True),
        ("~/work", "/home/ann/work/x", True),
        ("~/work", "/Users/Ann/Work", True),
        ("~/work", "C:\\Users\\Ann\\work\\x", True),
        ("~/work", "/home/ann/homework", False),
        ("C:\\clients", "c:/clients/acme", True),
        ("*", "/anything", True),
        ("/", "/anything", True),
        ("acme", "/srv/acme", False),
        ("*/acme", "/srv/acme/src", True),
    ],
)
def test_a_glob_covers_a_directory_and_what_is_below(glob: str, directory: str, expected: bool):
    assert covers(glob, directory) is expected


def test_the_first_glob_that_covers_one():
    assert first_cover(("/a", "/b"), ("/x", "/b/c")) == "/b"
    assert first_cover((), ("/x",)) is None
