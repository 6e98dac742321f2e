"""What a recording keeps of a request."""

from tests.prompts.reduction import reduce_body, reduce_text

PROSE = "This is a long sentence that says nothing about any place, day or session at all. "


def test_prose_goes_and_what_may_differ_stays():
    text = f"# Memory\n\n{PROSE}It lies at `/home/ada/x/`. {PROSE}\n - Platform: linux\n"
    reduced = reduce_text(text)
    assert reduced.startswith("# Memory\n\n[prose 92 characters, sha256 ")
    assert "] `/home/ada/x/`. [prose 80 characters, sha256 " in reduced
    assert reduced.endswith("]. \n - Platform: linux\n")


def test_a_change_in_prose_shows():
    assert reduce_text(PROSE * 2) != reduce_text(PROSE * 2 + "Now.")


def test_of_tools_only_fragments_stay():
    tool = {"name": "T", "description": f"{PROSE}\nThe current month is May 2026.", "x": 1}
    body = {"messages": [{"role": "user", "content": "hi"}], "tools": [tool]}
    (reduced,) = reduce_body(body)["tools"]
    assert reduced["x"] == 1
    assert reduced["description"].endswith("current month is May 2026.")
    assert "sentence" not in reduced["description"]
