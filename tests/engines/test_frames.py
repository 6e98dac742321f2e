import pytest

from edge.engines import frames


def test_a_frame_survives_the_wire():
    message = frames.Piece(7, "arguments", '{"ä": 1}')
    data = frames.encode(message)
    length = frames.body_length(data[: frames.HEADER.size])
    assert frames.decode_from_worker(data[frames.HEADER.size :]) == message
    assert length == len(data) - frames.HEADER.size


def test_a_whole_request_survives_the_wire():
    prompt = frames.Prompt([{"role": "user", "content": "hi"}], [], False, 1.5)
    order = frames.Generate(
        id=1,
        prompt=prompt,
        offered=[frames.Tool("Bash", "runs", {"type": "object"})],
        choice="auto",
        parallel=True,
        sampling=frames.SamplingValues(temperature=0.0),
        stop=["x"],
        max_tokens=None,
    )
    data = frames.encode(order)
    assert frames.decode_to_worker(data[frames.HEADER.size :]) == order


def test_a_question_and_its_answer_survive_the_wire():
    prompt = frames.Prompt([{"role": "user", "content": "hi"}], [], False, 1.5)
    order = frames.Weigh(3, prompt, ["light", "heavy"])
    assert frames.decode_to_worker(frames.encode(order)[frames.HEADER.size :]) == order
    told = frames.Weighed(3, [0.25, 0.75], 0.9)
    assert frames.decode_from_worker(frames.encode(told)[frames.HEADER.size :]) == told


def test_a_giant_length_is_refused():
    with pytest.raises(ValueError, match="over the limit"):
        frames.body_length(frames.HEADER.pack(frames.MAX_FRAME_BYTES + 1))
