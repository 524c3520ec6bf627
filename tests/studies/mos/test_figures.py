import json
import re
from pathlib import Path

import plotly.graph_objects as go
import pytest

from studies.mos import figures
from studies.mos.figures import Distribution, FrontierPoint, Ladder, Point, Rung, Series

ANGLES = [0, 54, 90, 180]
SDF = Series("sdf 1.5", "sdf", [Point(a, 3.5 + a / 1000, 3.2, 3.9, 60) for a in ANGLES])
TIEU = Series(
    "tieu", "tieu", [Point(90, 3.1, 2.9, 3.4, 60), Point(0, 2.9, None, None, 1), Point(54, None, n=0)]
)
REHEARSAL = Series("sdf", "sdf", [Point(a, 4.0, 3.9, 4.1, 30) for a in ANGLES], simulated=True)
RATES = [[0.05, None], [1.0, 0.6]]
RECOGNIZED = [[40, 0], [9, 38]]
LADDERS = [
    Ladder(
        "sdf", "sdf", [Rung("naive", 0.03, 0.01, 0.05, 990), Rung("pool-aware", 0.191, 0.167, 0.217, 990)]
    ),
    Ladder("tieu", "tieu", [Rung("naive", 0.33), Rung("pool-aware", 0.884, 0.862, 0.903, 990)]),
]


def mos(*series, **options):
    return figures.mos_by_view_angle(series, **{"view_angles": ANGLES, "raters": 22, "clips": 66} | options)


def success(*series, **options):
    return figures.success_rate_by_view_angle(
        series, **{"view_angles": ANGLES, "attacker": "naive"} | options
    )


def matrix(**options):
    given = {"view_angles": [0, 90], "attacker": "naive"} | options
    return figures.success_matrix("sdf", RATES, RECOGNIZED, **given)


def ladder(*ladders, **options):
    given = {
        "attackers": ["naive", "pool-aware"],
        "chance": 0.011,
        "clear": 0.952,
        "recognizer": "Zheng 2011",
    }
    return figures.attackers_ladder(ladders, **given | options)


def every_figure():
    rate = Point(0, 0.8, 0.7, 0.9, 400)
    return [
        mos(SDF, TIEU, REHEARSAL),
        success(Series("sdf", "sdf", [Point(a, 0.8, 0.7, 0.9, 400) for a in ANGLES])),
        matrix(),
        ladder(*LADDERS),
        figures.frontier([FrontierPoint("sdf", "sdf", rate, Point(0, 3.7, 3.5, 3.9, 324))], attacker="naive"),
        figures.votes_per_pair([5, 6, 6, 5]),
        figures.raters_by_state({"finished": 20, "rating": 2}),
        figures.score_distribution(
            [
                Distribution("sdf", "sdf", [1, 2, 3, 4, 5]),
                Distribution("tieu", "tieu", [1, 0, 0, 0, 0], True),
            ],
            labels=["1 Bad", "2 Poor", "3 Fair", "4 Good", "5 Excellent"],
        ),
    ]


def empty_figures():
    return [
        mos(),
        success(),
        figures.success_matrix("sdf", [[None]], [[0]], view_angles=[0], attacker="naive"),
        ladder(attackers=[], chance=None, clear=None),
        figures.frontier([], attacker="naive"),
        figures.votes_per_pair([]),
        figures.raters_by_state({}),
        figures.score_distribution([], labels=["1", "2"]),
    ]


def strings_in(value):
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from strings_in(inner)


def trace(figure, name):
    return next(one for one in figure.figure["data"] if one.get("name") == name)


def with_colours(value):
    """What the page's script does: tokens become colours."""
    if isinstance(value, dict):
        return {key: with_colours(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_colours(inner) for inner in value]
    if isinstance(value, str) and value.startswith("var:"):
        return "sans-serif" if value == "var:--font" else "#123456"
    return value


@pytest.mark.parametrize(("most", "step"), [(0, 1), (1, 1), (6, 1), (7, 2), (40, 10), (5000, 1000)])
def test_raters_are_counted_in_whole_numbers(most, step):
    axis = figures.raters_by_state({"finished": most}).figure["layout"]["xaxis"]
    assert axis["dtick"] == step


@pytest.mark.parametrize("figure", [*every_figure(), *empty_figures()], ids=lambda figure: figure.key)
def test_every_figure_is_one_plotly_accepts(figure):
    json.dumps(figure.figure, allow_nan=False)
    go.Figure(with_colours(figure.figure))  # raises for a property or value plotly doesn't know


@pytest.mark.parametrize("figure", [*every_figure(), *empty_figures()], ids=lambda figure: figure.key)
def test_every_figure_says_itself_in_words_and_as_a_table(figure):
    assert figure.summary.endswith(".")
    assert figure.footer.endswith(".")
    assert figure.title
    assert figure.subtitle
    assert all(len(row) == len(figure.table.columns) for row in figure.table.rows)


@pytest.mark.parametrize("figure", every_figure(), ids=lambda figure: figure.key)
def test_no_figure_names_a_colour_of_its_own(figure):
    assert not [text for text in strings_in(figure.figure) if re.match(r"#[0-9a-fA-F]{3,8}$|rgb\(", text)]
    assert any(text.startswith("var:--") for text in strings_in(figure.figure))


def test_plotly_is_not_imported():
    import studies.mos.figure_parts

    for source in Path(studies.mos.figure_parts.__file__).parent.glob("figure*.py"):
        assert not re.search(r"^\s*(import|from) plotly", source.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_two_answers_share_height_margins_and_x_axis():
    left, right = mos(SDF).figure["layout"], success().figure["layout"]
    assert left["xaxis"] == right["xaxis"]
    assert (left["height"], left["margin"]) == (right["height"], right["margin"])


def test_a_method_has_its_token_and_its_marker():
    figure = mos(SDF, TIEU)
    assert trace(figure, "sdf 1.5")["marker"]["symbol"] == "circle"
    assert trace(figure, "sdf 1.5")["line"]["color"] == "var:--m-sdf"
    assert trace(figure, "tieu")["marker"]["symbol"] == "diamond"
    unshared = trace(mos(Series("tieu, unshared", "tieu-unshared")), "tieu, unshared")
    assert (unshared["line"]["color"], unshared["line"]["dash"]) == ("var:--m-tieu", "dash")
    assert trace(mos(Series("blur", "blur")), "blur")["marker"]["color"] == "var:--m-other"


def test_simulated_raters_are_hollow_dashed_and_named_so():
    simulated = trace(mos(REHEARSAL), "sdf · simulated")
    assert simulated["marker"]["symbol"] == "circle-open"
    assert simulated["line"]["dash"] == "dash"
    assert mos(REHEARSAL).table.rows[0][0] == "sdf · simulated"


def test_error_bars_span_the_interval_and_are_absent_where_it_is_undefined():
    bars = trace(mos(TIEU), "tieu")["error_y"]
    assert bars["array"][0] is None
    assert bars["array"][1] is None
    assert bars["array"][2] == pytest.approx(0.3)
    assert bars["arrayminus"][2] == pytest.approx(0.2)


def test_the_papers_values_are_grey_open_diamonds_named_as_reported():
    reference = trace(mos(SDF), "Tieu 2017, reported")
    assert (reference["x"], reference["y"]) == ([54, 180], [3.73, 2.94])
    assert reference["marker"]["symbol"] == "diamond-open"
    assert reference["marker"]["color"] == "var:--m-other"
    rates = trace(success(), "Tieu 2017, reported, naive attacker")
    assert rates["line"]["dash"] == "dash"
    assert rates["y"] == pytest.approx([86.25, 48.57, 63.17, 69.12])
    assert len(mos(SDF, reference=False).figure["data"]) == 1


def test_the_summary_and_the_footer_give_n_and_how_the_interval_was_made():
    figure = mos(SDF, TIEU)
    assert "sdf 1.5 is highest at 180° (3.68, 95 % interval 3.20 to 3.90, n 60)" in figure.summary
    assert "Two-way clustered 95 % interval over 22 raters and 66 clips, n 301 votes" in figure.footer
    assert "Naive (pooled)" in mos(SDF, interval="naive").footer
    rates = success(Series("sdf", "sdf", [Point(0, 0.9, 0.85, 0.95, 412), Point(90, 0.8, 0.7, 0.9, 671)]))
    assert "bootstrap over subjects, |S| 412 to 671" in rates.footer
    assert "90.0 %, 95 % interval 85.0 to 95.0, n 412" in rates.summary


def test_the_matrix_has_nine_steps_and_text_that_stands_out_on_each():
    ground, text, _ = matrix().figure["data"]
    assert ground["z"] == [[0, None], [8, 5]]
    assert text["text"] == ["5", "n/a", "100", "60"]
    assert text["textfont"]["color"] == ["var:--q-dark", "var:--ink-2", "var:--q-light", "var:--q-mid"]
    assert [colour for _, colour in ground["colorscale"][::2]] == [f"var:--q{q}" for q in range(9)]


def test_few_recognized_gaits_get_a_corner_mark_and_none_gets_na():
    corner = matrix().figure["data"][2]
    assert (corner["x"], corner["y"]) == ([0.38], [0.64])  # gallery 90, probe 0: |S| 9
    assert (0, 90, None, None, None, 0) in matrix().table.rows
    assert "1 of 4 cells n/a" in matrix().summary


def test_a_cell_the_attacker_left_out_has_no_gaits_of_its_own():
    figure = figures.success_matrix(
        "sdf",
        [[0.5, None], [None, None]],
        [[20, 30], [0, 30]],
        view_angles=[0, 90],
        attacker="joint",
        tried=[[True, False], [True, False]],
    )
    _, text, _ = figure.figure["data"]
    assert text["text"] == ["50", "–", "n/a", "–"]
    assert text["hovertext"][1] == "gallery 0°, probe 90°: not tried by this attacker"
    assert [row[-1] for row in figure.table.rows] == [20, None, 0, None]
    assert "n/a: no clear gait was named. –: this attacker did not try." in figure.footer
    assert "|S| 0 to 20 a cell" in figure.footer
    assert figure.summary.endswith("1 of 4 cells n/a, 2 not tried.")


def test_the_matrix_gives_each_cells_interval_where_it_is_known():
    intervals = [[[0.01, 0.2], None], [None, (0.4, 0.8)]]
    figure = matrix(intervals=intervals)
    assert figure.table.rows[0] == (0, 0, 5.0, 1.0, 20.0, 40)
    assert (
        figure.figure["data"][1]["hovertext"][3]
        == "gallery 90°, probe 90°: 60.0 %, 95 % 40.0 to 80.0, |S| 38"
    )


def test_attackers_with_probes_of_their_own_have_originals_of_their_own():
    own = Ladder(
        "sdf", "sdf", [Rung("naive", 0.1, n=279, clear=0.938), Rung("joint", 0.88, n=25, clear=0.76)]
    )
    figure = ladder(own, attackers=["naive", "joint"], clear=None)
    marks = figure.figure["data"][-1]
    assert (marks["x"], marks["y"]) == (pytest.approx([93.8, 76.0]), [0, 1])
    assert [note["text"] for note in figure.figure["layout"]["annotations"]] == ["chance 1.1"]
    assert figure.footer.endswith("Upright marks: the originals on each attacker’s own probes.")
    assert "88.0 %, n 25 (originals on the same probes 76.0 %)" in figure.summary
    assert [row[-1] for row in figure.table.rows] == pytest.approx([93.8, 76.0])
    go.Figure(with_colours(figure.figure))


def test_the_ladder_stands_between_chance_and_clear_and_labels_the_strongest():
    figure = ladder(*LADDERS)
    assert [shape["x0"] for shape in figure.figure["layout"]["shapes"]] == pytest.approx([1.1, 95.2])
    assert [note["text"] for note in figure.figure["layout"]["annotations"]] == ["chance 1.1", "clear 95.2"]
    values = [each for each in figure.figure["data"] if each["mode"] == "text"]
    assert [(each["text"], each["x"], each["textposition"]) for each in values] == [
        ([" 19.1 "], [21.7], "middle right"),
        ([" 88.4 "], [86.2], "middle left"),
    ]
    assert figure.figure["layout"]["yaxis"]["ticktext"] == ["naive", "<b>pool-aware</b>"]
    assert "sdf 19.1 %, 95 % interval 16.7 to 21.7, n 990" in figure.summary


def test_votes_per_pair_counts_pairs():
    figure = figures.votes_per_pair([5, 6, 6, 8])
    assert figure.table.rows == ((5, 1), (6, 2), (7, 0), (8, 1))
    assert figure.summary == "4 pairs, 25 votes; votes a pair: 5 to 8."


def test_score_shares_are_of_each_conditions_own_votes():
    figure = figures.score_distribution([Distribution("sdf", "sdf", [1, 3])], labels=["1 Bad", "2 Poor"])
    assert figure.table.rows == (("sdf", "1 Bad", 1, 25.0), ("sdf", "2 Poor", 3, 75.0))
    assert figure.summary == "sdf: most often 2 Poor, 75 % of 4 votes."


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mos(interval="wald"), "no interval 'wald'"),
        (lambda: figures.success_matrix("s", [[1]], [[1]], view_angles=[0, 1], attacker="a"), "2 by 2"),
        (lambda: matrix(colour_range=(1, 1)), "empty"),
        (lambda: figures.score_distribution([Distribution("s", "s", [1])], labels=["1", "2"]), "2 counts"),
    ],
)
def test_data_that_do_not_fit_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_somebody_walks_under_each_view_angle_seen_from_there():
    walkers = [shape for shape in mos(SDF).figure["layout"]["shapes"] if shape["name"] == "walker"]
    assert [walker["xanchor"] for walker in walkers] == ANGLES
    assert len({walker["path"] for walker in walkers}) == len(ANGLES)


def test_an_angle_that_no_walker_was_drawn_for_gets_the_nearest_one():
    near, known = (mos(SDF, view_angles=[angle]).figure["layout"]["shapes"][0] for angle in (88, 90))
    assert near["path"] == known["path"]


def test_peoples_bars_are_filled_and_simulated_ones_hollow():
    people, simulated = (Distribution("sdf", "sdf", [1, 2, 3, 2, 1], made_up) for made_up in (False, True))
    bars = figures.score_distribution([people, simulated], labels=list("12345")).figure["data"]
    assert [bar["marker"]["color"] for bar in bars] == ["var:--m-sdf", "rgba(0,0,0,0)"]
    assert bars[0]["marker"]["pattern"]["bgcolor"] == "var:--m-sdf"
    assert bars[1]["marker"]["pattern"] == {"shape": ""}
    assert bars[1]["marker"]["line"]["color"] == "var:--m-sdf"


def test_the_labels_of_chance_and_clear_never_stand_on_one_another():
    def heights(chance, clear):
        notes = ladder(*LADDERS, chance=chance, clear=clear).figure["layout"]["annotations"]
        return [note.get("yshift", 0) for note in notes]

    assert heights(0.011, 0.952) == [0, 0]
    assert heights(0.3, 0.6) == [0, 16]


def test_where_there_is_little_width_the_attackers_are_named_inside_the_plot():
    narrow = ladder(*LADDERS).figure["narrow"]
    assert not narrow["yaxis"]["showticklabels"]
    assert [note["text"] for note in narrow["annotations"][-2:]] == ["naive", "<b>pool-aware</b>"]
