"""Requests made ready, and answered by real llama.cpp on models of random weights.

Such a model writes whatever it is let, so what comes out proves what the grammar holds.
"""

import json
import threading
from typing import Any

import msgspec
import numpy as np
import pytest

from edge.engines.frames import (
    Count,
    Counted,
    Done,
    FromWorker,
    Generate,
    Piece,
    Prompt,
    Refused,
    SamplingValues,
    Stats,
    Tool,
)
from edge.engines.worker.context import Context
from edge.engines.worker.desk import Desk
from edge.engines.worker.job import Job
from edge.engines.worker.loop import InferenceLoop
from edge.engines.worker.native import Model
from edge.prompts import known
from tests.catalog.tiny_gguf import CHATML
from tests.engines.worker.conftest import MakeModel

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string", "enum": ["Oslo", "Rome"]}, "days": {"enum": [1, 2]}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
TOOLS = [Tool("weather", "Tells it.", SCHEMA), Tool("trains", "Lists them.", SCHEMA)]
MISTRAL_MARKS = ["[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_CALLS]"]
GLM_TAGS = ["<tool_call>", "</tool_call>", "<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>"]
GLM_MARKS = ["[gMASK]", "<sop>", "<|user|>", "<|assistant|>", "<|observation|>", *GLM_TAGS]
HARMONY_MARKS = [
    *("<|start|>", "<|end|>", "<|message|>", "<|channel|>"),
    *("<|constrain|>", "<|return|>", "<|call|>"),
]
LLAMA3_MARKS = [
    *("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>"),
    *("<|eot_id|>", "<|eom_id|>", "<|python_tag|>"),
]
FAMILIES: dict[str, dict[str, Any]] = {
    "mistral nemo": {"chat_template": known.MISTRAL_NEMO, "controls": MISTRAL_MARKS},
    "mistral 13": {"chat_template": known.MISTRAL_V13, "controls": [*MISTRAL_MARKS, "[ARGS]"]},
    "glm": {"chat_template": known.GLM45, "controls": GLM_MARKS},
    "glm, added": {"chat_template": known.GLM45, "controls": GLM_MARKS[:5], "added": GLM_TAGS},
    "harmony": {"chat_template": known.HARMONY, "controls": HARMONY_MARKS},
    "llama 3": {"chat_template": known.LLAMA3, "controls": LLAMA3_MARKS},
    "hermes": {"chat_template": known.HERMES, "controls": ["<tool_call>", "</tool_call>"]},
    "qwen xml": {"chat_template": known.QWEN_XML, "added": ["<tool_call>", "</tool_call>"]},
}
OPENINGS = {
    "mistral nemo": '[TOOL_CALLS][{"name": "',
    "mistral 13": "[TOOL_CALLS]",
    "glm": "<tool_call>",
    "glm, added": "<tool_call>",
    "harmony": "<|channel|>commentary to=functions.",
    "llama 3": '{"name": "',
    "hermes": '<tool_call>\n{"name": "',
    "qwen xml": "<tool_call>\n<function=",
}
N_CTX = 1536


def order(content: str = "How is it?", *, thinking: bool = False, **changes: Any) -> Generate:
    tools = [
        {
            "type": "function",
            "function": {"name": t.name, "description": t.description, "parameters": t.schema},
        }
        for t in TOOLS
    ]
    values: dict[str, Any] = {
        "id": 1,
        "prompt": Prompt([{"role": "user", "content": content}], tools, thinking, 0.0),
        "offered": TOOLS,
        "choice": "any",
        "parallel": False,
        "sampling": SamplingValues(temperature=1.0, seed=7),
        "stop": [],
        "max_tokens": 400,
    }
    return Generate(**(values | changes))


def prepared(model: Model, asked: Generate) -> Job:
    found = Desk(model, N_CTX).prepare(asked, threading.Event(), queued=False)
    assert found.job is not None, found.frames
    return found.job


def answer(model: Model, asked: Generate) -> list[FromWorker]:
    """All frames of the answer, by the real loop."""
    sent: list[FromWorker] = []
    with Context(
        model, n_ctx=N_CTX, n_batch=256, n_ubatch=256, n_threads=1, kv_type="f16", n_sequences=1
    ) as context:
        loop = InferenceLoop(
            model.vocabulary,
            context,
            divisible=True,
            n_sequences=1,
            n_parallel=1,
            send=sent.extend,
        )
        loop.submit(prepared(model, asked))
        loop.stop()
        loop.run()
    return [frame for frame in sent if not isinstance(frame, Stats)]


def feed(model: Model, job: Job, text: str) -> list[Piece]:
    """Pieces for tokens that are written by hand; each must be one the grammar allows."""
    pieces: list[Piece] = []
    for token in model.vocabulary.tokenize(text):
        assert token in allowed(model, job), model.vocabulary.text(token)
        pieces += job.order.writer.take(token, model.vocabulary.piece(token))
    return pieces


def wander(model: Model, job: Job) -> list[Piece]:
    """Any token that the grammar allows, until it ends."""
    random = np.random.default_rng(3)
    pieces: list[Piece] = []
    for _ in range(400):
        token = int(random.choice(allowed(model, job)))
        pieces += job.order.writer.take(token, model.vocabulary.piece(token))
        if job.order.writer.ended is not None:
            return pieces + job.order.writer.finish()
    raise AssertionError(pieces)


def allowed(model: Model, job: Job) -> list[int]:
    logits = np.zeros(model.vocabulary.size, dtype=np.float32)
    if job.order.writer.constraint is not None:
        job.order.writer.constraint.mask(logits)
    return list(np.flatnonzero(np.isfinite(logits)))


def calls(frames: list[Any]) -> list[tuple[str, dict]]:
    """The calls in pieces, which must be all there is but thoughts."""
    found: list[tuple[str, str]] = []
    for piece in (frame for frame in frames if isinstance(frame, Piece)):
        match piece.kind:
            case "open":
                found.append((piece.text, ""))
            case "arguments":
                found[-1] = (found[-1][0], found[-1][1] + piece.text)
            case "text":
                raise AssertionError(piece)
    return [(name, json.loads(text)) for name, text in found]


def check(found: list[tuple[str, dict]]) -> None:
    for name, arguments in found:
        assert name in ("weather", "trains")
        assert arguments["city"] in ("Oslo", "Rome")
        assert arguments["days"] in (1, 2)


@pytest.mark.parametrize("architecture", ["llama", "qwen2"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_forced_call_comes_in_the_familys_form(
    family: str, architecture: str, make_model: MakeModel
) -> None:
    model = make_model(architecture=architecture, **FAMILIES[family])
    frames = answer(model, order())
    done = frames[-1]
    assert isinstance(done, Done), frames
    assert done.reason == "tool_use"
    (call,) = calls(frames)
    check([call])


@pytest.mark.parametrize("family", FAMILIES)
def test_the_markers_of_a_forced_call_are_the_control_tokens(
    family: str, make_model: MakeModel
) -> None:
    model = make_model(architecture="qwen2", **FAMILIES[family])
    job = prepared(model, order())
    opening = feed(model, job, OPENINGS[family])
    check(calls(opening + wander(model, job)))


def test_several_forced_calls(make_model: MakeModel) -> None:
    model = make_model(architecture="qwen2", **FAMILIES["mistral 13"])
    job = prepared(model, order(parallel=True))
    arguments = '{"city": "Oslo", "days": 1}'
    text = "".join(f"[TOOL_CALLS]{name}[ARGS]{arguments}" for name in ("weather", "trains"))
    assert [name for name, _ in calls(feed(model, job, text))] == ["weather", "trains"]


AUTO = {
    "mistral nemo": ('[TOOL_CALLS][{"name": "weather", "arguments": ', "}]"),
    "mistral 13": ("[TOOL_CALLS]weather[ARGS]", ""),
    "harmony": ("<|channel|>commentary to=functions.weather <|constrain|>json<|message|>", ""),
    "llama 3": ('<|python_tag|>{"name": "weather", "parameters": ', "}"),
    "hermes": ('<tool_call>\n{"name": "weather", "arguments": ', "}"),
}


@pytest.mark.parametrize("family", AUTO)
def test_a_call_of_its_own_accord_is_held_from_its_arguments_on(
    family: str, make_model: MakeModel
) -> None:
    model = make_model(architecture="qwen2", **FAMILIES[family])
    job = prepared(model, order(choice="auto"))
    opening, closing = AUTO[family]
    pieces = feed(model, job, opening)
    assert job.order.writer.constraint is not None
    assert len(allowed(model, job)) < model.vocabulary.size / 2
    pieces += feed(model, job, '{"city": "Rome", "days": 2}' + closing) + job.order.writer.finish()
    assert calls(pieces) == [("weather", {"city": "Rome", "days": 2})]


@pytest.mark.parametrize("family", ["glm", "glm, added"])
def test_tags_that_are_tokens_are_held(family: str, make_model: MakeModel) -> None:
    model = make_model(architecture="qwen2", **FAMILIES[family])
    for line in ("\n", ""):  # the name ends with its line, or with the first tag itself
        job = prepared(model, order(choice="auto"))
        pieces = feed(model, job, f"Let me see.<tool_call>weather{line}<arg_key>")
        assert job.order.writer.constraint is not None
        pieces += feed(model, job, "city</arg_key>\n<arg_value>Rome</arg_value>\n")
        pieces += feed(model, job, "<arg_key>days</arg_key><arg_value>2</arg_value></tool_call>")
        assert pieces[0].kind == "text"
        said = [piece for piece in pieces if piece.kind != "text"]
        assert calls(said) == [("weather", {"city": "Rome", "days": 2})]


THINKS = CHATML.replace("assistant\\n", "assistant\\n<think>\\n")


@pytest.mark.parametrize(
    "tags", [{}, {"controls": ["<think>", "</think>"]}, {"added": ["</think>"]}]
)
def test_a_forced_call_after_a_thought_that_the_prompt_begins(
    tags: dict[str, list[str]], make_model: MakeModel
) -> None:
    model = make_model(architecture="qwen2", chat_template=THINKS, **tags)
    job = prepared(model, order(thinking=True))
    pieces = feed(model, job, "It is a call.\n{}</think>\n\n")
    check(calls(pieces + wander(model, job)))
    assert "".join(p.text for p in pieces if p.kind == "thought") == "It is a call.\n{}"


def test_a_document_after_a_thought_that_the_prompt_begins(make_model: MakeModel) -> None:
    model = make_model(architecture="qwen2", chat_template=THINKS, controls=["<think>", "</think>"])
    job = prepared(model, order(choice="none", offered=[], output_schema=SCHEMA))
    pieces = feed(model, job, "Hm.</think>") + wander(model, job)
    assert "".join(p.text for p in pieces if p.kind == "thought") == "Hm."
    check([("weather", json.loads("".join(p.text for p in pieces if p.kind == "text")))])
    assert job.order.writer.ended == "end_turn"


def test_a_document(make_model: MakeModel) -> None:
    model = make_model(architecture="qwen2")
    frames = answer(model, order(choice="none", offered=[], output_schema=SCHEMA))
    texts = [f.text for f in frames if isinstance(f, Piece) and f.kind == "text"]
    check([("weather", json.loads("".join(texts)))])


def test_a_count_is_the_prompts_length(make_model: MakeModel) -> None:
    desk = Desk(make_model(architecture="qwen2"), N_CTX)
    for content in ("Hi", "say <|im_end|> now"):
        asked = order(content)
        counted = desk.count(Count(2, asked.prompt))
        job = desk.prepare(asked, threading.Event(), queued=False).job
        assert job is not None
        assert counted == Counted(2, len(job.tokens))


def test_effort_reaches_the_template(make_model: MakeModel) -> None:
    desk = Desk(make_model(architecture="qwen2", **FAMILIES["harmony"]), N_CTX)
    plain = order().prompt
    short, long = (
        desk.count(Count(1, msgspec.structs.replace(plain, reasoning_effort=effort)))
        for effort in ("low", "medium")
    )
    assert short != long  # in letters: the tiny vocabulary has neither word


def test_what_is_too_long_is_refused_with_its_length(make_model: MakeModel) -> None:
    desk = Desk(make_model(architecture="qwen2"), N_CTX)
    (frame,) = desk.prepare(order("x " * 3000), threading.Event(), queued=False).frames
    assert isinstance(frame, Refused)
    assert frame.kind == "too_long"
    assert frame.tokens > frame.maximum
