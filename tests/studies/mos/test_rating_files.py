import pytest

from studies.mos import rating_files
from studies.mos.ratings import NO_VIEW_ANGLE

HEADER = "stimulus,rater,score\n"


@pytest.fixture
def read(tmp_path):
    """Read a file that holds this text."""

    def read(text, encoding="utf-8"):
        path = tmp_path / "votes.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return rating_files.read_csv(path)

    return read


def test_names_are_kept_as_strings_in_order_of_appearance(read):
    table = read(HEADER + "s7,01,4\ns3,01,5\ns7,1,2\n")
    assert (table.stimuli, table.raters) == (("s7", "s3"), ("01", "1"))
    assert table.stimulus.tolist() == [0, 1, 0]
    assert table.rater.tolist() == [0, 0, 1]
    assert table.score.tolist() == [4, 5, 2]
    assert table.view_angle is None
    assert table.clip.tolist() == table.stimulus.tolist()


def test_view_angle_and_clip_are_read_where_they_stand(read):
    table = read("clip,view_angle,score,rater,stimulus,note\nx,90,4,a,s,-\ny,,3,b,s,-\nx,18.0,3,b,t,-\n")
    assert table.view_angle.tolist() == [90, NO_VIEW_ANGLE, 18]
    assert table.clip.tolist() == [0, 1, 0]


@pytest.mark.parametrize("blank", ["", " ", "NA", "n/a", "nan", "NaN", "-nan", "NULL"])
def test_a_score_that_is_not_there_is_a_vote_not_given_and_its_stimulus_stays(read, blank):
    table = read(HEADER + f"a,r,{blank}\nb,r,3\n")
    assert table.stimuli == ("a", "b")
    assert (table.score.tolist(), table.missing) == ([3], 1)


@pytest.mark.parametrize(
    "text",
    [
        HEADER + "a,r,1.5\nb,r,2\n",
        "\ufeff" + HEADER + "a,r,1.5\nb,r,2\n",
        "stimulus;rater;score\na;r;1,5\nb;r;2\n",
        "stimulus\trater\tscore\r\na\tr\t1.5\r\nb\tr\t2\r\n",
        "Stimulus, RATER ,score\n\na,r,1.5\n\nb,r, 2 \n\n",
        '"stimulus","rater","score"\n"a","r","1.5"\n"b","r","2"',
    ],
    ids=["plain", "BOM", "semicolons", "tabs", "empty lines", "quoted"],
)
def test_the_same_table_in_other_clothes(read, text):
    table = read(text)
    assert (table.stimuli, table.raters, table.score.tolist()) == (("a", "b"), ("r",), [1.5, 2])


def test_a_name_may_hold_commas_quotes_and_line_breaks(read):
    assert read(HEADER + '"a,b",r,1\n"c""d",r,2\n"e\nf",r,3\n').stimuli == ("a,b", 'c"d', "e\nf")


def test_names_that_look_like_nothing_are_names(read):
    table = read(HEADER + "NA,None,2\nnull,nan,3\n")
    assert (table.stimuli, table.raters) == (("NA", "null"), ("None", "nan"))


def test_repeated_votes_count(read):
    table = read(HEADER + "a,r,1\na,r,5\n")
    assert (table.score.tolist(), table.repeated_votes) == ([1, 5], 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stimulus,score\na,1\n", "has no column rater: name stimulus, rater and score in line 1"),
        ("stimulus,rater,score,score\na,r,1,1\n", "names the column score twice"),
        (HEADER, r"votes\.csv: The table holds no votes\.$"),
        ("", "it is empty"),
        ("\n\n", "it is empty"),
        (HEADER + "a,r,good\n", r"Row 1 \(line 2\) has the score 'good': a score must be a number"),
        (HEADER + "a,r,1\n\nb,r,inf\n", r"Row 2 \(line 4\) has the score 'inf'"),
        (HEADER + '"a\nb",r,1\nc,r,x\n', r"Row 2 \(line 4\) has the score 'x'"),
        (HEADER + "a,r,-Infinity\n", r"Row 1 \(line 2\) has the score '-Infinity': a score must be a number"),
        (HEADER + "a,r,1e300\n", "a score must be a number"),
        (HEADER + "a,r,1_0\n", "a score must be a number"),
        (HEADER + "a,r,1\n,r,1\n", "Row 2 .* has no stimulus"),
        (HEADER + "a,  ,1\n", "Row 1 .* has no rater"),
        ("stimulus,rater,score,view_angle\na,r,1,-18\n", "whole degrees"),
        ("stimulus,rater,score,view_angle\na,r,1,22.5\n", "whole degrees"),
        ("stimulus,rater,score,view_angle\na,r,1,x\n", "view_angle 'x'"),
        (HEADER + "a,r,1\na,r,1,2\n", r"Row 2 \(line 3\) has 4 values: line 1 names 3 columns"),
        (HEADER + "a,r,1\na,r\n", r"Row 2 \(line 3\) has 2 values: line 1 names 3 columns"),
        (HEADER + 'a,r,1\n"b,r,2\n', "after line 3: unexpected end of data"),
    ],
)
def test_a_bad_table_gets_one_line_that_names_what_is_wrong(read, text, message):
    with pytest.raises(ValueError, match=message) as error:
        read(text)
    assert "votes.csv" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"none\.csv can't be read as CSV: No such file"):
        rating_files.read_csv(tmp_path / "none.csv")


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match="Is a directory"):
        rating_files.read_csv(tmp_path)


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_another_encoding_is_refused(read, encoding):
    with pytest.raises(ValueError, match="it is not UTF-8"):
        read(HEADER + "é,r,1\n", encoding)


def test_a_binary_file_is_refused(read):
    with pytest.raises(ValueError, match="can't be read as CSV"):
        read(bytes(range(256)) * 4)
