"""JSON shapes that both kinds of answer share."""

import base64

from edge.chat import SafeguardResult, Usage, Verdict
from edge.dialects.anthropic.wire import SIGNATURE, safeguards_json, usage_json
from edge.units import Tokens


def test_usage_adds_up():
    usage = usage_json(Usage(Tokens(10), Tokens(20), Tokens(30), Tokens(4)))
    assert usage["output_tokens"] == 4
    assert sum(usage.values()) - usage["output_tokens"] == 60


def test_the_signature_is_base64():
    assert base64.b64decode(SIGNATURE, validate=True) == b"codriver"


def test_no_safeguard_no_member():
    assert safeguards_json(()) == {}


def test_verdicts():
    result = SafeguardResult("g", (("t", Verdict("flagged", "why")), ("u", Verdict("not_flagged"))))
    assert safeguards_json((result,)) == {
        "safeguard_results": [
            {
                "type": "g",
                "status": {
                    "type": "available",
                    "tool_uses": {
                        "t": {"type": "evaluated", "outcome": "flagged", "explanation": "why"},
                        "u": {"type": "evaluated", "outcome": "not_flagged"},
                    },
                },
            }
        ]
    }
