import numpy as np
import pytest

from recognition.identify import vtm


def seen_by_cameras(
    *,
    rank: int,
    features: int,
    subjects: int = 12,
    noise: float = 0.0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One gait a subject and view angle: features = camera · traits + noise."""
    rng = np.random.default_rng(3)
    traits = rng.normal(size=(subjects, rank))
    seen = [traits @ rng.normal(size=(rank, features)) for _ in (0, 90)]
    names = np.tile([f"{s:03d}" for s in range(subjects)], 2)
    stacked = np.concatenate(seen) + noise * rng.normal(size=(len(names), features))
    return stacked.astype(np.float32), names, np.repeat([0, 90], subjects)


def test_features_of_known_rank_are_carried_over_exactly():
    features, subjects, view_angles = seen_by_cameras(rank=4, features=10)
    train = np.isin(subjects, [f"{s:03d}" for s in range(8)])
    fitted = vtm.fit(features[train], subjects[train], view_angles[train], ridge=0)
    unseen = fitted.transform(features[~train & (view_angles == 0)], 0, 90)
    np.testing.assert_allclose(unseen, features[~train & (view_angles == 90)], rtol=1e-3, atol=1e-3)


def test_the_rank_found_is_that_of_the_data():
    features, subjects, view_angles = seen_by_cameras(rank=4, features=10)
    fitted = vtm.fit(features.astype(np.float64), subjects, view_angles)
    assert fitted.projections[0].shape == (10, 4)
    assert fitted.inverses[0].shape == (4, 10)


def test_the_rank_can_be_capped():
    features, subjects, view_angles = seen_by_cameras(rank=4, features=10)
    assert vtm.fit(features, subjects, view_angles, rank=2).projections[90].shape == (10, 2)


def test_features_stay_as_they_are_in_their_own_view_angle():
    features, subjects, view_angles = seen_by_cameras(rank=2, features=10)
    fitted = vtm.fit(features, subjects, view_angles)
    noise = np.random.default_rng(0).normal(size=(3, 10)).astype(np.float32)
    assert (fitted.transform(noise, 90, 90) == noise).all()


def share_nearest_to_themselves(ridge: float, *, features: int, rank: int) -> float:
    """Of 40 unseen subjects, carried from 0° to 90°; trained on `rank` others, so P_v has that rank."""
    seen, subjects, view_angles = seen_by_cameras(rank=12, features=features, subjects=rank + 40, noise=0.5)
    train = np.isin(subjects, [f"{s:03d}" for s in range(rank)])
    fitted = vtm.fit(seen[train], subjects[train], view_angles[train], ridge=ridge)
    carried = fitted.transform(seen[~train & (view_angles == 0)], 0, 90)
    there = seen[~train & (view_angles == 90)]
    distances = np.abs(carried[:, None] - there[None]).sum(axis=2)
    return float(np.mean(distances.argmin(axis=1) == np.arange(40)))


def test_a_rank_as_high_as_the_features_does_not_collapse_the_transformation():
    unguarded = share_nearest_to_themselves(0, features=24, rank=24)
    guarded = share_nearest_to_themselves(vtm.RIDGE, features=24, rank=24)
    far_from_square = share_nearest_to_themselves(vtm.RIDGE, features=40, rank=24)
    assert unguarded < 0.5
    assert guarded > 0.95
    assert far_from_square > 0.95


def test_directions_that_are_only_rounding_are_not_inverted():
    projection = np.diag([1.0, 0.5, 1e-12])
    inverse = vtm.guarded_inverse(projection, ridge=0)
    np.testing.assert_allclose(inverse, np.diag([1.0, 2.0, 0.0]), atol=1e-12)


def test_the_ridge_is_relative_to_the_mean_squared_singular_value():
    projection = np.diag([2.0, 1.0])
    inverse = vtm.guarded_inverse(projection, ridge=0.4)  # of (4 + 1) / 2: a penalty of 1
    np.testing.assert_allclose(inverse, np.diag([2 / 5, 1 / 2]))


def test_subjects_who_lack_a_view_angle_are_left_out():
    features, subjects, view_angles = seen_by_cameras(rank=3, features=8)
    lacking = (subjects == "002") & (view_angles == 90)
    with_gap = vtm.fit(features[~lacking], subjects[~lacking], view_angles[~lacking])
    without = subjects != "002"
    complete = vtm.fit(features[without], subjects[without], view_angles[without])
    assert (with_gap.inverses[0] == complete.inverses[0]).all()


def test_fewer_than_two_complete_subjects_are_refused():
    features, subjects, view_angles = seen_by_cameras(rank=1, features=4, subjects=3)
    kept = (view_angles == 0) | (subjects == "001")
    with pytest.raises(ValueError, match=r"at least 2 .* every view angle \(0, 90\); 1 of 3 have"):
        vtm.fit(features[kept], subjects[kept], view_angles[kept])


def test_an_unknown_view_angle_is_named():
    fitted = vtm.fit(*seen_by_cameras(rank=2, features=5))
    with pytest.raises(ValueError, match="view angle 45; trained on 0, 90"):
        fitted.transform(np.zeros((1, 5), np.float32), 0, 45)


@pytest.mark.parametrize("wrong", [{"rank": 0}, {"ridge": -1.0}, {"ridge": float("nan")}])
def test_parameters_out_of_range_are_refused(wrong: dict[str, float]):
    with pytest.raises(ValueError, match="must be"):
        vtm.fit(*seen_by_cameras(rank=2, features=5), **wrong)


def planted(rank: int, columns: int, spoilt: float) -> tuple[np.ndarray, np.ndarray]:
    """A low-rank matrix of 120 rows, and the same with a share of its entries grossly wrong."""
    rng = np.random.default_rng(1)
    low = rng.normal(size=(120, rank)) @ rng.normal(size=(rank, columns))
    errors = np.where(rng.random(low.shape) < spoilt, rng.choice([-20.0, 20.0], low.shape), 0)
    return low, low + errors


@pytest.mark.parametrize(("rank", "spoilt"), [(2, 0.05), (2, 0.15), (5, 0.05)])
def test_robust_pca_recovers_a_planted_low_rank_matrix(rank: int, spoilt: float):
    low, seen = planted(rank, 80, spoilt)
    assert np.linalg.norm(vtm.low_rank_part(seen) - low) < 1e-5 * np.linalg.norm(low)


@pytest.mark.parametrize("rank", [2, 20])
def test_robust_pca_is_the_minimum_of_what_it_minimises(rank: int):
    """Against the exact augmented Lagrangian: the same steps with μ held fixed, until nothing moves."""
    _, seen = planted(rank, 24, 0.05)
    sparsity = 1 / np.sqrt(120)

    def objective(low: np.ndarray) -> float:
        return float(np.linalg.norm(low, "nuc") + sparsity * np.abs(seen - low).sum())

    def shrunk(values: np.ndarray, by: float) -> np.ndarray:
        return np.sign(values) * np.maximum(np.abs(values) - by, 0)

    penalty, errors, multiplier = 0.02, np.zeros_like(seen), np.zeros_like(seen)
    for _ in range(2000):
        u, s, vt = np.linalg.svd(seen - errors + multiplier / penalty, full_matrices=False)
        low = (u * shrunk(s, 1 / penalty)) @ vt
        errors = shrunk(seen - low + multiplier / penalty, sparsity / penalty)
        multiplier += penalty * (seen - low - errors)
    assert objective(vtm.low_rank_part(seen)) == pytest.approx(objective(low), rel=1e-3)


def test_where_columns_are_as_few_as_their_dimensions_robust_pca_leaves_hardly_anything_and_is_refused():
    rng = np.random.default_rng(0)
    columns = rng.laplace(size=(11, 40, 12))  # view angles, features, sequences: nothing of low rank
    with pytest.raises(ValueError, match=r"leaves \d% .* 12 training sequences apart: they are too few"):
        vtm.robust_columns(columns)


def spoilt_sequences() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Features of 12 subjects with 6 sequences each, a tenth of them grossly wrong, and what they would be."""
    clean, names, view_angles = seen_by_cameras(rank=2, features=20, subjects=12)
    clean, names, view_angles = (np.repeat(each, 6, axis=0) for each in (clean, names, view_angles))
    rng = np.random.default_rng(4)
    wrong = rng.random(clean.shape) < 0.1
    return np.where(wrong, clean + rng.choice([-9, 9], clean.shape), clean), names, view_angles, clean


@pytest.mark.parametrize("by_sequence", [False, True])
def test_robust_training_withstands_what_is_wrong_with_single_sequences(by_sequence: bool):
    spoilt, subjects, view_angles, clean = spoilt_sequences()

    def error(robust: bool) -> float:
        fitted = vtm.fit(
            spoilt, subjects, view_angles, ridge=0, rank=2, robust=robust, by_sequence=by_sequence
        )
        carried = fitted.transform(clean[view_angles == 0], 0, 90)
        return float(np.abs(carried - clean[view_angles == 90]).max())

    assert error(robust=True) < 0.05 < error(robust=False)


def test_columns_by_sequence_are_the_walks_themselves():
    features = np.arange(16, dtype=np.float32).reshape(8, 2)
    subjects = np.array(["1", "1", "2", "2"] * 2)
    view_angles = np.array([0] * 4 + [90] * 4)
    columns, whose = vtm.sequence_features(features, subjects, view_angles)
    assert columns.shape == (2, 2, 4)
    assert (columns[1] == features[4:].T).all()
    assert whose.tolist() == ["1", "1", "2", "2"]


def test_a_subject_gives_as_many_columns_as_its_rarest_view_angle_has_gaits():
    subjects, view_angles = np.array(["1", "1", "1", "2", "2"]), np.array([0, 0, 90, 0, 90])
    columns, whose = vtm.sequence_features(np.zeros((5, 3), np.float32), subjects, view_angles)
    assert columns.shape == (2, 3, 2)
    assert whose.tolist() == ["1", "2"]
