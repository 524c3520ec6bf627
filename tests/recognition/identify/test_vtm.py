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


def test_robust_pca_takes_gross_errors_out_of_a_low_rank_matrix():
    rng = np.random.default_rng(1)
    low = rng.normal(size=(150, 2)) @ rng.normal(size=(2, 50))
    spoilt = low.copy()
    spoilt[rng.random(low.shape) < 0.05] += 20
    found = vtm.low_rank_part(spoilt)
    assert np.linalg.norm(found - low) < 1e-3 * np.linalg.norm(low)


def test_robust_training_withstands_a_spoilt_feature():
    features, subjects, view_angles = seen_by_cameras(rank=2, features=20, subjects=30)
    spoilt = features.copy()
    spoilt[3, 5] += 50
    clean_at_90 = features[view_angles == 90]

    def error(robust: bool) -> float:
        fitted = vtm.fit(spoilt, subjects, view_angles, ridge=0, rank=2, robust=robust)
        return float(np.abs(fitted.transform(features[view_angles == 0], 0, 90) - clean_at_90).max())

    assert error(robust=True) < 0.05 < error(robust=False)


def test_columns_by_sequence_are_the_walks_themselves():
    features = np.arange(16, dtype=np.float32).reshape(8, 2)
    subjects = np.array(["1", "1", "2", "2"] * 2)
    view_angles = np.array([0] * 4 + [90] * 4)
    columns = vtm.sequence_features(features, subjects, view_angles)
    assert columns.shape == (2, 2, 4)
    assert (columns[1] == features[4:].T).all()


def test_a_subject_gives_as_many_columns_as_its_rarest_view_angle_has_gaits():
    subjects, view_angles = np.array(["1", "1", "1", "2", "2"]), np.array([0, 0, 90, 0, 90])
    columns = vtm.sequence_features(np.zeros((5, 3), np.float32), subjects, view_angles)
    assert columns.shape == (2, 3, 2)
