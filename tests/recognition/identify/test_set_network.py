import io
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
import torch

from anonymizer.gait.silhouettes import pack
from recognition.identify import set_network
from recognition.identify.gaits import GaitKey, Gaits, Stored
from recognition.identify.protocol import SequenceChoice, evaluate
from recognition.identify.set_network import Parameters, SetNetwork, triplet_loss
from recognition.identify.success import rank_rate

SMALL = Parameters(frame=(16, 12), channels=(4, 8, 8), strips=(1, 2), strip_features=8, frames=4, steps=40)
SUBJECTS, NUMBERS, VIEW_ANGLES = 8, (1, 2, 3, 4), (0, 90)


def figure(subject: int, number: int, view_angle: int, frames: int = 6) -> np.ndarray:
    """A body whose shoulders, hips and head are the subject's, its step the walk's, its width the view angle's."""
    rng = np.random.default_rng(subject)
    shoulders, hips, head = rng.integers(6, 16, 3)
    silhouettes = np.zeros((frames, 48, 40), np.bool_)
    for index, frame in enumerate(silhouettes):
        stride = 1 + (index + number) % 4 + (3 if view_angle == 90 else 0)
        frame[2:10, 20 - head // 2 : 20 + head // 2] = True
        frame[10:22, 20 - shoulders : 20 + shoulders] = True
        frame[22:30, 20 - hips : 20 + hips] = True
        frame[30:46, 20 - stride - 2 : 20 - stride + 1] = frame[30:46, 20 + stride : 20 + stride + 3] = True
    return silhouettes


def gaits(subjects: Sequence[int]) -> Gaits:
    keys = [GaitKey(f"{s:03d}", "nm", n, v) for s in subjects for n in NUMBERS for v in VIEW_ANGLES]
    packed = [pack(figure(int(key.subject), key.number, key.view_angle)) for key in keys]
    return Gaits(tuple(keys), Stored(lambda rows: [packed[row] for row in rows], np.arange(len(keys))))


def fitted(parameters: Parameters = SMALL) -> SetNetwork:
    train = gaits(range(1, SUBJECTS + 1))
    return SetNetwork(parameters).fit(train.inputs, train.subjects, train.view_angles)


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """A network this small is quickest alone with a core."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def trained() -> SetNetwork:
    return fitted()


def test_unseen_subjects_are_named_far_above_chance(trained):
    test = gaits(range(101, 109))
    gallery, probes = (test.chosen(SequenceChoice.parse(text)) for text in ("nm-01,nm-02", "nm-03,nm-04"))
    rates = rank_rate(evaluate(trained, gallery, probes))
    assert np.diag(rates).min() >= 0.75  # chance is 1/8
    assert rates.min() >= 0.5


def test_order_and_repetition_of_frames_do_not_matter(trained):
    walk = figure(3, 1, 0)
    shuffled, doubled = walk[[4, 2, 0, 5, 1, 3]], np.concatenate([walk, walk])
    features = trained.features([pack(each) for each in (walk, shuffled, doubled)], 0)
    assert np.allclose(features[1], features[0], atol=1e-5)
    assert np.allclose(features[2], features[0], atol=1e-5)


def test_blank_frames_are_not_looked_at(trained):
    walk = figure(3, 1, 0)
    with_gaps = np.concatenate([walk, np.zeros_like(walk)])
    features = trained.features([pack(walk), pack(with_gaps)], 0)
    assert np.allclose(features[1], features[0], atol=1e-5)


def test_a_walk_that_shows_nobody_has_features_all_the_same(trained):
    assert np.isfinite(trained.features([pack(np.zeros((3, 48, 40), np.bool_))], 0)).all()


def test_the_same_seed_trains_the_same_network(trained):
    again = fitted()
    assert again.losses == trained.losses


def test_an_interrupted_training_goes_on_as_if_it_had_not_been(trained):
    train = gaits(range(1, SUBJECTS + 1))
    first = SetNetwork(SMALL)
    for done, _ in first.learn(train.inputs, train.subjects, train.view_angles):
        if done == 20:
            break
    second = SetNetwork(SMALL)
    second.resume(first.kept())
    assert next(second.learn(train.inputs, train.subjects, train.view_angles)) == (20, 40)
    second.fit(train.inputs, train.subjects, train.view_angles)
    assert np.allclose(second.losses, trained.losses, atol=1e-5)


def test_what_is_saved_is_loaded(trained):
    file = io.BytesIO()
    trained.save(file)
    file.seek(0)
    loaded = set_network.load(file)
    walk = [pack(figure(5, 2, 90))]
    assert loaded.parameters == trained.parameters
    assert (loaded.features(walk, 90) == trained.features(walk, 90)).all()


def test_triplets_that_keep_the_margin_cost_nothing():
    near, far = torch.tensor([[[0.0]], [[0.1]]]), torch.tensor([[[5.0]], [[5.1]]])
    subjects = torch.tensor([0, 0, 1, 1])
    assert float(triplet_loss(torch.cat([near, far]), subjects, 0.2)) == 0


def test_a_violating_triplet_costs_its_excess():
    features = torch.tensor([[[0.0]], [[1.0]], [[0.5]]])  # one pair of subject 0 and a stranger between them
    loss = float(triplet_loss(features, torch.tensor([0, 0, 1]), 0.2))
    assert loss == pytest.approx(0.2 + 1.0 - 0.5)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"frame": (30, 22)}, "multiple of 4"),
        ({"strips": (3,)}, "equal height"),
        ({"steps": 0}, "steps must be from 1 to 1000000, not 0"),
        ({"subjects": 1}, "subjects must be from 2 to 1000, not 1"),
        ({"depth": 3}, "no parameter 'depth'"),
    ],
)
def test_parameters_that_make_no_network_are_refused(given, words):
    with pytest.raises(ValueError, match=words):
        set_network.made(given)


def test_one_subject_is_too_few():
    alone = gaits([1])
    with pytest.raises(ValueError, match="at least 2 subjects, and several of one"):
        SetNetwork(SMALL).fit(alone.inputs, alone.subjects, alone.view_angles)


def test_an_untrained_network_names_nobody():
    with pytest.raises(ValueError, match="not trained yet"):
        SetNetwork(SMALL).features([pack(figure(1, 1, 0))], 0)


def test_weights_that_are_no_numbers_and_other_files_are_refused(trained):
    broken = fitted(Parameters(**{**SMALL.__dict__, "steps": 1}))
    with torch.no_grad():
        broken.network.maps[0, 0, 0] = float("nan")
    file = io.BytesIO()
    broken.save(file)
    file.seek(0)
    with pytest.raises(ValueError, match="not all numbers"):
        set_network.load(file)
    with pytest.raises(ValueError, match="does not hold a set network"):
        set_network.load(io.BytesIO(b"weights"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_gpu_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="PyTorch finds no GPU here"):
        SetNetwork(SMALL, "cuda")
