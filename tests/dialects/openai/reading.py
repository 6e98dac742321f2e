"""Reads streams with our own parser, and joins what a whole answer cannot tell apart."""

import itertools
import json

from edge.chat import TextDelta, ThinkingDelta, ToolCallDelta
from edge.dialects.openai import EventParser


def new_ids():
    """Ids by number."""
    numbers = itertools.count(1)
    return lambda: f"made_{next(numbers)}"


def read(*chunks):
    parser = EventParser(new_ids())
    events = [event for chunk in chunks for event in parser.feed(chunk)]
    return events + parser.close()


def cut(data, places):
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


def stream(*frames, done=True):
    sent = "".join(f"data: {json.dumps(frame)}\n\n" for frame in frames)
    return (sent + ("data: [DONE]\n\n" if done else "")).encode()


def chunk(delta=None, finish=None, **more):
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    return {"object": "chat.completion.chunk", "model": "m", "choices": [choice], **more}


def calls(*pieces):
    return chunk({"tool_calls": list(pieces)})


def piece(index=None, call=None, name=None, arguments=None):
    """One entry of ``tool_calls``; what is None is left out."""
    function = {"name": name, "arguments": arguments}
    entry = {"index": index, "id": call}
    return {key: value for key, value in entry.items() if value is not None} | {
        "function": {key: value for key, value in function.items() if value is not None}
    }


def joined(events):
    """Neighbouring pieces of one kind as one event."""
    made = []
    for event in events:
        last = made[-1] if made else None
        match (last, event):
            case (TextDelta(a), TextDelta(b)):
                made[-1] = TextDelta(a + b)
            case (ThinkingDelta(a), ThinkingDelta(b)):
                made[-1] = ThinkingDelta(a + b)
            case (ToolCallDelta(a), ToolCallDelta(b)):
                made[-1] = ToolCallDelta(a + b)
            case _:
                made.append(event)
    return made
