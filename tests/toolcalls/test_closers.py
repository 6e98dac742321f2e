"""What closes a call's wrapping is swallowed, what does not is not."""

from edge.toolcalls.closers import Closers, Match


def test_brackets_only_directly_after_a_call() -> None:
    closers = Closers()
    closers.enter_call(["]", "</tools>"])
    assert closers.may_begin("]")
    assert closers.match("]", fresh_line=True, over=False) == (Match.WHOLE, "")
    assert closers.match("]", fresh_line=True, over=False) == (Match.NONE, "")
    closers.enter_call(["]"])
    closers.leave_call()
    assert not closers.may_begin("]")
    assert closers.match("</too", fresh_line=False, over=False) == (Match.PART, "")
    assert closers.match("</tools>", fresh_line=False, over=False) == (Match.WHOLE, "")


def test_fences() -> None:
    closers = Closers()
    closers.enter_call(["```"])
    assert closers.match("``", fresh_line=True, over=False) == (Match.PART, "")
    assert closers.match("```", fresh_line=True, over=False) == (Match.PART, "")
    assert closers.match("```j", fresh_line=True, over=False) == (Match.NONE, "")
    assert closers.match("```\n", fresh_line=False, over=False) == (Match.NONE, "")
    assert closers.match("```\n", fresh_line=True, over=False) == (Match.WHOLE, "\n")
    closers.enter_call(["```"])
    assert closers.match("```", fresh_line=True, over=True) == (Match.WHOLE, "")


def test_marks_that_are_always_swallowed() -> None:
    closers = Closers(["<|end|>"])
    for _ in range(2):
        assert closers.match("<|end|>", fresh_line=False, over=False) == (Match.WHOLE, "")


def test_cut() -> None:
    closers = Closers()
    assert not closers.is_cut("</")
    closers.enter_call([])
    assert closers.is_cut("</tool_c")
    assert not closers.is_cut("</tool_x")
