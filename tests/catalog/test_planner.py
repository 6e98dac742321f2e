from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.catalog.families import find_family
from edge.catalog.making import makeable_of
from edge.catalog.memory import N_SEQUENCES
from edge.catalog.planner import (
    KV_CELLS,
    choose,
    is_worth_making,
    makeable,
    memory_budget,
    plan,
    runnable,
    shortened,
    together,
)
from edge.catalog.plans import Candidate, Disk, Wishes
from edge.catalog.quality import is_coarse
from edge.catalog.reasons import AGENT_CONTEXT
from edge.catalog.shapes import facts_of
from edge.catalog.speed import Reach
from edge.errors import ModelUnusable
from edge.state import Accelerator, BoardFacts, Room
from tests.catalog.made_facts import facts, gemma3, qwen_coder, smollm2

GB = 10**9
MODELS = Path("/models")


def candidate(name, shape):
    return Candidate(name, Path(f"/models/{name}.gguf"), shape)


SMALL = candidate("smollm2", smollm2())
CODER = candidate("coder-0.5b", qwen_coder("0.5b"))
LARGER = candidate("coder-1.5b", qwen_coder("1.5b"))
BASE = candidate("gemma", gemma3())
ALL = (SMALL, CODER, LARGER, BASE)


def board(available=24 * GB, **more):
    return BoardFacts(memory_available=available, **({"cores": 4} | more))


def names(plans):
    return [one.model for one in plans]


# --- the choice ---------------------------------------------------------------------


def test_takes_the_most_quality_that_fits():
    plans = plan(ALL, board())
    assert names(plans)[:2] == ["coder-1.5b", "coder-0.5b"]
    best = choose(plans)
    assert (best.n_ctx, best.kv_type, best.n_gpu_layers, best.n_threads) == (32_768, "f16", 0, 4)
    assert best.quantization == "Q4_K_M"
    assert "1.78 billion parameters at Q4_K_M" in best.reason
    assert best.reason.endswith("4 threads, one for each core")
    assert best.n_sequences == N_SEQUENCES


def test_takes_the_smaller_one_where_the_larger_has_no_room_for_an_agent():
    plans = plan(ALL, board(2 * GB))
    assert names(plans)[0] == "coder-0.5b"
    loser = next(one for one in plans if one.model == "coder-1.5b")
    assert loser.fits
    assert "too few for a coding agent" in loser.reason


def test_a_template_without_tools_ranks_below_one_with():
    chatty = candidate("chatty", facts(parameters=10**9, template="{{ messages }}"))
    plans = plan((chatty, CODER), board())
    assert names(plans) == ["coder-0.5b", "chatty"]
    assert "knows no tools" in plans[1].reason
    assert names(plan((chatty, CODER), board(), Wishes(agent=False))) == ["chatty", "coder-0.5b"]


def test_a_coarse_quantization_ranks_below_a_smaller_fine_one():
    coarse = candidate("coarse", facts(parameters=10**9, file_type=10))
    plans = plan((coarse, CODER), board())
    assert names(plans) == ["coder-0.5b", "coarse"]
    assert "Q2_K is too coarse" in plans[1].reason


def test_a_finer_quantization_of_the_same_model_wins():
    fine = candidate("fine", facts(file_type=7, weights=700_000_000))
    coarse = candidate("coarse", facts(file_type=2))
    assert names(plan((coarse, fine), board())) == ["fine", "coarse"]


def test_what_is_too_slow_ranks_below_what_is_useful():
    slow = candidate("slow", facts(parameters=8 * 10**9, weights=5 * GB))
    plans = plan((slow, CODER), board(), Wishes(reach=Reach(bandwidth=11.4e9)))
    assert names(plans) == ["coder-0.5b", "slow"]
    assert "about 2.3 tokens/s is too slow" in plans[1].reason
    assert plans[0].decode_tokens_per_second == pytest.approx(22.6, abs=0.1)
    assert plan((slow, CODER), board())[0].decode_tokens_per_second is None


def test_a_prompt_that_is_read_too_slowly_counts_for_agents_only():
    slow = candidate("slow", facts(parameters=8 * 10**9, weights=5 * GB))
    reach = Reach(arithmetic=1e11)
    plans = plan((slow, CODER), board(), Wishes(reach=reach))
    assert names(plans) == ["coder-0.5b", "slow"]
    assert "an agent's prompt is read at about 6.2 tokens/s" in plans[1].reason
    assert plans[0].prefill_tokens_per_second == pytest.approx(79.3, rel=0.01)
    assert names(plan((slow, CODER), board(), Wishes(reach=reach, agent=False)))[0] == "slow"


def test_what_is_known_of_a_model_counts_more_than_its_size():
    able = replace(CODER, name="able", ability=70.0)
    assert names(plan((LARGER, able), board())) == ["able", "coder-1.5b"]


def test_an_answer_slower_than_reading_costs_points():
    fast = replace(CODER, ability=50.0)
    slow = replace(LARGER, ability=52.0)
    reach = Reach(bandwidth=10e9)
    assert names(plan((fast, slow), board())) == ["coder-1.5b", "coder-0.5b"]
    assert names(plan((fast, slow), board(), Wishes(reach=reach))) == ["coder-0.5b", "coder-1.5b"]


def test_keys_and_values_are_coarser_where_an_agent_has_no_room_else():
    found = [plan((LARGER,), board(tenths * GB // 10))[0] for tenths in range(15, 60)]
    kinds = [one.kv_type for one in found if one.n_ctx >= AGENT_CONTEXT]
    assert kinds == sorted(kinds, reverse=True), "coarser ones only where there is less memory"
    assert set(kinds) == {"q8_0", "f16"}
    asked = plan((LARGER,), board(), Wishes(kv_type="q4_0"))[0]
    assert (asked.kv_type, asked.n_ctx) == ("q4_0", 32_768)


def test_what_is_not_here_is_ranked_and_never_chosen():
    away = replace(LARGER, here=False, level="UD-Q4_K_XL")
    plans = plan((away, CODER), board())
    assert names(plans) == ["coder-1.5b", "coder-0.5b"]
    assert plans[0].quantization == "UD-Q4_K_XL"
    assert runnable(plans).model == "coder-1.5b"
    assert choose(plans).model == "coder-0.5b"


def test_of_what_is_not_here_one_file_of_each_model_is_shown():
    files = [replace(LARGER, here=False, path=Path(f"/models/{n}.gguf")) for n in range(3)]
    plans = shortened(plan((*files, CODER, SMALL), board()))
    assert names(plans) == ["coder-1.5b", "coder-0.5b", "smollm2"]


# --- what could be made of what is here ------------------------------------------------


def fine(level="Q8_0", family="qwen2.5-coder-7b"):
    found = find_family(family)
    shape = facts_of(found.shape, level, tools=True)
    return replace(candidate(f"7b-{level}", shape), ability=found.ability)


def with_made(*present, memory=24 * GB, **wishes):
    made = makeable_of(present, Path("/models"))
    return plan((*present, *made), board(memory), Wishes(**wishes))


def test_what_does_not_fit_could_be_made_smaller():
    plans = with_made(fine(), memory=8 * GB, disk=Disk(MODELS, 70 * GB))
    best = plans[0]
    assert (best.model, best.here, best.fits, best.n_ctx) == ("7b-Q5_K_M", False, True, 32_768)
    assert best.reason.startswith(
        "made here of 7b-Q8_0.gguf by: codriver quantize 7b-Q8_0 Q5_K_M (5.45 GB of file); 7.62"
    )
    assert names(makeable(plans)) == ["7b-Q5_K_M"]
    assert names(shortened(plans)) == ["7b-Q5_K_M", "7b-Q8_0"]
    with pytest.raises(ModelUnusable, match="or make one that fits: codriver quantize 7b-Q8_0 Q5"):
        choose(plans, makeable(plans))


def test_what_is_too_slow_could_be_made_faster():
    plans = with_made(fine(), reach=Reach(bandwidth=18e9))
    assert names(shortened(plans)) == ["7b-Q5_K_M", "7b-Q8_0"]
    assert choose(plans, makeable(plans)).model == "7b-Q8_0", "what is here runs"
    assert with_made(fine(), reach=Reach(bandwidth=9e9))[0].decode_tokens_per_second < 3


def test_what_runs_well_is_not_made_again():
    plans = with_made(fine(), reach=Reach(bandwidth=80e9))
    assert makeable(plans) == ()
    assert names(shortened(plans)) == ["7b-Q8_0"]
    assert shortened(plans)[0].reason.startswith("7.62 billion parameters at Q8_0")


def test_nothing_is_made_where_something_better_is_here():
    better = replace(LARGER, ability=90.0)
    plans = with_made(fine(), better, memory=8 * GB)
    assert makeable(plans) == ()
    assert names(shortened(plans)) == ["coder-1.5b", "7b-Q5_K_M", "7b-Q8_0"]


def test_what_the_disk_has_no_room_for_is_not_made():
    plans = with_made(fine(), CODER, memory=8 * GB, disk=Disk(MODELS, 3 * GB))
    assert choose(plans).model == "coder-0.5b"
    assert all(one.file_bytes <= 3 * GB for one in makeable(plans))
    too_large = next(one for one in plans if one.model == "7b-Q5_K_M")
    assert not too_large.has_room
    assert "there is room for 3.00 GB on the disk" in too_large.reason
    nothing = with_made(fine(), memory=8 * GB, disk=Disk(MODELS, GB))
    assert makeable(nothing) == ()
    with pytest.raises(ModelUnusable, match="there is room for 1"):
        runnable(nothing)


def test_the_disks_speed_says_how_long_it_takes_to_be_read():
    plans = plan(
        (CODER, replace(SMALL, path=Path("/store/x"))),
        board(),
        Wishes(disk=Disk(MODELS, None, 20e6)),
    )
    assert plans[0].load_seconds == pytest.approx(485_452_288 / 20e6)
    assert plans[0].reason.endswith("; the disk reads it in about 24 s")
    assert plans[1].load_seconds is None, "it lies elsewhere"
    fast = plan((CODER,), board(), Wishes(disk=Disk(MODELS, None, 2e9)))
    assert fast[0].reason.endswith("; read in a moment")


def test_of_equals_what_is_here_goes_first_and_what_is_fetched_last():
    source = fine("F16")
    made = next(m for m in makeable_of([source], Path("/models")) if m.level == "Q4_K_M")
    here = replace(made, name="here", made=None, here=True)
    away = replace(made, name="away", made=None, here=False)
    plans = plan((away, made, here), board())
    assert names(plans) == ["here", "7b-Q4_K_M", "away"]
    assert is_worth_making(plans[1], None)
    assert not is_worth_making(plans[1], plans[0])


# --- numbers ------------------------------------------------------------------------


def test_larger_than_memory_is_refused_with_the_numbers():
    plans = plan((LARGER,), board(1 * GB))
    assert not plans[0].fits
    with pytest.raises(ModelUnusable) as caught:
        choose(plans)
    said = str(caught.value)
    assert said.startswith("coder-1.5b: needs 1.50 GB (weights 1.11 GB, 2,048 tokens of context")
    assert "0.73 GB may be used; take a smaller model" in said


def test_no_model_at_all_is_refused():
    with pytest.raises(ModelUnusable, match="no model to serve"):
        choose(plan((), board()))


def test_a_cgroup_limit_counts():
    assert memory_budget(board(8 * GB, memory_limit=4 * GB)) == 36 * GB // 10
    assert memory_budget(board(8 * GB, memory_limit=64 * GB)) == 72 * GB // 10


def test_unknown_memory_is_taken_from_the_total_or_not_at_all():
    assert memory_budget(BoardFacts(memory_total=8 * GB)) == 54 * GB // 10
    assert memory_budget(BoardFacts()) is None
    assert choose(plan(ALL, BoardFacts())).fits


def test_a_small_budget_leaves_room_for_the_system():
    assert memory_budget(board(2**30)) == 2**30 - 256 * 2**20
    assert memory_budget(board(2**20)) == 0


def test_wishes_are_kept_within_what_the_model_can():
    short = choose(plan((CODER,), board(), Wishes(context=8192, threads=3)))
    assert (short.n_ctx, short.n_threads) == (8192, 3)
    long = choose(plan((CODER,), board(), Wishes(context=100_000)))
    assert long.n_ctx == 32_768
    assert "100,000 tokens of context were asked for" in long.reason


def test_a_short_context_that_was_asked_for_is_no_fault():
    assert "too few" not in choose(plan((CODER,), board(), Wishes(context=4096))).reason


def test_gpu_layers_only_where_a_cuda_device_holds_them():
    def layers(*devices):
        return plan((CODER,), board(accelerators=devices))[0].n_gpu_layers

    assert layers(Accelerator("cuda", "Orin", 8 * GB, unified=True)) == 25
    assert layers(Accelerator("cuda", "card", 8 * GB)) == 25
    assert layers(Accelerator("cuda", "card", GB // 2)) == 11
    assert layers(Accelerator("cuda", "card", GB // 10)) == 0
    assert layers(Accelerator("cuda", "card")) == 0
    assert layers(Accelerator("vulkan", "v3d"), Accelerator("npu", "Hailo")) == 0


def test_a_device_with_memory_of_its_own_spares_the_board_its_layers():
    def taken(*devices):
        one = plan((CODER,), board(accelerators=devices))[0]
        return one.memory.weights, one.on_device

    weights = CODER.facts.tensor_bytes
    assert taken() == (weights, 0)
    assert taken(Accelerator("cuda", "Orin", 8 * GB, unified=True)) == (weights, 0)
    left, held = taken(Accelerator("cuda", "card", 8 * GB))
    assert left == 0
    assert held > weights
    left, held = taken(Accelerator("cuda", "card", GB // 2))
    assert left == pytest.approx(weights * 14 / 25)
    assert held < GB // 2


# --- together -----------------------------------------------------------------------


def both(facts, **wishes):
    return plan((CODER, SMALL), facts, Wishes(**wishes))


def in_all(plans):
    return f"{sum(one.memory_bytes for one in plans) / 1e9:.2f} GB"


def test_plans_fit_together_when_their_memory_does():
    plans = both(board(4 * GB))
    room = together(plans, board(4 * GB))
    assert room.fits
    assert room.reason == f"{in_all(plans)} together and 3.60 GB may be used"


def test_plans_that_fit_alone_may_not_fit_together():
    tight = board(1_700_000_000)
    plans = both(tight)
    assert all(one.fits for one in plans)
    words = f"{in_all(plans)} together and 1.43 GB may be used"
    assert together(plans, tight) == Room(False, words)
    assert all(together([one], tight).fits for one in plans)


def test_where_memory_is_unknown_one_model_is_loaded_at_a_time():
    nowhere = BoardFacts(cores=4)
    plans = both(nowhere)
    assert together(plans[:1], nowhere).fits
    room = together(plans, nowhere)
    assert (room.fits, "unknown" in room.reason) == (False, True)


@pytest.mark.parametrize(
    ("memory", "unified", "fits"), [(3 * GB, False, True), (GB, False, False), (0, True, True)]
)
def test_an_accelerator_has_to_hold_the_weights_of_all(memory, unified, fits):
    gpu = board(accelerators=(Accelerator("cuda", "x", memory, unified=unified),))
    plans = both(gpu)
    assert all(one.n_gpu_layers for one in plans)
    assert together(plans, gpu).fits is fits


@settings(deadline=None)
@given(st.integers(1, 40 * GB), st.integers(1, 40 * GB))
def test_more_memory_never_separates_plans(one, other):
    less, more = sorted((one, other))
    plans = both(board(8 * GB))
    assert together(plans, board(less)).fits <= together(plans, board(more)).fits


# --- properties ---------------------------------------------------------------------

memory = st.integers(0, 40 * GB)
shapes = st.builds(
    facts,
    layers=st.integers(1, 80),
    kv_heads=st.integers(1, 8),
    heads=st.just(8),
    width=st.sampled_from([512, 2048, 8192]),
    vocabulary=st.sampled_from([32_000, 151_936, 262_144]),
    trained=st.sampled_from([512, 4096, 32_768, 131_072, 1_000_000]),
    weights=st.integers(50_000_000, 30 * GB),
    parameters=st.integers(10**8, 7 * 10**10),
    file_type=st.sampled_from([0, 2, 7, 10, 12, 15, 18, 99]),
    template=st.sampled_from([None, "{{ messages }}", "{% if tools %}"]),
)


@cache
def with_what_could_be_made(*kinds):
    sources = []
    for level, family in kinds:
        name = f"{family}-{level}"
        path = Path(f"/models/{name}.gguf")
        sources.append(replace(fine(level, family), name=name, path=path))
    return [CODER, *sources, *makeable_of(sources, Path("/models"))]


kinds = st.sampled_from([
    ("F16", "qwen2.5-coder-7b"),
    ("Q8_0", "qwen2.5-coder-7b"),
    ("Q8_0", "qwen3.5-2b"),
])  # fmt: skip
several_with_made = st.lists(kinds, min_size=1, max_size=2, unique=True).map(
    lambda found: with_what_could_be_made(*found)
)
several = st.lists(shapes, min_size=1, max_size=5).map(
    lambda found: [candidate(f"m{number}", shape) for number, shape in enumerate(found)]
)


def rank(one):
    """How good a plan is, apart from what it costs; larger is better."""
    agent = one.n_ctx >= AGENT_CONTEXT
    coarse = is_coarse(one.quantization, one.parameters)
    if not one.fits:
        return (False,)
    return (True, agent, not coarse, one.tools, one.points, min(one.n_ctx, AGENT_CONTEXT))


@settings(deadline=None)
@given(several, memory, memory)
def test_more_memory_never_gives_a_worse_plan(candidates, one, other):
    less, more = sorted((one, other))
    assert rank(plan(candidates, board(less))[0]) <= rank(plan(candidates, board(more))[0])


@settings(deadline=None, max_examples=25)
@given(several_with_made, memory, memory)
def test_more_memory_never_gives_a_worse_plan_of_what_could_be_made(candidates, one, other):
    less, more = sorted((one, other))
    assert rank(plan(candidates, board(less))[0]) <= rank(plan(candidates, board(more))[0])


@settings(deadline=None, max_examples=25)
@given(several_with_made, memory, st.randoms())
def test_same_facts_same_makings_in_whatever_order(candidates, available, random):
    shuffled = list(candidates)
    random.shuffle(shuffled)
    plans = plan(candidates, board(available))
    assert plan(shuffled, board(available)) == plans
    assert makeable(plan(shuffled, board(available))) == makeable(plans)


@settings(deadline=None)
@given(several, memory)
def test_a_plan_that_fits_is_within_its_budget(candidates, available):
    for one in plan(candidates, board(available)):
        assert one.fits == (one.memory_bytes <= memory_budget(board(available)))
        assert one.n_ctx % KV_CELLS == 0
        assert one.n_ctx > 0


@settings(deadline=None)
@given(several, memory, st.randoms())
def test_same_facts_same_plans_in_whatever_order(candidates, available, random):
    shuffled = list(candidates)
    random.shuffle(shuffled)
    assert plan(candidates, board(available)) == plan(shuffled, board(available))


@settings(deadline=None)
@given(several, memory)
def test_every_plan_has_a_reason(candidates, available):
    assert all(one.reason for one in plan(candidates, board(available)))


def test_equal_models_are_ordered_by_name():
    twin = replace(CODER, name="a-twin", path=Path("/models/a.gguf"))
    assert names(plan((CODER, twin), board())) == ["a-twin", "coder-0.5b"]
