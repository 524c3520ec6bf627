from dataclasses import replace

import numpy as np
import pytest

from anonymizer.gait import methods
from anonymizer.gait.catalogue import METHODS, Method
from anonymizer.gait.contour_methods import donor_frames, training_pairs
from anonymizer.gait.donors import Donor, Track, Walk
from anonymizer.gait.gait_cycle import phase_map
from anonymizer.gait.method_call import Call
from anonymizer.gait.network import Weights, closed_form, initial_weights, loss, modified
from anonymizer.gait.parameters import Whole
from anonymizer.gait.silhouettes import Silhouettes, bounding_boxes, mean_iou
from anonymizer.gait.training import Checkpoint, Settings, train
from tests.anonymizer.gait.walking_figure import walking_figure

ANGLES = (0, 54, 90)
READING = {"order": "traced", "padding": "resampled", "phase": "aligned"}


def walker(**figure: float) -> dict[int, Silhouettes]:
    return {angle: walking_figure(30, view_angle=angle, shape=(120, 160), **figure) for angle in ANGLES}  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def track() -> Track:
    return walker(start=0.2)


@pytest.fixture(scope="module")
def donor() -> Donor:
    return Donor(walker(start=0.6, stoutness=1.7, cycle=24.0))


@pytest.fixture(scope="module")
def networks(track: Track, donor: Track) -> dict[str, Checkpoint]:
    """One for each method that has one."""
    parameters = {"alpha": 0.3, **READING}
    x1, x2 = training_pairs([track], [donor], parameters, stride=2)

    def trained(method: Method) -> Checkpoint:
        settings = Settings(epochs=150, seed=1, branches=method.first_layers)
        *_, last = train(x1, x2, method=method.name, parameters=parameters, settings=settings)
        return last

    return {method.name: trained(method) for method in METHODS.values() if method.needs_network}


@pytest.fixture(scope="module")
def network(networks: dict[str, Checkpoint]) -> Checkpoint:
    return networks["tieu"]


def changed(
    track: Track, method: str, donor: Track, network: Checkpoint | None, **parameters: object
) -> Track:
    """By a method that gets the same donor as often as it wants one, or draws its own the same way each time."""
    if "draws" in METHODS[method].parameters:
        parameters["draws"] = "seeded"
    return methods.anonymize(
        track,
        method,
        parameters=parameters,
        donors=[donor] * METHODS[method].donors_for(parameters),
        network=network,
        rng=np.random.default_rng(0),
    )


every_method = pytest.mark.parametrize("method", list(METHODS))


@every_method
def test_the_track_keeps_its_view_angles_and_shapes(
    method: str, track: Track, donor: Donor, networks: dict[str, Checkpoint]
) -> None:
    result = changed(track, method, donor, networks.get(method))
    assert {angle: walk.shape for angle, walk in result.items()} == dict.fromkeys(ANGLES, (30, 120, 160))
    assert all(walk.dtype == np.bool_ for walk in result.values())


@every_method
def test_the_body_stays_where_it_was_and_looks_different(
    method: str, track: Track, donor: Donor, networks: dict[str, Checkpoint]
) -> None:
    for angle, walk in changed(track, method, donor, networks.get(method)).items():
        before, after = bounding_boxes(track[angle]), bounding_boxes(walk)
        assert np.abs(after[:, [0, 2]] - before[:, [0, 2]]).mean() < 7  # of some 100 rows
        assert np.abs((after[:, 1] + after[:, 3]) - (before[:, 1] + before[:, 3])).mean() < 16
        assert 0.5 < mean_iou(track[angle], walk) < 0.97


@every_method
def test_blank_frames_and_blank_views_stay_blank(
    method: str, track: Track, donor: Donor, networks: dict[str, Checkpoint]
) -> None:
    gaps = {**track, 0: np.zeros_like(track[0]), 90: track[90].copy()}
    gaps[90][4:6] = False
    result = changed(gaps, method, donor, networks.get(method))
    assert not result[0].any()
    assert np.flatnonzero(~result[90].any(axis=(1, 2))).tolist() == [4, 5]


def test_a_dead_network_is_refused_instead_of_making_people_vanish(
    track: Track, donor: Donor, network: Checkpoint
) -> None:
    dead = replace(network, weights=Weights(*(np.zeros_like(each) for each in network.weights.arrays())))
    with pytest.raises(ValueError, match="the network is dead"):
        changed(track, "tieu", donor, dead)


@every_method
def test_the_originals_are_left_untouched(
    method: str, track: Track, donor: Donor, networks: dict[str, Checkpoint]
) -> None:
    copies = {angle: walk.copy() for angle, walk in track.items()}
    changed(track, method, donor, networks.get(method))
    assert all(np.array_equal(track[angle], copies[angle]) for angle in ANGLES)


@pytest.mark.parametrize(
    ("method", "alpha", "policy"),
    [
        ("tieu", 0.3, "fixed"),
        ("tieu-unshared", 0.3, "fixed"),
        ("blend", 0.3, "fixed"),
        ("sdf", 1.5, "synthetic"),
        ("donor-mix", 1.0, "synthetic"),
        ("replace", None, "synthetic"),
        ("blur", None, "none"),
        ("phase", None, "none"),
    ],
)
def test_the_default_alpha_and_donor_policy(method: str, alpha: float | None, policy: str) -> None:
    chosen = METHODS[method]
    assert (chosen.default_alpha, chosen.default_donor) == (alpha, policy)


WITH_ALPHA = [name for name, method in METHODS.items() if method.default_alpha is not None]
CLOSED_FORM = [name for name in WITH_ALPHA if not METHODS[name].needs_network]


@pytest.mark.parametrize("method", CLOSED_FORM)
def test_without_the_donors_share_the_original_comes_back(method: str, track: Track, donor: Donor) -> None:
    ious = [
        np.mean([mean_iou(track[a], w) for a, w in changed(track, method, donor, None, alpha=alpha).items()])
        for alpha in (0.0, 0.1, 1.0, 10.0)
    ]
    assert ious[0] > 0.98
    assert ious == sorted(ious, reverse=True)


@pytest.mark.parametrize("method", [name for name in WITH_ALPHA if name not in CLOSED_FORM])
def test_without_the_donors_share_a_network_learns_the_original_unless_it_is_symmetric(
    method: str, track: Track, donor: Donor
) -> None:
    """Φ(a, b) = Φ(b, a) keeps the paper's network at the mean of both even where α = 0 asks for the original."""
    parameters = {"alpha": 0.0, **READING}
    x1, x2 = training_pairs([track], [donor], parameters, stride=2)
    settings = Settings(epochs=400, seed=1, branches=METHODS[method].first_layers)
    *_, trained = train(x1, x2, method=method, parameters=parameters, settings=settings)
    of_half = loss(modified(trained.weights, x1, x2), x1, x2, 0.0) / loss((x1 + x2) / 2, x1, x2, 0.0)
    ious = [mean_iou(track[a], w) for a, w in changed(track, method, donor, trained).items()]
    if METHODS[method].first_layers == 1:
        assert of_half > 0.8
        assert max(ious) < 0.85
    else:
        assert of_half < 0.05
        assert min(ious) > 0.9


def test_the_trained_network_sits_near_the_half_and_half_blend(
    track: Track, donor: Donor, network: Checkpoint
) -> None:
    from_network, half = (
        changed(track, "tieu", donor, network),
        changed(track, "blend", donor, None, alpha=1.0),
    )
    assert all(mean_iou(from_network[angle], half[angle]) > 0.85 for angle in ANGLES)


def test_with_a_first_layer_of_its_own_alpha_acts(
    track: Track, donor: Donor, networks: dict[str, Checkpoint]
) -> None:
    """Its loss comes near the minimum; the paper's network stays at the mean of both, which α does not move."""
    x1, x2 = training_pairs([track], [donor], {"alpha": 0.3, **READING}, stride=2)
    least = loss(closed_form(x1, x2, 0.3), x1, x2, 0.3)
    shared, unshared = (
        loss(modified(networks[name].weights, x1, x2), x1, x2, 0.3) for name in ("tieu", "tieu-unshared")
    )
    assert least < unshared < shared
    assert unshared - least < 0.5 * (shared - least)


def test_another_kind_of_network_is_refused(track: Track, donor: Donor, network: Checkpoint) -> None:
    two = replace(network, weights=initial_weights(1, branches=2))
    with pytest.raises(ValueError, match="needs a network of 1 first layers, and the checkpoint's has 2"):
        changed(track, "tieu", donor, two)


def test_the_donor_walks_in_the_originals_phase(track: Track, donor: Donor) -> None:
    walk = donor.walk(90)
    expected = phase_map(track[90], donor[90]).astype(int)
    assert donor_frames(Walk(track[90]), walk).tolist() == expected.tolist()
    assert donor_frames(Walk(track[90]), walk, in_phase=False).tolist() == list(range(30))


def test_a_donors_blank_frames_are_never_used() -> None:
    frames = walking_figure(40)
    frames[10:14] = False
    used = donor_frames(Walk(walking_figure(30)), Walk(frames), in_phase=False)
    assert not set(used.tolist()) & {10, 11, 12, 13}


@pytest.mark.parametrize("reading", [{"order": "raster"}, {"padding": "zero"}, {"phase": "none"}])
def test_the_papers_literal_readings_give_other_pictures(
    reading: dict[str, str], track: Track, donor: Donor
) -> None:
    working, literal = changed(track, "blend", donor, None), changed(track, "blend", donor, None, **reading)
    assert all(not np.array_equal(working[angle], literal[angle]) for angle in ANGLES)


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"alfa": 1.0}, "no parameter 'alfa'"),
        ({"alpha": -0.1}, "'alpha' must lie between 0 and 100"),
        ({"alpha": float("nan")}, "'alpha' must be a number"),
        ({"alpha": True}, "'alpha' must be a number"),
        ({"alpha": "much"}, "'alpha' must be a number"),
        ({"order": "sorted"}, "'order' must be one of traced, raster"),
    ],
)
def test_parameters_that_are_unknown_or_out_of_range_are_named(
    parameters: dict[str, object], named: str, track: Track, donor: Donor
) -> None:
    with pytest.raises(ValueError, match=named):
        changed(track, "blend", donor, None, **parameters)


def test_an_unknown_method_is_answered_with_the_known_ones(track: Track, donor: Donor) -> None:
    with pytest.raises(ValueError, match=r"'magic'.*sdf, tieu, tieu-unshared, blend"):
        methods.anonymize(track, "magic", donors=[donor], rng=np.random.default_rng(0))


def test_the_number_of_donors_is_checked(track: Track, donor: Donor) -> None:
    with pytest.raises(ValueError, match=r"needs 1 donors.*given 2"):
        methods.anonymize(track, "sdf", donors=[donor, donor], rng=np.random.default_rng(0))


def test_a_donor_without_the_tracks_view_angle_is_refused(track: Track) -> None:
    with pytest.raises(ValueError, match="no silhouettes at view angle 0°"):
        changed(track, "sdf", {90: walking_figure(20)}, None)


def test_silhouettes_of_another_type_are_refused(donor: Donor) -> None:
    with pytest.raises(ValueError, match="must be bool"):
        changed({90: np.zeros((3, 20, 20), np.uint8)}, "sdf", donor, None)  # type: ignore[dict-item]


def test_a_method_with_a_network_asks_for_its_checkpoint(track: Track, donor: Donor) -> None:
    with pytest.raises(ValueError, match="give a checkpoint"):
        methods.anonymize(track, "tieu", donors=[donor], rng=np.random.default_rng(0))


def test_the_checkpoint_of_another_method_is_refused(track: Track, donor: Donor, network: Checkpoint) -> None:
    other = replace(network, method="tieu-unshared")
    with pytest.raises(ValueError, match="trained for 'tieu-unshared', not for 'tieu'"):
        changed(track, "tieu", donor, other)


def test_a_checkpoint_where_none_is_used_is_refused(track: Track, donor: Donor, network: Checkpoint) -> None:
    with pytest.raises(ValueError, match="uses no network"):
        methods.anonymize(track, "sdf", donors=[donor], network=network, rng=np.random.default_rng(0))


def test_parameters_must_be_those_the_network_was_trained_with(
    track: Track, donor: Donor, network: Checkpoint
) -> None:
    with pytest.raises(ValueError, match=r"trained with alpha = 0\.3"):
        changed(track, "tieu", donor, network, alpha=1.0)


def test_they_default_to_those_the_network_was_trained_with(track: Track, donor: Donor) -> None:
    trained = Checkpoint("tieu", {"alpha": 0.7, **READING}, initial_weights(4))
    assert set(changed(track, "tieu", donor, trained)) == set(ANGLES)


def test_a_method_may_choose_one_of_several_donors_for_the_whole_track(
    track: Track, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new method is a function and an entry: here, the stoutest of n donors at every view angle."""

    def stoutest(track: Donor, donors: list[Donor], call: Call) -> Track:
        chosen = max(donors, key=lambda each: sum(int(walk.sum()) for walk in each.values()))
        return {angle: chosen[angle] for angle in track}

    entry = Method(
        name="stoutest",
        label="The stoutest",
        claim="none",
        reference="none",
        parameters={"n": Whole(3, 1, 16, "donors to choose from")},
        donor_policies=("synthetic",),
        donors_parameter="n",
    )
    monkeypatch.setitem(METHODS, "stoutest", entry)
    monkeypatch.setitem(methods.CHANGES, "stoutest", stoutest)
    assert entry.donors_for({"n": 2}) == 2
    donors = [Donor(walker(stoutness=size)) for size in (1.0, 2.0, 1.5)]
    result = methods.anonymize(track, "stoutest", donors=donors, rng=np.random.default_rng(0))
    assert all(np.array_equal(result[angle], donors[1][angle]) for angle in ANGLES)
