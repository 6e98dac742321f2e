"""A prefix that was kept, in memory or on disk, gives the answer of a cold prompt: the whole
loop on a real llama.cpp, for every kind of KV memory and every type of its values."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge.catalog.fetch import ensure
from edge.catalog.models import resolve
from edge.engines.frames import FromWorker, Piece, SamplingValues, Seated, Stats
from edge.engines.worker.answering import Order
from edge.engines.worker.blocks import PIECES
from edge.engines.worker.context import Context, Part
from edge.engines.worker.job import Job
from edge.engines.worker.loop import InferenceLoop
from edge.engines.worker.native import Model
from edge.engines.worker.prefix_files import PrefixFiles
from edge.engines.worker.prefixes import Policy, Prefixes
from edge.engines.worker.snapshots import Snapshots
from edge.engines.worker.stops import StopFilter
from edge.engines.worker.store import Store
from edge.engines.worker.writer import Grip, Writer
from edge.toolcalls import Family, Parser
from tests.engines.worker.conftest import OfKind
from tests.engines.worker.tiny_kinds import Kind

ROOT = Path(__file__).resolve().parents[3]
MODELS = ROOT / ".models"

KINDS: list[Kind] = ["plain", "window", "hybrid", "delta", "recurrent"]
KV_TYPES = ["f16", "q8_0", "q4_0"]

BLOCK = 64
PIECE = BLOCK // PIECES
STABLE = 150
PROMPT = [(n * 7919) % 250 + 10 for n in range(330)]
ANSWER = 10


class Numbers:
    """A vocabulary whose pieces are the tokens' numbers, and which never ends."""

    def piece(self, token: int) -> bytes:
        return f"<{token}>".encode()

    def ends_generation(self, token: int) -> bool:
        return False


class Even:
    """A clock by which every step takes the same time: how prompts are divided into steps is
    chosen by what steps took, and sums of another order are not the same to the last bit."""

    def __init__(self) -> None:
        self._ticks = itertools.count()

    def __call__(self) -> float:
        return next(self._ticks) / 10_000


class Watched(Context):
    """Knows which decodes might have been interrupted."""

    interruptible: bool = False

    def decode(
        self, parts: Sequence[Part], *, interruptible: bool = False, padding: int = 0
    ) -> bool:
        self.interruptible |= interruptible
        return super().decode(parts, interruptible=interruptible, padding=padding)


@dataclass
class Process:
    """What a worker's process is, without the process."""

    model: Model
    kv_type: str
    folder: Path | None = None
    n_ctx: int = 2048
    sent: list[FromWorker] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.divisible = self.model.can_truncate()
        self.context = Watched(
            self.model,
            n_ctx=self.n_ctx,
            n_batch=256,
            n_ubatch=64,
            n_threads=1,
            kv_type=self.kv_type,
            n_sequences=6,
        )
        self.policy = self._policy()
        self.loop = InferenceLoop(
            Numbers(),
            self.context,
            divisible=self.divisible,
            n_sequences=6,
            n_parallel=2,
            send=self.sent.extend,
            prefixes=self.policy,
            clock=Even(),
        )

    def _policy(self) -> Policy | None:
        if self.folder is None:
            return None
        store = Store(PrefixFiles(self.folder, 10**9))
        if self.divisible:
            return Prefixes(store, b"root", block=BLOCK)
        return Snapshots(store, b"root", least=BLOCK)

    def ask(self, *prompts: Sequence[int], stable: int = STABLE) -> list[list[int]]:
        """The greedy answers to prompts that come at the same time."""
        del self.sent[:]
        self.loop._stopping = False
        for number, prompt in enumerate(prompts):
            self.loop.submit(_job(number, prompt, stable))
        self.loop.stop()
        self.loop.run()
        self._rest()
        return [self._answer(number) for number in range(len(prompts))]

    def _rest(self) -> None:
        """Hand over all that is to be kept, as a loop does that nobody asks anything."""
        if self.policy is None:
            return
        while not self.policy.store.is_ready or self.loop._memory.has_to_keep:
            self.loop._memory.keep()

    def _answer(self, number: int) -> list[int]:
        pieces = [f.text for f in self.sent if isinstance(f, Piece) and f.id == number]
        return [int(token) for token in re.findall(r"<(\d+)>", "".join(pieces))]

    @property
    def kept(self) -> list[int]:
        """Tokens that each prompt did not have to read."""
        seats = {f.id: f.cached_tokens for f in self.sent if isinstance(f, Seated)}
        return [seats[number] for number in sorted(seats)]

    @property
    def told(self) -> dict[str, float]:
        return [f for f in self.sent if isinstance(f, Stats)][-1].measures

    def close(self) -> None:
        if self.policy is not None:
            self.policy.store.close()
        self.context.close()


def _job(number: int, prompt: Sequence[int], stable: int) -> Job:
    stops = StopFilter([])
    grip = Grip(None, whole=False)
    parser = Parser((), Family.GENERIC)
    writer = Writer(number, parser, stops, grip, compile_grammar=_no_grammar, parallel=True)
    order = Order(number, SamplingValues(temperature=0), ANSWER, writer, None, lambda: None)
    return Job(order, list(prompt), threading.Event(), stable)


def _no_grammar(_text: str):
    raise AssertionError("no call, no grammar")


@dataclass
class Box:
    """Starts processes of one setting, one after the other, on the same disk."""

    model: Model
    kv_type: str
    folder: Path
    n_ctx: int = 2048
    running: Process | None = None

    def start(self) -> Process:
        """Another process; the one before has ended in good order."""
        self.stop()
        self.running = self._made(self.folder)
        return self.running

    def cold(self, prompt: Sequence[int], stable: int = STABLE) -> list[int]:
        """The answer of a process that knows nothing."""
        alone = self._made(None)
        (answer,) = alone.ask(prompt, stable=stable)
        assert alone.kept == [0]
        assert len(answer) == ANSWER
        alone.close()
        return answer

    def _made(self, folder: Path | None) -> Process:
        return Process(self.model, self.kv_type, folder, self.n_ctx)

    def stop(self) -> None:
        if self.running is not None:
            self.running.close()
            self.running = None


@pytest.fixture(params=KV_TYPES)
def kv_type(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=KINDS)
def box(
    request: pytest.FixtureRequest, of_kind: OfKind, kv_type: str, tmp_path: Path
) -> Iterator[Box]:
    made = Box(of_kind(request.param), kv_type, tmp_path)
    yield made
    made.stop()


def test_answers_tell_prompts_apart(box: Box):
    """Or equal answers would prove nothing."""
    near = [*PROMPT[:-40], *PROMPT[20:60]]
    assert box.cold(PROMPT) != box.cold(near)


def test_a_session_and_another_in_memory(box: Box):
    process = box.start()
    (first,) = process.ask(PROMPT)
    assert first == box.cold(PROMPT)
    turn = [*PROMPT, *first, *PROMPT[40:75]]
    assert process.ask(turn) == [box.cold(turn)]
    assert process.kept[0] >= len(PROMPT)
    other = [*PROMPT[:STABLE], *PROMPT[20:90]]
    assert process.ask(other) == [box.cold(other)]
    assert process.kept[0] >= STABLE
    assert process.context.interruptible is process.divisible


def test_long_prompts_share_in_memory(box: Box):
    """Longer than all cells of windowed layers together, which then lie in another order: sums
    differ in their last bits, so what counts is the first token, which is no near tie."""
    long = [token for shift in range(4) for token in PROMPT[shift:]]
    process = box.start()
    for departs in (1000, 1010):
        asked = [*long[:800], *long[departs:]]
        (answer,) = process.ask(asked, stable=800)
        assert answer[0] == box.cold(asked, stable=800)[0]
    told = process.told
    assert told["prompt_tokens_restored_total"] == 0
    assert told["prompt_tokens_reused_total"] >= 800


def test_a_session_and_another_from_disk(box: Box):
    process = box.start()
    (first,) = process.ask(PROMPT)
    turn = [*PROMPT, *first, *PROMPT[40:140]]
    (second,) = process.ask(turn)
    process = box.start()
    later = [*turn, *second, *PROMPT[10:45]]
    assert process.ask(later) == [box.cold(later)]
    least = len(turn) // PIECE * PIECE if process.divisible else len(turn)
    assert process.kept[0] >= least
    told = process.told
    done = [told[f"prompt_tokens_{how}_total"] for how in ("read", "reused", "restored")]
    assert done == [len(later) - process.kept[0], 0, process.kept[0]]
    process = box.start()
    other = [*PROMPT[:STABLE], *PROMPT[20:90]]
    assert process.ask(other) == [box.cold(other)]
    assert process.kept[0] >= STABLE // PIECE * PIECE
    assert process.context.interruptible is process.divisible


def test_two_side_by_side_from_one_beginning(box: Box):
    process = box.start()
    process.ask([*PROMPT[:STABLE], 11, 12, 13])
    process = box.start()
    pair = [[*PROMPT[:STABLE], *PROMPT[20:90]], [*PROMPT[:STABLE], *PROMPT[30:60]]]
    assert process.ask(*pair) == [box.cold(prompt) for prompt in pair]
    assert min(process.kept) >= STABLE // PIECE * PIECE


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kv_type", KV_TYPES)
def test_a_real_model_with_a_sliding_window(kv_type: str, tmp_path: Path):
    model = Model(ensure(resolve("gemma-3-270m", MODELS), MODELS), n_gpu_layers=0)
    box = Box(model, kv_type, tmp_path, n_ctx=4096)
    text = (ROOT / "ARCHITECTURE.md").read_text()
    prompt = model.vocabulary.tokenize(text)[:1000]
    system = 700
    process = box.start()
    (first,) = process.ask(prompt, stable=system)
    assert first == box.cold(prompt, system)
    turn = [*prompt, *first, *prompt[200:500]]
    (second,) = process.ask(turn, stable=system)
    assert process.kept[0] >= len(prompt)
    assert second == box.cold(turn, system)
    later = [*turn, *second, *prompt[100:120]]
    other = [*prompt[:system], *prompt[300:400]]
    for asked, kept in ((later, len(turn)), (other, system)):
        process = box.start()
        assert process.ask(asked, stable=system) == [box.cold(asked, system)]
        assert process.kept == [kept]
    box.stop()
