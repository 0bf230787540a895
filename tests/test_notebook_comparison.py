from decimal import Decimal

import pytest
from nbformat.v4 import new_output

from tests.support.notebook_comparison import (
    LARGEST_TOLERANCE,
    output_differences,
    text_differences,
    tolerance,
)

HUNDREDTH = Decimal("0.01")


def stdout(text):
    return new_output("stream", name="stdout", text=text)


def figure(description, picture="iVBORw0=", alt="a line"):
    return new_output(
        "display_data",
        {"image/png": picture, "text/plain": description},
        metadata={"image/png": {"alt": alt}},
    )


@pytest.mark.parametrize(
    ("stored", "computed"),
    [
        ("loss 0.50", "loss 0.51"),
        ("loss 0.50", "loss 0.49"),
        ("loss 0.50.", "loss 0.51."),
        ("9.995", "10.004"),
        ("-0.00", "0.00"),
        ("(0.50, -.25)", "(0.51, -.26)"),
        ("[ 0.50 -0.00]", "[0.49 0.00]"),
        ("1,234.50", "1,234.51"),
        ("3.2e-07", "9.9e-08"),
        ("accuracy 83.1%", "accuracy 84.1%"),
        ("accuracy 83.1 %", "accuracy 82.1 %"),
        ("−0.50", "-0.49"),
        ("0.86", "0.861"),
        ("0.001", "9.99e-04"),
        ("[0.5  1.   0.25]", "[0.5  0.999 0.25 ]"),
    ],
)
def test_floats_may_differ_by_the_tolerance(stored, computed):
    assert text_differences(stored, computed, HUNDREDTH) == []
    assert text_differences(stored, computed, Decimal(0))


@pytest.mark.parametrize(
    ("stored", "computed"),
    [
        ("loss 0.500", "loss 0.511"),
        ("loss 0.50", "loss -0.50"),
        ("accuracy 83.1%", "accuracy 84.2%"),
        ("accuracy 83.1%", "accuracy 83.1"),
        ("accuracy 83%", "accuracy 84%"),
        ("0.50", "0"),
        ("60,000 pictures", "60,001 pictures"),
        ("shape (128, 10)", "shape (120, 10)"),
        ("the coat", "the shirt"),
        ("There are 10.", "There are 9."),
        ("0.50", "nan"),
        ("nan", "0.50"),
        ("inf", "-inf"),
        ("0.50\n0.25", "0.50 0.25"),
        ("0.50", "0.50 0.50"),
        ("0.50 0.25", "0.25 0.50"),
        ("TensorFlow 2.21.0", "TensorFlow 2.22.0"),
        ("model_0.50a", "model_0.51a"),
        ("12", "1 2"),
    ],
)
def test_everything_else_is_exact(stored, computed):
    assert text_differences(stored, computed, HUNDREDTH)


@pytest.mark.parametrize("text", ["", "nan inf -inf", "0.1", "Größe −0.5 €\n"])
def test_a_text_equals_itself(text):
    assert text_differences(text, text, Decimal(0)) == []


@pytest.mark.parametrize(("stored", "computed"), [("a  b", "a b"), ("0.12", "0.120")])
def test_without_a_tolerance_spaces_and_decimals_count(stored, computed):
    assert text_differences(stored, computed, Decimal(0))


def test_a_message_about_numbers_names_line_and_distance():
    assert text_differences("epoch 1\nloss 0.830", "epoch 1\nloss 0.845", HUNDREDTH) == [
        "line 2: stored 0.830, now 0.845: 0.015 apart, 0.01 allowed"
    ]


def test_a_message_about_words_shows_both_texts():
    lines = text_differences("a coat\nor\n0.5", "a shirt\nor\n0.5", HUNDREDTH)
    assert "-a coat" in lines
    assert "+a shirt" in lines


def test_a_long_message_is_cut():
    lines = text_differences("0.5\n" * 100, "0.9\n" * 100, HUNDREDTH)
    assert len(lines) < 30
    assert "80 more" in lines[-1]


def test_the_tag_states_the_tolerance():
    assert tolerance([]) == tolerance(["data"]) == 0
    assert tolerance(["data", "tol-0.0001"]) == Decimal("0.0001")
    assert tolerance([f"tol-{LARGEST_TOLERANCE}"]) == LARGEST_TOLERANCE


@pytest.mark.parametrize("tag", ["tol-0.06", "tol-1", "tol-", "tol-0,01", "tol-1e-3", "tol--0.01"])
def test_a_bad_tag_is_rejected(tag):
    with pytest.raises(ValueError, match=tag):
        tolerance([tag])


@pytest.mark.parametrize(
    "computed",
    [
        [],
        [stdout("a")],
        [stdout("a"), figure("b"), stdout("c")],
        [figure("b"), stdout("a")],
        [stdout("a"), stdout("b")],
        [stdout("a"), new_output("execute_result", figure("b").data)],
        [stdout("a"), new_output("display_data", {"text/plain": "b"})],
        [stdout("a"), figure("b", alt="")],
        [stdout("a"), figure("c")],
        [stdout("a"), figure("b", alt="another")],
        [new_output("stream", name="stderr", text="a"), figure("b")],
    ],
)
def test_outputs_that_differ(computed):
    assert output_differences([stdout("a"), figure("b")], computed, HUNDREDTH)


def test_a_page_in_a_frame_is_required_but_not_compared():
    def frame(page):
        data = {"text/html": f'<iframe title="a" srcdoc="{page}"></iframe>', "text/plain": "frame"}
        return new_output("display_data", data)

    assert output_differences([frame("1.5")], [frame("2.5")], Decimal(0)) == []
    assert output_differences([frame("1.5")], [], Decimal(0))
    linked = new_output("display_data", {"text/html": "<iframe src='a'>"})
    other = new_output("display_data", {"text/html": "<iframe src='b'>"})
    assert output_differences([linked], [other], Decimal(0))


def test_pictures_are_not_compared():
    assert output_differences([figure("b")], [figure("b", picture="AAAA")], Decimal(0)) == []


def test_alt_text_is_compared_with_the_tolerance():
    stored, computed = figure("peak 0.50", alt="0.50"), figure("peak 0.51", alt="0.51")
    assert output_differences([stored], [computed], HUNDREDTH) == []
    assert output_differences([stored], [computed], Decimal("0.005"))


def test_stderr_fails_even_if_it_is_stored():
    warning = new_output("stream", name="stderr", text="UserWarning: no")
    assert "UserWarning: no" in output_differences([warning], [warning], HUNDREDTH)
