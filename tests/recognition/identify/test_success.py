from dataclasses import replace

import numpy as np
import pytest

from recognition.identify import success
from recognition.identify.gaits import GaitKey
from recognition.identify.identifications import Identifications

SUBJECTS = ("1", "2", "3")
PROBES = tuple(GaitKey(subject, "nm", 5, view) for view in (0, 90) for subject in SUBJECTS)


def answers(named_at_0: str, named_at_90: str) -> Identifications:
    """Who each of the six probes (1, 2, 3 at 0°, then at 90°) is named, for both gallery view angles."""
    scores = np.ones((2, 6, 3), np.float32)
    for g, names in enumerate((named_at_0, named_at_90)):
        for n, name in enumerate(names):
            scores[g, n, int(name) - 1] = 0
    return Identifications(PROBES, (0, 90), SUBJECTS, scores)


# Gallery at 0°: all three probes at 0° are right, two at 90°. Gallery at 90°: one at 0°, none at 90°.
ORIGINALS = answers("123121", "111312")
# Of those, subject 1 stays identified at (0°, 0°), subject 2 at (0°, 90°); elsewhere nobody, or outside of S.
ANONYMIZED = answers("131323", "323123")
COMPARISON = success.compare(ORIGINALS, ANONYMIZED)


def test_s_holds_the_gaits_identified_from_their_originals():
    assert success.recognized(COMPARISON).tolist() == [[3, 2], [1, 0]]


def test_success_is_the_share_of_s_that_is_no_longer_identified():
    rates = success.success_rate(COMPARISON)
    assert rates[0].tolist() == [2 / 3, 1 / 2]
    assert rates[1, 0] == 1
    assert np.isnan(rates[1, 1])  # nobody was identified before


def test_gaits_outside_of_s_do_not_matter():
    assert success.rank_rate(ANONYMIZED)[1, 1] == 1  # identified only when anonymized
    assert success.recognized(COMPARISON)[1, 1] == 0


def test_rank_rates_are_shares_of_the_probes():
    assert success.probes(ORIGINALS).tolist() == [[3, 3], [3, 3]]
    assert success.rank_rate(ORIGINALS).tolist() == [[1, 2 / 3], [1 / 3, 0]]
    assert success.rank_rate(ORIGINALS, 3).tolist() == [[1, 1], [1, 1]]


def test_the_matrices_agree_with_the_rows():
    rows = list(ORIGINALS.rows())
    for g, gallery in enumerate((0, 90)):
        for p, view in enumerate((0, 90)):
            cell = [r for r in rows if r.gallery_view_angle == gallery and r.probe.view_angle == view]
            right = [r for r in cell if r.predicted == r.probe.subject]
            assert success.probes(ORIGINALS)[g, p] == len(cell)
            assert success.recognized(COMPARISON)[g, p] == len(right) == sum(r.true_rank == 1 for r in cell)


def test_s_is_the_same_whatever_the_attacker():
    other = success.compare(ORIGINALS, answers("222222", "222222"))
    assert (success.recognized(other) == success.recognized(COMPARISON)).all()


def test_a_probe_whose_subject_is_not_in_the_gallery_does_not_count():
    scores = ORIGINALS.scores.copy()
    scores[1, :, 0] = np.inf  # subject 1 is not enrolled at 90°
    assert success.probes(replace(ORIGINALS, scores=scores)).tolist() == [[3, 3], [2, 2]]


def test_gaits_are_matched_by_their_keys():
    order = [5, 0, 4, 1, 3, 2]
    keys = tuple(PROBES[n] for n in order)
    shuffled = Identifications(keys, (0, 90), SUBJECTS, ANONYMIZED.scores[:, order])
    rates = success.success_rate(success.compare(ORIGINALS, shuffled))
    np.testing.assert_array_equal(rates, success.success_rate(COMPARISON))


def test_other_gaits_cannot_be_compared():
    fewer = Identifications(PROBES[:5], (0, 90), SUBJECTS, ANONYMIZED.scores[:, :5])
    with pytest.raises(ValueError, match="3-nm-05-090 is on one side alone"):
        success.compare(ORIGINALS, fewer)


def test_a_gap_in_the_attackers_gallery_does_not_pass_for_privacy():
    scores = ANONYMIZED.scores.copy()
    scores[1, :, 2] = np.inf
    with pytest.raises(ValueError, match="gallery lacks subject 3 at view angle 90"):
        success.compare(ORIGINALS, replace(ANONYMIZED, scores=scores))


def test_other_view_angles_cannot_be_compared():
    scores = np.concatenate([ANONYMIZED.scores, ANONYMIZED.scores[:1]])
    more = Identifications(PROBES, (0, 90, 180), SUBJECTS, scores)
    with pytest.raises(ValueError, match=r"view angles \(0, 90\), anonymized gaits at \(0, 90, 180\)"):
        success.compare(ORIGINALS, more)


def test_impersonation_is_being_named_as_ones_own_donor():
    rates = success.impersonation_rate(COMPARISON, dict.fromkeys(PROBES, "3"))
    # (0°, 0°): S is 1, 2, 3, of whom 3 can't impersonate itself; 2 is named 3.
    # (0°, 90°): S is 1 and 2; 1 is named 3. (90°, 0°): S is 1, named 3.
    assert rates[0].tolist() == [1 / 2, 1 / 2]
    assert rates[1, 0] == 1
    assert np.isnan(rates[1, 1])


def test_being_named_as_one_of_several_donors_counts():
    one = success.impersonation_rate(COMPARISON, dict.fromkeys(PROBES, "3"))
    both = success.impersonation_rate(COMPARISON, dict.fromkeys(PROBES, "77, 3"))
    assert np.array_equal(one, both, equal_nan=True)
    everybody = success.impersonation_rate(COMPARISON, dict.fromkeys(PROBES, ", ".join(SUBJECTS)))
    assert everybody[1, 0] == 1
    assert (everybody[0] >= one[0]).all()


def test_nobody_is_impersonated_by_a_donor_who_is_nobody():
    assert np.isnan(success.impersonation_rate(COMPARISON, {})).all()
    assert np.isnan(success.impersonation_rate(COMPARISON, dict.fromkeys(PROBES, "77"))).all()


@pytest.mark.parametrize(
    ("successes", "trials", "expected"),
    [  # Newcombe, Statistics in Medicine 17 (1998), table I, method 3
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
        (20, 20, (1 - 0.1611, 1.0)),  # the mirror image of 0 of 20
    ],
)
def test_wilsons_interval_has_its_published_values(successes, trials, expected):
    interval = success.wilson_interval(np.array([successes]), np.array([trials]))
    np.testing.assert_allclose(interval[0], expected, atol=6e-5)


def test_no_trial_has_no_interval():
    assert np.isnan(success.wilson_interval(np.array([0]), np.array([0]))).all()


def test_each_cell_has_its_interval():
    intervals = success.success_interval(COMPARISON)
    expected = success.wilson_interval(np.array([2]), np.array([3]))[0]
    assert intervals.shape == (2, 2, 2)
    assert intervals[0, 0].tolist() == expected.tolist()
    assert np.isnan(intervals[1, 1]).all()


def test_a_probe_view_angles_rate_is_the_unweighted_mean_of_its_column():
    pooled = success.by_probe_view_angle(COMPARISON)
    assert pooled.rates.tolist() == [(2 / 3 + 1) / 2, 1 / 2]  # the undefined cell is left out
    assert pooled.intervals.shape == (2, 2)


def test_rates_on_and_beside_the_diagonal_are_pooled_apart():
    assert success.same_and_cross_view(COMPARISON).rates.tolist() == [2 / 3, (1 / 2 + 1) / 2]


def test_the_bootstrap_depends_on_its_seed_alone():
    one, same, other = (success.by_probe_view_angle(COMPARISON, seed=s).intervals for s in (1, 1, 2))
    assert (one == same).all()
    assert success.resampled_subjects(3, 1, 50).tolist() != success.resampled_subjects(3, 2, 50).tolist()
    assert (other >= 0).all()


def independent_subjects(count: int, rng: np.random.Generator) -> success.Comparison:
    """One view angle, four probes a subject, all identified before; a subject's four share their fate."""
    names = tuple(str(s) for s in range(count))
    keys = tuple(GaitKey(s, "nm", number, 0) for s in names for number in range(4))
    right = np.repeat(np.eye(count), 4, axis=0)  # (probes, subjects)
    hidden = np.repeat(rng.random(count) < 0.6, 4)
    before = Identifications(keys, (0,), names, (1 - right)[None].astype(np.float32))
    scores = np.where(hidden[:, None], right, 1 - right)[None]
    return success.compare(before, Identifications(keys, (0,), names, scores.astype(np.float32)))


def test_the_bootstrap_over_subjects_covers_the_true_rate():
    rng = np.random.default_rng(4)
    pooled = [
        success.by_probe_view_angle(independent_subjects(40, rng), resamples=300).intervals[0]
        for _ in range(150)
    ]
    covered = np.mean([low <= 0.6 <= high for low, high in pooled])
    assert 0.88 <= covered <= 0.99  # intervals over gaits, half as wide, would cover about 67 %


def test_one_subject_alone_has_no_bootstrap_interval():
    pooled = success.by_probe_view_angle(independent_subjects(1, np.random.default_rng(0)))
    assert np.isnan(pooled.intervals).all()


def test_the_equal_error_rate_is_zero_where_no_impostor_is_nearer():
    scores = np.full((2, 6, 3), 5, np.float32)
    scores[:, np.arange(6), np.arange(6) % 3] = 1
    assert success.equal_error_rate(replace(ORIGINALS, scores=scores)).tolist() == [[0, 0], [0, 0]]


def test_the_equal_error_rate_by_hand():
    scores = np.array([[[1, 4, 6], [3, 2, 7], [5, 9, 8]]], np.float32)  # own distances 1, 2 and 8
    one = Identifications(PROBES[:3], (0,), SUBJECTS, scores)
    # At a threshold of 5, 1 of 3 own subjects is rejected and 3 of 6 others accepted; at 4, 1/3 and 2/6.
    assert success.equal_error_rate(one)[0, 0] == pytest.approx(1 / 3)


def test_no_impostor_no_equal_error_rate():
    assert np.isnan(
        success.equal_error_rate(independent_subjects(1, np.random.default_rng(0)).originals)
    ).all()
