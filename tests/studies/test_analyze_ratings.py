"""The command that analyzes any rating table."""

import json

import pytest
from django.core.management import CommandError, call_command

from studies.mos.analysis import analysis
from studies.mos.rating_files import read_csv

VOTES = """stimulus,rater,score,view_angle,clip
a,r1,1,0,x
a,r2,2,0,x
b,r1,4,90,y
b,r2,5,90,y
c,r1,3,90,z
c,r2,,90,z
"""


@pytest.fixture
def votes(tmp_path):
    path = tmp_path / "votes.csv"
    path.write_text(VOTES)
    return path


def test_json_on_standard_output_is_all_that_stands_there(votes, capsys):
    call_command("analyze_ratings", str(votes), json="-")
    assert json.loads(capsys.readouterr().out) == analysis(read_csv(votes))


def test_json_into_a_file_leaves_the_words_on_the_terminal(votes, tmp_path, capsys):
    call_command("analyze_ratings", str(votes), json=str(tmp_path / "found.json"))
    assert json.loads((tmp_path / "found.json").read_text())["votes"] == 5
    assert capsys.readouterr().out.startswith(
        "5 votes of 2 raters on 3 stimuli\n1 vote missing: no score (blank, NA or NaN) in the row.\n"
    )


def test_people_read_every_result_with_its_interval_and_its_n(votes, capsys):
    call_command("analyze_ratings", str(votes))
    said = capsys.readouterr().out
    lines = [line.split() for line in said.splitlines()]
    assert ["90°", "4.00", "-5.47", "to", "13.47", "1.52", "to", "6.48", "3", "2", "2"] in lines
    assert ["c", "3.00", "n/a", "1"] in lines
    assert "ICC(2,1)" in said
    assert "BT.500: nobody" in said
    assert "Subject model (P.910 Annex E, regularised" in said


def test_one_is_not_many(tmp_path, capsys):
    path = tmp_path / "votes.csv"
    path.write_text("stimulus,rater,score\na,r,3\n")
    call_command("analyze_ratings", str(path))
    assert capsys.readouterr().out.startswith("1 vote of 1 rater on 1 stimulus\n\n")


def test_long_lists_are_cut_and_say_so(tmp_path, capsys):
    path = tmp_path / "votes.csv"
    path.write_text("stimulus,rater,score\n" + "".join(f"s{n},r{n},3\n" for n in range(33)))
    call_command("analyze_ratings", str(path))
    said = capsys.readouterr().out
    assert "… 3 more; --json has them all" in said
    assert "… 13 more; --json has them all" in said
    assert "s29 " in said
    assert "s30 " not in said


def test_a_bad_table_is_refused_in_one_line_and_nothing_is_written(tmp_path):
    path = tmp_path / "votes.csv"
    path.write_text("stimulus,rater,score\na,r,1\nb,r,six\n")
    with pytest.raises(CommandError) as error:
        call_command("analyze_ratings", str(path), json=str(tmp_path / "found.json"))
    assert str(error.value) == f"{path}: Row 2 (line 3) has the score 'six': a score must be a number."
    assert not (tmp_path / "found.json").exists()
