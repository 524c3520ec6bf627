import pytest

from studies.mos.paper_reference import paper_reference


def test_the_papers_values_are_rates_by_view_angle():
    paper = paper_reference()
    assert paper.view_angles == tuple(range(0, 181, 18))
    assert paper.mos_by_view_angle == {54: 3.73, 180: 2.94}
    assert paper.success_rate[0][1] == pytest.approx(0.4541)
    assert (paper.raters, paper.pairs_per_rater) == (30, 30)


def test_the_papers_column_means_are_those_of_its_table():
    paper = paper_reference()
    for column, angle in enumerate(paper.view_angles):
        mean = sum(row[column] for row in paper.success_rate) / len(paper.success_rate)
        assert paper.success_rate_by_probe_view_angle[angle] == pytest.approx(mean, abs=1e-4)
