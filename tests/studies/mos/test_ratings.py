import numpy as np
import pytest

from studies.mos import ratings

HEADER = "stimulus,rater,score\n"


def written(tmp_path, text):
    path = tmp_path / "votes.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_names_are_kept_as_strings_in_order_of_appearance(tmp_path):
    table = ratings.read_csv(written(tmp_path, HEADER + "s7,01,4\ns3,01,5\ns7,1,2\n"))
    assert (table.stimuli, table.raters) == (("s7", "s3"), ("01", "1"))
    assert table.stimulus.tolist() == [0, 1, 0]
    assert table.rater.tolist() == [0, 0, 1]
    assert table.score.tolist() == [4, 5, 2]
    assert table.view_angle is None
    assert table.clip.tolist() == table.stimulus.tolist()


def test_view_angle_and_clip_are_read_where_they_stand(tmp_path):
    text = "clip,view_angle,score,rater,stimulus,note\nx,90,4,a,s,-\ny,,3,b,s,-\nx,18.0,3,b,t,-\n"
    table = ratings.read_csv(written(tmp_path, text))
    assert table.view_angle.tolist() == [90, ratings.NO_VIEW_ANGLE, 18]
    assert table.clip.tolist() == [0, 1, 0]


def test_a_blank_score_is_a_vote_not_given_and_its_stimulus_stays(tmp_path):
    table = ratings.read_csv(written(tmp_path, HEADER + "a,r,\nb,r,3\n"))
    assert table.stimuli == ("a", "b")
    assert table.score.tolist() == [3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stimulus,score\na,1\n", "no column rater"),
        (HEADER, "no votes"),
        ("", "can't be read as CSV"),
        (HEADER + "a,r,good\n", "Row 1 has the score 'good'"),
        (HEADER + "a,r,1\nb,r,inf\n", "Row 2 has the score 'inf'"),
        (HEADER + "a,r,1\n,r,1\n", "Row 2 has no stimulus"),
        (HEADER + "a,  ,1\n", "Row 1 has no rater"),
        ("stimulus,rater,score,view_angle\na,r,1,-18\n", "whole degrees"),
        ("stimulus,rater,score,view_angle\na,r,1,x\n", "view_angle 'x'"),
        (HEADER + "a,r,1\na,r,1,2,3\n", "can't be read as CSV"),
    ],
)
def test_a_bad_table_gets_one_line_that_names_what_is_wrong(tmp_path, text, message):
    with pytest.raises(ValueError, match=message) as error:
        ratings.read_csv(written(tmp_path, text))
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"none\.csv can't be read"):
        ratings.read_csv(tmp_path / "none.csv")


def test_a_binary_file_is_refused(tmp_path):
    path = tmp_path / "walk.mp4"
    path.write_bytes(bytes(range(256)) * 4)
    with pytest.raises(ValueError, match="can't be read as CSV"):
        ratings.read_csv(path)


def test_columns_of_numbers_make_the_same_table():
    table = ratings.from_columns(np.array([3, 1]), np.array([0, 0]), np.array([2.0, np.nan]))
    assert (table.stimuli, table.raters, table.score.tolist()) == (("3", "1"), ("0",), [2.0])


def test_columns_of_unequal_length_are_refused():
    with pytest.raises(ValueError, match="differ in length"):
        ratings.from_columns(["a"], ["r", "s"], [1])


def test_setting_raters_aside_keeps_everyones_code():
    table = ratings.from_columns(["a", "a", "b"], ["r", "s", "r"], [1, 2, 3], view_angle=[0, 18, 0])
    rest = table.without_raters([0])
    assert (rest.rater.tolist(), rest.raters, rest.view_angle.tolist()) == ([1], ("r", "s"), [18])
