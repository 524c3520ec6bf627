import itertools

import numpy as np
import pytest

from studies.mos.agreement import agreement, krippendorff_alpha, variance_components
from studies.mos.ratings import from_columns


def table_of(matrix):
    matrix = np.asarray(matrix, dtype=float)
    j, i = np.indices(matrix.shape)
    return from_columns(j.ravel(), i.ravel(), matrix.ravel())


def icc_by_mean_squares(x):
    """ICC(2,1) and ICC(2,k) as Shrout and Fleiss write them."""
    n, k = x.shape
    mean = x.mean()
    rows = k * np.sum((x.mean(axis=1) - mean) ** 2) / (n - 1)
    columns = n * np.sum((x.mean(axis=0) - mean) ** 2) / (k - 1)
    rest = np.sum((x - x.mean(axis=1, keepdims=True) - x.mean(axis=0) + mean) ** 2) / ((n - 1) * (k - 1))
    one = (rows - rest) / (rows + (k - 1) * rest + k * (columns - rest) / n)
    return one, (rows - rest) / (rows + (columns - rest) / n)


def alpha_by_coincidences(matrix, *, ordinal):
    """Krippendorff's alpha by his coincidence matrix."""
    values = np.unique(matrix[~np.isnan(matrix)])
    coincidences = np.zeros((len(values), len(values)))
    for row in matrix:
        votes = row[~np.isnan(row)]
        for a, b in itertools.permutations(range(len(votes)), 2):
            at = np.searchsorted(values, [votes[a], votes[b]])
            coincidences[at[0], at[1]] += 1 / (len(votes) - 1)
    n_v = coincidences.sum(axis=1)
    c, k = np.indices(coincidences.shape)
    distance = (values[c] - values[k]) ** 2
    if ordinal:
        between = np.array(
            [[n_v[min(a, b) : max(a, b) + 1].sum() for b in range(len(n_v))] for a in range(len(n_v))]
        )
        distance = (between - (n_v[c] + n_v[k]) / 2) ** 2
    expected = n_v[c] * n_v[k] / (n_v.sum() - 1)
    return 1 - (coincidences * distance).sum() / (expected * distance).sum()


SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


def test_the_icc_of_shrout_and_fleiss_own_example():
    found = agreement(table_of(SHROUT_FLEISS))
    assert found.icc_2_1 == pytest.approx(0.29, abs=0.005)
    assert found.icc_2_k == pytest.approx(0.62, abs=0.005)


def test_on_a_full_table_the_components_give_the_mean_squares_icc(full_table, matrix_of):
    one, many = icc_by_mean_squares(matrix_of(full_table))
    found = agreement(full_table)
    assert found.icc_2_1 == pytest.approx(one)
    assert found.icc_2_k == pytest.approx(many)


def test_missing_votes_leave_the_icc_about_where_it_was(full_table, sparse_table):
    assert agreement(sparse_table).icc_2_1 == pytest.approx(agreement(full_table).icc_2_1, abs=0.05)


def test_the_components_are_unbiased_in_a_sparse_design():
    found = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        j, i = np.divmod(rng.permutation(60 * 40)[:600], 40)
        score = rng.normal(0, 1, 60)[j] + rng.normal(0, 0.5, 40)[i] + rng.normal(0, 0.7, 600)
        parts = variance_components(from_columns(j, i, score))
        found.append([parts.stimulus, parts.rater, parts.rest])
    assert np.mean(found, axis=0) == pytest.approx([1, 0.25, 0.49], rel=0.1)


@pytest.mark.parametrize("ordinal", [False, True])
@pytest.mark.parametrize("kind", ["full_table", "sparse_table"])
def test_alpha_is_that_of_the_coincidence_matrix(kind, ordinal, request, matrix_of):
    table = request.getfixturevalue(kind)
    expected = alpha_by_coincidences(matrix_of(table), ordinal=ordinal)
    assert krippendorff_alpha(table, ordinal=ordinal) == pytest.approx(expected)


def test_alpha_leaves_out_a_stimulus_with_one_vote():
    matrix = np.array([[1, 2, np.nan], [4, 4, 5], [np.nan, np.nan, 3]])
    assert krippendorff_alpha(table_of(matrix)) == pytest.approx(krippendorff_alpha(table_of(matrix[:2])))


def test_full_agreement_is_one():
    found = agreement(table_of([[1, 1, 1], [3, 3, 3], [5, 5, 5]]))
    assert (found.icc_2_1, found.icc_2_k) == (pytest.approx(1), pytest.approx(1))
    assert (found.krippendorff_alpha_interval, found.krippendorff_alpha_ordinal) == (1, 1)


@pytest.mark.parametrize(
    "matrix",
    [
        [[3, 3], [3, 3]],  # everything the same
        [[1], [3], [5]],  # one rater
        [[2]],
        [[1, np.nan], [np.nan, 4]],  # nothing in common
    ],
)
def test_where_agreement_has_no_meaning_it_is_null(matrix):
    found = agreement(table_of(matrix))
    assert set(vars(found).values()) == {None}


def test_one_stimulus_has_an_alpha_of_zero_or_less_and_no_icc():
    found = agreement(table_of([[1, 3, 5]]))
    assert (found.icc_2_1, found.icc_2_k) == (None, None)
    assert found.krippendorff_alpha_interval <= 0
