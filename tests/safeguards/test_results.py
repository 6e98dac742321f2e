"""The answer to a request's safeguards."""

from dataclasses import replace

from edge.chat import SafeguardRequest, SafeguardResult, ToolUse
from edge.safeguards import DANGEROUS_TOOL_USE, results
from tests.safeguards.samples import recorded

CALLS = (
    ToolUse("toolu_1", "Bash", {"command": "ls src"}),
    ToolUse("toolu_2", "Bash", {"command": "rm -rf src"}),
)
REQUEST = recorded("claude-code-2.1.330-main-with-safeguards")


def test_each_call_gets_its_verdict():
    (result,) = results(REQUEST, CALLS, "rules")
    assert result.kind == DANGEROUS_TOOL_USE
    assert [(i, v.outcome) for i, v in result.verdicts] == [
        ("toolu_1", "not_flagged"),
        ("toolu_2", "flagged"),
    ]


def test_the_recorded_rules_and_directories_count():
    call = ToolUse("toolu_3", "Bash", {"command": "npm run test -- -x && cat /home/dev/extra/a"})
    (result,) = results(REQUEST, (call,), "rules")
    assert result.verdicts[0][1].outcome == "not_flagged"
    (result,) = results(REQUEST, CALLS[1:], "rules")
    assert "Bash(rm:*)" in result.verdicts[0][1].explanation


def test_an_answer_without_calls_is_answered_too():
    assert results(REQUEST, (), "rules") == (SafeguardResult(DANGEROUS_TOOL_USE),)


def test_unknown_kinds_and_off_are_not_answered():
    other = replace(REQUEST, safeguards=(SafeguardRequest("something_else", {}),))
    assert results(other, CALLS, "rules") == ()
    assert results(REQUEST, CALLS, "off") == ()
