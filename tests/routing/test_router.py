"""The router over scripted engines."""

import asyncio
import json
import logging
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from edge.chat import (
    ChatRequest,
    Event,
    Failed,
    Finished,
    RelayChunk,
    RelayStarted,
    SafeguardRequest,
    Started,
    TextDelta,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    Usage,
    Wire,
)
from edge.engines.base import Odds, Question
from edge.engines.fake import FakeEngine, Pause, Step
from edge.errors import (
    BadRequest,
    CodriverError,
    EngineError,
    KeptHere,
    NotFound,
    NotPermitted,
    Overloaded,
    PromptTooLong,
    TimedOut,
    UpstreamUnreachable,
    WorkerCrashed,
)
from edge.routing.asking import Asking, known_sentences
from edge.routing.likeness import Comparing
from edge.routing.need import load_table
from edge.routing.patterns import Patterns
from edge.routing.pins import Pins
from edge.routing.policy import Rules
from edge.routing.privacy import Privacy
from edge.routing.router import Routed, Router
from edge.routing.rules import Route, When
from edge.routing.rules import Step as RouteStep
from edge.routing.scan import Scan
from edge.safeguards import DANGEROUS_TOOL_USE
from edge.state import EngineState, LinkState
from edge.units import Seconds, Tokens
from tests.routing.asked import asked
from tests.safeguards.samples import CONTEXT, recorded

ASK = ChatRequest("claude-x", ())
BEGUN = Started("claude-x", Usage())
END = Finished("end_turn", Usage())
RELAYED = (RelayStarted(200, ()), RelayChunk(b"a"), RelayChunk(b"b"))
UNREACHABLE = UpstreamUnreachable("cloud (example.org): no connection")


def engine(name: str, *steps: Step, ready: bool = True) -> FakeEngine:
    def script(request: ChatRequest) -> Sequence[Step]:
        return steps

    return FakeEngine(script, name=name, model=f"model-{name}", ready=ready)


def router(*engines: FakeEngine, order: tuple[str, ...] = ("cloud", "local"), policy="rules"):
    return Router({engine.name: engine for engine in engines}, Rules(order), policy)


async def collect(routed: Routed) -> list[Event]:
    async with aclosing(routed.events) as events:
        return [event async for event in events]


class Watched:
    """An uplink that counts who asks for it."""

    over_link = frozenset({"cloud"})

    def __init__(self) -> None:
        self.requests = 0

    def state(self) -> LinkState:
        return LinkState("weak", "the signal is low", metered=True)

    def asked(self) -> None:
        self.requests += 1


async def test_the_uplink_s_picture_is_part_of_the_snapshot_and_requests_ask_for_it():
    uplink = Watched()
    cloud = {"cloud": engine("cloud", *RELAYED)}
    seen = Router(cloud, Rules(("cloud",)), "rules", uplink=uplink)
    assert seen.snapshot().link == LinkState("weak", "the signal is low", metered=True)
    assert seen.snapshot().over_link == {"cloud"}
    assert uplink.requests == 0
    await collect(await seen.route(ASK))
    assert uplink.requests == 1
    assert router(engine("cloud")).snapshot().link is None


class Books:
    """A budget that cloud has spent."""

    def barred(self) -> tuple[tuple[str, str], ...]:
        return (("cloud", "its budget of today is spent ($1.00 of $1.00)"),)

    def measures(self, upstream: str) -> tuple[tuple[str, float], ...]:
        return (("spent", float(len(upstream))),)


async def test_who_has_spent_its_budget_is_not_asked_and_the_books_are_shown():
    cloud, local = engine("cloud", *RELAYED), engine("local", BEGUN, END)
    routes = Rules(("cloud", "local"))
    kept = Router({"cloud": cloud, "local": local}, routes, "rules", budget=Books())
    routed = await kept.route(ASK)
    assert (routed.engine, cloud.requests) == ("local", [])
    assert "cloud is passed over: its budget of today is spent" in routed.decision.reason
    with pytest.raises(NotFound, match=r"its budget of today is spent .* check \[routes\] and"):
        await kept.route(replace(ASK, model="codriver/cloud"))
    states = dict(kept.snapshot().engines)
    assert states["cloud"].measures == (("spent", 5.0),)
    assert states["local"].measures == ()


async def test_the_first_engine_that_takes_it_answers():
    cloud, local = engine("cloud", *RELAYED), engine("local", BEGUN, END)
    routed = await router(cloud, local).route(ASK)
    assert routed.engine == "cloud"
    assert routed.decision.reason == "cloud is first in the route's order"
    assert await collect(routed) == list(RELAYED)
    assert cloud.requests == [ASK]
    assert local.requests == []


@pytest.mark.parametrize("error", [UNREACHABLE, Overloaded("full"), WorkerCrashed("died")])
async def test_an_engine_that_refuses_is_passed_over_and_the_reason_says_so(error, caplog):
    cloud, local = engine("cloud", error), engine("local", BEGUN, TextDelta("x"), END)
    routed = await router(cloud, local).route(ASK)
    assert routed.engine == "local"
    assert routed.decision.reason == (
        f"cloud is first in the route's order; cloud did not take it: {error}"
    )
    assert await collect(routed) == [BEGUN, TextDelta("x"), END]
    assert "cloud did not take it" in caplog.text


async def test_an_engine_that_fails_at_once_is_passed_over():
    cloud, local = engine("cloud", Failed(UNREACHABLE)), engine("local", BEGUN, END)
    assert (await router(cloud, local).route(ASK)).engine == "local"


async def test_an_engine_that_says_nothing_is_passed_over():
    cloud, local = engine("cloud"), engine("local", BEGUN, END)
    routed = await router(cloud, local).route(ASK)
    assert routed.engine == "local"
    assert "cloud ended without an answer" in routed.decision.reason


async def test_an_engine_that_is_down_is_asked_last():
    cloud, local = engine("cloud", *RELAYED, ready=False), engine("local", Overloaded("full"))
    routed = await router(cloud, local).route(ASK)
    assert routed.engine == "cloud"
    assert "cloud is down: a scripted engine" in routed.decision.reason
    assert "local did not take it: full" in routed.decision.reason


@pytest.mark.parametrize(
    ("agent", "patient"), [("claude-cli/2.1.332 (external, cli)", True), ("python/1", False)]
)
async def test_engines_know_whose_client_waits_by_itself(agent: str, patient: bool):
    cloud, local = engine("cloud", UNREACHABLE), engine("local", BEGUN, END)
    wire = Wire("anthropic", "/v1/messages", (("User-Agent", agent),), b"{}")
    await router(cloud, local).route(replace(ASK, wire=wire))
    assert [one.patient for one in (*cloud.requests, *local.requests)] == [patient, patient]


class Telling(FakeEngine):
    """Wants one laptop to wait."""

    def state(self, request: ChatRequest | None = None) -> EngineState:
        waits = request is not None and request.user_id == "mine"
        return EngineState(not waits, "it has reached its limit")


async def test_an_engine_may_want_one_laptop_to_wait_and_take_the_others():
    cloud, local = Telling(lambda request: RELAYED, name="cloud"), engine("local", BEGUN, END)
    both = router(cloud, local)
    routed = await both.route(replace(ASK, user_id="mine"))
    assert routed.engine == "local"
    assert "cloud is down: it has reached its limit" in routed.decision.reason
    assert (await both.route(replace(ASK, user_id="yours"))).engine == "cloud"
    assert dict(both.snapshot().engines)["cloud"].ready


@pytest.mark.parametrize("error", [BadRequest("no"), PromptTooLong(Tokens(9), Tokens(8))])
async def test_a_request_that_is_wrong_is_wrong_everywhere(error):
    cloud, local = engine("cloud", error), engine("local", BEGUN, END)
    with pytest.raises(BadRequest) as caught:
        await router(cloud, local).route(ASK)
    assert caught.value is error
    assert local.requests == []


@pytest.mark.parametrize("last", [WorkerCrashed("died"), Overloaded("full"), BadRequest("no")])
async def test_the_last_engine_s_refusal_is_the_answer(last):
    with pytest.raises(CodriverError) as caught:
        await router(engine("cloud", UNREACHABLE), engine("local", last)).route(ASK)
    assert caught.value is last


async def test_a_last_engine_that_says_nothing_is_an_error():
    with pytest.raises(EngineError, match="local ended without an answer"):
        await router(engine("local"), order=("local",)).route(ASK)


async def test_no_engine_is_a_sentence_about_the_config():
    nobody = router(order=("moon",))
    with pytest.raises(NotFound, match=r"check \[routes\]"):
        await nobody.route(ASK)
    with pytest.raises(NotFound, match=r"check \[routes\]"):
        await nobody.count_tokens(ASK)


async def test_a_named_engine_has_no_stand_in():
    cloud, local = engine("cloud", UNREACHABLE), engine("local", BEGUN, END)
    with pytest.raises(UpstreamUnreachable):
        await router(cloud, local).route(replace(ASK, model="codriver/cloud"))
    assert local.requests == []


async def test_a_model_of_its_own_goes_to_its_engine():
    cloud, local = engine("cloud", *RELAYED), engine("local", BEGUN, END)
    box = router(cloud, local)
    routed = await box.route(replace(ASK, model="Model-Local"))
    assert routed.engine == "local"
    assert ("local", frozenset({"model-local"})) in box.snapshot().models
    assert cloud.requests == []


async def test_what_the_engine_chose_is_part_of_the_reason(caplog):
    caplog.set_level(logging.INFO)
    begun = Started("claude-x", Usage(), "it was loaded for this")
    routed = await router(engine("local", begun, END)).route(ASK)
    assert routed.decision.reason == "local is first in the route's order; it was loaded for this"
    assert "route's order; it was loaded for this" in caplog.text


async def test_nobody_else_is_asked_when_the_requests_time_is_over():
    cloud, local = engine("cloud", TimedOut("over")), engine("local", BEGUN, END)
    with pytest.raises(TimedOut):
        await router(cloud, local).route(ASK)
    assert local.requests == []


# --- once it has begun ------------------------------------------------------------------


async def test_after_the_first_event_nobody_else_is_asked():
    cloud, local = engine("cloud", BEGUN, TextDelta("half"), UNREACHABLE), engine("local", END)
    events = await collect(await router(cloud, local).route(ASK))
    assert events == [BEGUN, TextDelta("half"), Failed(UNREACHABLE)]
    assert local.requests == []


async def test_a_stream_without_an_end_fails():
    events = await collect(await router(engine("cloud", BEGUN, TextDelta("x"))).route(ASK))
    last = events[-1]
    assert isinstance(last, Failed)
    assert str(last.error) == "cloud ended in the middle of its answer"


async def test_closing_the_events_closes_the_engine():
    local = engine("local", BEGUN, TextDelta("x"), END)
    routed = await router(local).route(ASK)
    async with aclosing(routed.events) as events:
        assert await anext(events) == BEGUN
    assert local.cancelled == 1


async def test_a_caller_that_is_cancelled_before_the_first_event_cancels_the_engine():
    asleep = asyncio.Event()

    async def sleep(seconds: float) -> None:
        asleep.set()
        await asyncio.Event().wait()

    local = engine("local", Pause(Seconds(60.0)), BEGUN, END)
    local.sleep = sleep
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(router(local).route(ASK))
        await asleep.wait()
        task.cancel()
    assert local.cancelled == 1


# --- steps with a model -----------------------------------------------------------------


async def test_a_step_with_a_model_asks_for_that_one_in_request_and_bytes():
    cloud, local = engine("cloud", UNREACHABLE), engine("local", BEGUN, END)
    request = asked("hi")
    box = router(cloud, local, order=("cloud:claude-x", "local:coder"))
    routed = await box.route(request)
    assert [str(step) for step in routed.decision.order] == ["cloud:claude-x", "local:coder"]
    (sent,) = cloud.requests
    assert sent.model == "claude-x"
    assert json.loads(sent.wire.body) == {**json.loads(request.wire.body), "model": "claude-x"}
    assert [(one.model, one.exact_model) for one in local.requests] == [("coder", True)]
    assert (await collect(routed))[0] == replace(BEGUN, model=request.model)


async def test_bytes_stay_as_they_came_where_no_model_is_named():
    cloud = engine("cloud", *RELAYED)
    request = asked("hi")
    await router(cloud).route(request)
    assert cloud.requests[0].wire is request.wire


async def test_no_engine_sees_a_subagents_tag():
    cloud, local = engine("cloud", *RELAYED), engine("local", BEGUN, END)
    request = asked("<CCR-SUBAGENT-MODEL>cloud,claude-x</CCR-SUBAGENT-MODEL>look around")
    routed = await router(cloud, local, order=("local",)).route(request)
    assert routed.engine == "cloud"
    (sent,) = cloud.requests
    assert json.loads(sent.wire.body)["messages"] == [{"role": "user", "content": "look around"}]
    assert sent.model == "claude-x"


# --- privacy ----------------------------------------------------------------------------


def private(tmp_path: Path, *engines: FakeEngine) -> Router:
    scan = Scan(Patterns(["falcon"]), (), lambda: 0.0)
    privacy = Privacy((), scan, Pins(tmp_path / "pins.json", lambda: 0.0))
    rules = Rules(("cloud", "local"))
    return Router({engine.name: engine for engine in engines}, rules, "rules", privacy=privacy)


async def test_what_must_not_leave_is_neither_answered_nor_counted_elsewhere(tmp_path: Path):
    cloud, local = engine("cloud", *RELAYED), engine("local", BEGUN, END)
    box = private(tmp_path, cloud, local)
    for request in (asked("falcon"), asked("falcon", model="codriver/cloud")):
        routed = await box.route(request)
        assert (routed.engine, routed.decision.pinned) == ("local", True)
        assert routed.decision.reason.startswith("it stays on this box: ")
        await box.count_tokens(request)
    assert cloud.requests == []
    assert (await box.route(asked("heron"))).engine == "cloud"


@pytest.mark.parametrize("failure", [WorkerCrashed("died"), Overloaded("full")])
async def test_when_the_box_fails_it_is_a_clear_error_and_no_call(tmp_path: Path, failure):
    cloud = engine("cloud", *RELAYED)
    with pytest.raises(KeptHere) as caught:
        await private(tmp_path, cloud, engine("local", failure)).route(asked("falcon"))
    assert str(caught.value) == (
        f"{failure}; nobody else is asked, because it stays on this box: "
        "pattern 1 of privacy.never_cloud_patterns is in it"
    )
    assert (caught.value.status, caught.value.kind) == (529, "overloaded_error")
    assert caught.value.retry_after == failure.retry_after
    assert cloud.requests == []


async def test_a_prompt_too_long_for_the_box_is_said_as_clients_know_it(tmp_path: Path):
    local = engine("local", PromptTooLong(Tokens(9), Tokens(8)))
    with pytest.raises(PromptTooLong):
        await private(tmp_path, engine("cloud"), local).route(asked("falcon"))


async def test_where_there_is_no_upstream_nothing_is_searched(tmp_path: Path):
    routed = await private(tmp_path, engine("local", BEGUN, END)).route(asked("falcon"))
    assert not routed.decision.pinned


# --- models and counts ------------------------------------------------------------------


def test_models_are_listed_in_the_route_s_order():
    both = router(engine("local"), engine("spare"), engine("cloud"), order=("cloud", "local"))
    assert [info.id for info in both.models()] == ["model-cloud", "model-local", "model-spare"]


class Uncounting(FakeEngine):
    async def count_tokens(self, request: ChatRequest) -> Tokens:
        raise UNREACHABLE


async def test_the_first_engine_that_can_count_counts():
    turns = replace(recorded("claude-code-2.1.330-main-with-safeguards"), safeguards=())
    both = router(Uncounting(name="cloud"), engine("local"))
    assert await both.count_tokens(turns) == len(turns.messages)
    with pytest.raises(UpstreamUnreachable):
        await router(Uncounting(name="cloud")).count_tokens(turns)


# --- the safety check -------------------------------------------------------------------

CALL = (
    BEGUN,
    ToolCallStarted("toolu_1", "Bash"),
    ToolCallDelta('{"command": "ls"}'),
    ToolCallEnded(),
    Finished("tool_use", Usage()),
)
STAGE_1 = recorded("claude-code-2.1.330-classifier-stage-1")
MAIN = replace(
    ASK, session=STAGE_1.session, safeguards=(SafeguardRequest(DANGEROUS_TOOL_USE, CONTEXT),)
)


async def said(router: Router, request: ChatRequest) -> str:
    events = await collect(await router.route(request))
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def test_the_last_event_carries_the_verdicts():
    *_, last = await collect(await router(engine("local", *CALL)).route(MAIN))
    assert isinstance(last, Finished)
    assert [result.kind for result in last.safeguards] == [DANGEROUS_TOOL_USE]


async def test_a_classifier_request_is_judged_by_what_its_session_told(caplog):
    local = engine("local", *CALL)
    box = router(local)
    assert await said(box, STAGE_1) == "<block>yes"
    await collect(await box.route(MAIN))
    assert await said(box, replace(STAGE_1, session="another")) == "<block>yes"
    with caplog.at_level(logging.INFO):
        assert await said(box, STAGE_1) == "<block>no"
    assert local.requests == [MAIN]
    assert "needs no model: safety classifier request" in caplog.text


async def test_what_a_session_told_an_upstream_counts_when_it_is_gone():
    steps: list[Step] = [*RELAYED]
    cloud = FakeEngine(lambda request: tuple(steps), name="cloud")
    box = router(cloud, engine("local"))
    await collect(await box.route(MAIN))
    steps[:] = [UNREACHABLE]
    routed = await box.route(STAGE_1)
    assert routed.engine == "local"
    assert await collect(routed)
    assert cloud.requests == [MAIN, STAGE_1]


@pytest.mark.parametrize("policy", ["rules", "deny", "off"])
async def test_under_no_policy_does_a_classifier_request_reach_the_model(policy):
    local = engine("local", *CALL)
    routed = await router(local, policy=policy).route(STAGE_1)
    assert routed.decision.reason == f"safety classifier request, answered by the {policy} policy"
    await collect(routed)
    assert local.requests == []


# --- only some may answer -----------------------------------------------------------------


class Offline(Watched):
    def state(self) -> LinkState:
        return LinkState("offline", "a tunnel")


FAR = frozenset({"cloud"})


async def test_nobody_else_answers_where_only_some_may():
    cloud, local = engine("cloud", UNREACHABLE), engine("local", BEGUN, END)
    with pytest.raises(UpstreamUnreachable):
        await router(cloud, local).route(ASK, FAR)
    assert local.requests == []
    routed = await router(cloud, local).route(ASK, frozenset({"local"}))
    assert (routed.engine, await collect(routed)) == ("local", [BEGUN, END])


async def test_where_those_cannot_be_asked_now_the_reason_is_told():
    cloud, local = engine("cloud", BEGUN, END), engine("local", BEGUN, END)
    engines = {"cloud": cloud, "local": local}
    made = Router(engines, Rules(("cloud", "local")), "rules", uplink=Offline())
    with pytest.raises(UpstreamUnreachable, match=r"cloud cannot be asked now: .*a tunnel"):
        await made.route(ASK, FAR)
    assert cloud.requests == local.requests == []
    decision = await made.on_a_good_day(ASK)
    assert [str(step) for step in decision.order] == ["cloud", "local"]


async def test_what_is_pinned_is_never_asked_elsewhere(tmp_path: Path):
    cloud, local = engine("cloud", BEGUN, END), engine("local", BEGUN, END)
    pins = Pins(tmp_path / "pins.json", lambda: 0.0)
    privacy = Privacy((), Scan(Patterns(("falcon",)), (), lambda: 0.0), pins)
    engines = {"cloud": cloud, "local": local}
    made = Router(engines, Rules(("cloud",)), "rules", privacy=privacy)
    with pytest.raises(NotPermitted, match="cloud may not be asked: it stays on this box"):
        await made.route(asked("project falcon"), FAR)
    assert cloud.requests == []


# --- sentences --------------------------------------------------------------------------


class Comparer:
    def __init__(self) -> None:
        self.texts: list[str] = []

    async def compare(self, text: str, sentences: Sequence[str]) -> tuple[float, ...] | None:
        self.texts.append(text)
        return tuple(1.0 if text == one else 0.0 for one in sentences)


async def test_a_route_is_taken_by_its_sentences_and_says_so():
    cloud, local = engine("cloud", *RELAYED), engine("local", BEGUN, TextDelta("hi"), END)
    greeting = Route("greeting", (RouteStep("local"),), When(like=("hello",)))
    rules, comparer = Rules(("cloud", "local"), own=(greeting,)), Comparer()
    routing = Router(
        {"cloud": cloud, "local": local}, rules, "rules", comparing=Comparing(comparer, rules)
    )
    routed = await routing.route(asked("hello"))
    await collect(routed)
    assert routed.engine == "local"
    assert "route greeting (it is like its sentences by 1.00)" in routed.decision.reason
    other = await routing.route(asked("something else"))
    await collect(other)
    assert other.engine == "cloud"
    await collect(await routing.route(asked("hello", model="codriver/cloud")))
    assert comparer.texts == ["hello", "something else"], "who names an engine is not compared"


class Opinion:
    """Says what it is told to, and remembers what it was asked."""

    def __init__(self, heavy: float) -> None:
        self.heavy = heavy
        self.texts: list[str] = []
        self.learned = asyncio.Event()

    async def weigh(self, question: Question) -> Odds:
        known = [text for _, text in known_sentences(load_table())]
        if question.text not in known:
            self.texts.append(question.text)
            return Odds("coder", (1 - self.heavy, self.heavy), 1.0)
        if question.text == known[-1]:
            self.learned.set()
        share = 0.2 if question.text in load_table().light else 0.8
        return Odds("coder", (1 - share, share), 1.0)


@pytest.mark.parametrize(("heavy", "engine_"), [(0.2, "local"), (0.8, "cloud")])
async def test_in_doubt_the_boxs_model_is_asked_and_the_reason_says_so(heavy: float, engine_: str):
    rules = Rules(
        ("cloud", "local"),
        own=(Route("light", (RouteStep("local"),), When(need="light")),),
        table=load_table(),
    )
    opinion = Opinion(heavy)
    assert rules.table is not None
    asking = Asking(opinion, rules.table)
    routing = Router(
        {"cloud": engine("cloud", *RELAYED), "local": engine("local", BEGUN, TextDelta("hi"), END)},
        rules,
        "rules",
        comparing=Comparing(Mute(), rules),
        asking=asking,
    )
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(asking.run())
        await opinion.learned.wait()
        await asyncio.sleep(0)
        text = "add a field to the other form"
        await routing.count_tokens(asked(text))
        assert opinion.texts == [], "a count is no reason to ask"
        routed = await routing.route(asked(text))
        await collect(routed)
        await collect(await routing.route(asked("why does it hang? refactor it")))
        running.cancel()
    assert routed.engine == engine_
    assert opinion.texts == [text]
    if engine_ == "local":
        assert "coder was asked and is 100% sure that it is light" in routed.decision.reason


class Mute:
    async def compare(self, text: str, sentences: Sequence[str]) -> None:
        return None
