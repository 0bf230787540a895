"""The questions are data: these tests hold each to its form, and to the notebooks."""

import contextlib
import datetime
import html
import importlib.util
import json
import re
import sqlite3
import zipfile

import pytest
from IPython.core.interactiveshell import InteractiveShell
from nbformat.v4 import new_code_cell, new_output

from helpers import NOTEBOOKS, questions
from helpers.exercises import progress_file
from helpers.questions import question as data
from helpers.questions import schedule
from helpers.questions.question import Question, Reason
from tests.support.missing import is_missing
from tools import claims
from tools.instructor import notes
from tools.instructor.__main__ import main
from tools.notebooks import code_cells, find_notebooks, parts, read_notebook
from tools.questions import CALL, KINDS, answered, as_markdown, remove_calls

PATHS = [find_notebooks([f"{number:02}"])[0] for number in NOTEBOOKS]
PREDICTIONS, QUESTIONS, REASONS = (
    {name: each for number in NOTEBOOKS for name, each in data.read(number)[kind].items()}
    for kind in range(3)
)
each_question = pytest.mark.parametrize("name", [*PREDICTIONS, *QUESTIONS])
each_notebook = pytest.mark.parametrize("number", NOTEBOOKS)


def find(name):
    return PREDICTIONS.get(name) or QUESTIONS[name]


def calls(number):
    """What a notebook asks: for each call its function, its question and its cell."""
    cells = code_cells(read_notebook(PATHS[number]))
    return [(*match, cell) for cell in cells for match in CALL.findall(cell.source)]


def promises(number):
    """The sentence with what a learner will be able to do."""
    source = read_notebook(PATHS[number]).cells[0].source
    return re.search(r"\*\*You will be able to\*\*(.*)", source)[1]


# Each question ------------------------------------------------------------------------------------


@each_question
def test_right_answer_is_right_and_each_wrong_one_has_its_own_sentence(name):
    each = find(name)
    right = data.parse(each, each.answer)
    assert data.is_right(each, right)
    assert data.misconception(each, right) == ""
    assert each.wrong
    for wrong, sentence in each.wrong.items():
        given = data.parse(each, wrong)
        assert not data.is_right(each, given)
        assert data.misconception(each, given) == sentence
    sentences = [*each.wrong.values(), each.because]
    assert len(set(sentences)) == len(sentences)
    assert all(text.endswith((".", "?", "!", "”", ")")) for text in sentences)


@each_question
def test_form(name):
    each = find(name)
    texts = [each.ask, each.because, *each.choices.values(), *each.wrong.values()]
    assert not [text for text in texts if "$" in text or "**" in text or text.count("`") % 2]
    if not each.letters:
        assert each.true, "What computes the number?"
    elif len(each.answer) == 1:
        assert set(each.wrong) == set(each.letters) - {each.answer}, "Each has its misconception."
        assert len(each.letters) >= 2
    if each.ask and each.letters:
        assert list(each.choices) == each.letters
        assert each.answer not in each.room
        assert set(each.room) <= set(each.wrong)


@pytest.mark.slow
@each_question
def test_numbers_are_what_is_computed(name):
    each = find(name)
    document = PATHS[int(name[:2])]
    assert [text for text in each.true if not claims.is_true(text, document)] == []


@pytest.mark.parametrize("name", QUESTIONS)
def test_question_leads_back_to_a_section_and_a_promise(name):
    number = int(name[:2])
    assert QUESTIONS[name].section in [part.title for part in parts(PATHS[number])]
    assert QUESTIONS[name].verb
    assert QUESTIONS[name].verb in promises(number)


# All of them --------------------------------------------------------------------------------------


def test_enough_questions_and_many_to_compute():
    assert len(QUESTIONS) >= 120
    assert sum(not each.letters for each in QUESTIONS.values()) >= 50


def test_right_letters_are_spread():
    chosen = [each.answer for each in QUESTIONS.values() if each.choices and len(each.answer) == 1]
    for letter in "ABCD":
        assert 0.15 <= chosen.count(letter) / len(chosen) <= 0.35


def test_right_choice_is_not_known_by_its_length():
    four = [each for each in QUESTIONS.values() if len(each.choices) == 4]
    longest = [max(each.choices, key=lambda it: len(each.choices[it])) for each in four]
    hits = sum(each.answer == letter for each, letter in zip(four, longest, strict=True))
    assert hits / len(four) <= 0.4


@each_notebook
def test_every_promise_is_asked_for_later(number):
    """Its parts are the verbs; reviews ask them all, and starts and tests at least one of each."""
    own = [each for name, each in QUESTIONS.items() if int(name[:2]) == number]
    verbs = {each.verb for each in own}
    assert len(verbs) == 3
    elsewhere = {name for later in NOTEBOOKS for call, name, _ in calls(later) if call == KINDS[1]}
    elsewhere |= {name for names in data.tests().values() for name in names}
    for verb in verbs:
        asked = [each.id for each in own if each.verb == verb]
        assert len(asked) >= 2, verb
        assert elsewhere & set(asked), verb


# In the notebooks ---------------------------------------------------------------------------------


@each_notebook
def test_notebook_asks_all_its_predictions_and_reasons(number):
    asked = {call: [name for found, name, _ in calls(number) if found == call] for call in KINDS}
    predictions, _, reasons = data.read(number)
    assert asked["predict"] == list(predictions)
    assert asked["explain"] == list(reasons)
    assert 4 <= len(predictions) <= 7
    assert len(reasons) == 2


@each_notebook
def test_choices_of_predictions_are_in_the_notebook(number):
    cells = read_notebook(PATHS[number]).cells
    for name, each in data.read(number)[0].items():
        [place] = [i for i, cell in enumerate(cells) if f'predict("{name}", None)' in cell.source]
        assert cells[place].source.startswith(f'predict("{name}", None)\n')
        before = [cell.source for cell in cells[max(0, place - 3) : place]]
        assert any("**Predict.**" in text for text in before)
        for letter in each.letters:
            assert any(f"**{letter}**" in text for text in before), (name, letter)


@each_notebook
def test_notebook_begins_with_three_questions_spaced_over_earlier_ones(number):
    asked = [int(name[:2]) for call, name, _ in calls(number) if call == "remember"]
    before = [n for n in (number - 6, number - 3, number - 1) if n >= 0]
    assert len(asked) == (3 if number else 0)
    assert set(before) <= set(asked)
    assert all(each < number for each in asked)


def test_no_question_begins_two_notebooks_or_is_in_a_test_too():
    starts = [name for n in NOTEBOOKS for call, name, _ in calls(n) if call == "remember"]
    tested = [name for names in data.tests().values() for name in names]
    assert sorted(starts + tested) == sorted(set(starts + tested))


@pytest.mark.parametrize(
    ("name", "notebooks"),
    [
        ("before 00", range(5)),
        ("before 05", range(5)),
        ("after 04", range(5)),
        ("after 08", range(5, 9)),
        ("after 10", range(11)),
    ],
)
def test_test_of_a_part(name, notebooks):
    asked = [QUESTIONS[each] for each in data.tests()[name]]
    assert {int(each.id[:2]) for each in asked} <= set(notebooks)
    assert len(asked) == (5 if name.startswith("before") else 10)
    assert sum(not each.letters for each in asked) >= len(asked) // 2


@each_notebook
def test_section_ends_with_a_vote_between_three_misconceptions(number):
    votes = [vote for part in parts(PATHS[number]) if (vote := notes.vote_of(part))]
    assert len(votes) == 2
    for vote in votes:
        assert len(vote.choices) == 4
        assert set(vote.room) == set(vote.wrong)


# Parsing ------------------------------------------------------------------------------------------

CHOICE = Question("00.guess", "B", "Because.", {"A": "No A.", "C": "No C."})
ORDER = Question("00.order", "CAB", "Because.", {"ABC": "Not as written."})
NUMBER = Question("00.number", 2.5, "Because.", {"5": "Halve it."}, tolerance=0.05)


@pytest.mark.parametrize(
    ("asked", "given", "parsed"),
    [
        (CHOICE, "B", "B"),
        (CHOICE, " b ", "B"),
        (ORDER, "cab", "CAB"),
        (ORDER, "C, A, B", "CAB"),
        (ORDER, ["C", "A", "B"], "CAB"),
        (NUMBER, 3, 3.0),
        (NUMBER, "2.5", 2.5),
    ],
)
def test_answers_as_people_type_them(asked, given, parsed):
    assert data.parse(asked, given) == parsed


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        (CHOICE, "D"),
        (CHOICE, "AB"),
        (CHOICE, 2),
        (CHOICE, ""),
        (ORDER, "CA"),
        (ORDER, "CCB"),
        (NUMBER, "B"),
        (NUMBER, True),
        (NUMBER, [1]),
    ],
)
def test_answer_of_another_form_is_told_the_form(asked, given):
    with pytest.raises(ValueError, match=f"The answer to {asked.id} is .*, not "):
        data.parse(asked, given)


def test_number_may_be_off_by_its_tolerance():
    assert data.is_right(NUMBER, 2.55)
    assert not data.is_right(NUMBER, 2.56)
    assert data.misconception(NUMBER, 4.96) == "Halve it."


# The schedule -------------------------------------------------------------------------------------


def test_known_question_comes_back_later_and_later_and_a_missed_one_tomorrow():
    entry, days = {}, []
    for is_right in (True, True, True, True, True, False, True):
        entry = schedule.after_answer(entry, is_right, 100)
        days.append(entry["due"] - 100)
    assert days == [3, 7, 21, 60, 60, 1, 3]
    assert entry["first"] == 1


def test_first_answer_is_kept():
    entry = schedule.after_answer(schedule.after_answer({}, False, 1), True, 2)
    assert entry["first"] == 0


def test_least_known_and_longest_due_come_first():
    entries = {
        "known": {"box": 2, "due": 90},
        "missed": {"box": 0, "due": 100},
        "late": {"box": 0, "due": 95},
        "tomorrow": {"box": 0, "due": 101},
        "1.2": {"outcome": "correct"},
    }
    assert schedule.due(entries, 100) == ["late", "missed", "known"]


# What a learner reads -----------------------------------------------------------------------------


@pytest.fixture
def progress(tmp_path, monkeypatch):
    """Small questions, and a progress file of their own."""
    path = tmp_path / "progress.json"
    monkeypatch.setattr(progress_file, "PROGRESS_FILE", path)
    asked = {
        name: Question(
            f"00.{name}",
            "B",
            "Because it is.",
            {"A": "A is a trap."},
            ask="Which?",
            choices={"A": "one", "B": "two"},
            section="Here",
            verb="choose",
        )
        for name in "abcdefgh"
    }
    reason = Reason("00.why", "It sums to 1.", ("the sum",))
    found = {f"00.{name}": each for name, each in asked.items()}
    tables = ({"00.guess": CHOICE, "00.number": NUMBER}, found, {"00.why": reason})
    empty = ({}, {}, {})
    monkeypatch.setattr(questions, "read", lambda number: empty if number else tables)
    monkeypatch.setattr(questions, "tests", lambda: {"before 05": ("00.g", "00.h")})
    return path


def entries(path):
    return json.loads(path.read_text(encoding="utf-8"))


def test_prediction_that_came_true(progress, capsys):
    questions.predict("00.guess", "b")
    assert capsys.readouterr().out == "00.guess as predicted: You said b. Because.\n"


def test_prediction_is_shown_below_the_results_unless_the_cell_fails(progress, monkeypatch, capsys):
    shell = InteractiveShell()
    monkeypatch.setattr(questions, "get_ipython", lambda: shell)
    shell.user_ns["predict"] = questions.predict
    shell.run_cell('predict("00.guess", "B")\nprint("the result")')
    said = capsys.readouterr().out
    assert said == "the result\n00.guess as predicted: You said B. Because.\n"
    shell.run_cell("print(2)")
    assert capsys.readouterr().out == "2\n"
    shell.run_cell('predict("00.guess", "B")\n1 / 0')
    assert "as predicted" not in capsys.readouterr().out


def test_prediction_that_did_not(progress, capsys):
    questions.predict("00.number", 5)
    said = "00.number a surprise: You said 5. Halve it. It is 2.5. Because.\n"
    assert capsys.readouterr().out == said
    questions.predict("00.number", 7)
    assert "You said 7. It is 2.5. Because." in capsys.readouterr().out


def test_prediction_left_open_or_skipped_is_not_kept(progress, capsys):
    questions.predict("00.guess", None)
    assert "no prediction yet: write yours in place of None" in capsys.readouterr().out
    questions.predict("00.guess", "skip")
    assert capsys.readouterr().out == "00.guess skipped: It is B. Because.\n"
    assert not progress.exists()


def test_question_is_asked_and_answered(progress, capsys):
    questions.remember("00.a", None)
    asked = capsys.readouterr().out
    assert re.search(r"Which\? Write one of A, B.*\n +A: +one\n +B: +two", asked)
    assert not progress.exists()
    questions.remember("00.a", "A")
    said = "00.a not yet: You said A. A is a trap. It is B, two. Because it is.\n"
    assert capsys.readouterr().out == f"{said}    asked:     Which?\n"
    tomorrow = datetime.date.today().toordinal() + 1
    assert entries(progress) == {"00.a": {"first": 0, "box": 0, "due": tomorrow}}
    questions.remember("00.a", "B")
    assert capsys.readouterr().out.startswith("00.a correct: You said B. Because it is.\n")


def test_answer_of_another_form_loses_nothing(progress, capsys):
    questions.remember("00.a", "Z")
    said = capsys.readouterr().out
    assert said == "The answer to 00.a is one of A, B, such as \"A\", not 'Z'.\n"
    assert not progress.exists()


@pytest.mark.parametrize("ask", [questions.predict, questions.remember, questions.explain])
@pytest.mark.parametrize("name", ["00.unknown", "77.a", "a", 1.2, None])
def test_unknown_name_is_reported(ask, name, progress, capsys):
    ask(name, "A")
    assert f"{name!r}: copy its name from the notebook." in capsys.readouterr().out


def test_model_sentence_is_shown_after_a_sentence_of_ones_own(progress, capsys):
    questions.explain("00.why", "dunno")
    assert "It sums" not in capsys.readouterr().out
    questions.explain("00.why", "because all of them sum to one")
    assert re.search(r"It sums to 1\..*\n +1: +the sum", capsys.readouterr().out)


def test_review_begins_with_what_was_wrong_and_asks_six_at_most(progress, capsys):
    questions.review()
    assert "begin with a notebook" in capsys.readouterr().out
    today = datetime.date.today().toordinal()
    old = {"00.c": {"box": 1, "due": today - 9, "first": 1}, "00.b": {"box": 0, "due": today}}
    progress.write_text(json.dumps(old), encoding="utf-8")
    questions.review()
    asked = re.findall(r"^(00\.\w) asks", capsys.readouterr().out, re.MULTILINE)
    assert asked == ["00.b", "00.c", "00.a", "00.d", "00.e", "00.f"]  # g and h are in a test


def test_review_names_the_day_if_nothing_is_due(progress, capsys):
    day = datetime.date.today() + datetime.timedelta(days=5)
    later = {f"00.{name}": {"box": 1, "due": day.toordinal()} for name in "abcdef"}
    progress.write_text(json.dumps(later), encoding="utf-8")
    questions.review()
    assert f"comes back on {day}" in capsys.readouterr().out


def test_result_of_a_test_says_what_to_repeat(progress, capsys):
    questions.quiz("before 05")
    assert '"before 05", None, None)' in capsys.readouterr().out
    questions.quiz("before 05", "B")
    assert "has 2 questions, and these are 1 answers" in capsys.readouterr().out
    questions.quiz("before 05", "B", None)
    said = capsys.readouterr().out
    assert "1 of 2\n    again: choose (notebook 00, Here)\n" in said
    assert "You can begin with notebook 00." in said
    questions.quiz("nothing")
    assert "no test 'nothing'" in capsys.readouterr().out


# For readers, and for instructors -----------------------------------------------------------------


def test_what_asks_is_removed_for_readers():
    name = next(iter(data.read(2)[0]))
    cell = new_code_cell(
        source=f'predict("{name}", None)\nprint(1)',
        outputs=[new_output("stream", text=f"1\n{name} no prediction yet: write yours …\n")],
    )
    remove_calls(cell)
    assert (cell.source, cell.outputs[0].text) == ("print(1)", "1\n")


def test_solved_notebook_has_the_answers_filled_in():
    [(_, name, cell), *_] = [found for found in calls(2) if found[0] == "predict"]
    assert answered(cell.source).startswith(f'predict("{name}", {PREDICTIONS[name].answer!r})')
    assert f'", {REASONS["02.lost"].model!r})' in answered('explain("02.lost", "")')


def test_notes_say_what_each_wrong_vote_means(capsys):
    [vote, *_] = [vote for part in parts(PATHS[1]) if (vote := notes.vote_of(part))]
    assert main(["notes", "01"]) == 0
    said = capsys.readouterr().out
    assert as_markdown(vote) in said
    for letter, sentence in vote.room.items():
        assert f"- **If many say {letter}:** {vote.wrong[letter]} {sentence}" in said


def test_cards_have_every_question_on_the_front_and_its_answer_on_the_back(
    tmp_path, monkeypatch, capsys
):
    if importlib.util.find_spec("genanki") is None:
        is_missing("genanki is missing: `uv pip install --group grade`.")
    from tools.instructor import cards

    monkeypatch.setattr(cards, "BUILD", tmp_path)
    assert main(["cards"]) == 0
    assert f"{len(QUESTIONS)} cards" in capsys.readouterr().out
    page = (tmp_path / "cards" / "cards.html").read_text(encoding="utf-8")
    assert page.count('<div class="card">') == 2 * len(QUESTIONS)
    with zipfile.ZipFile(tmp_path / "cards" / "cards.apkg") as package:
        package.extract("collection.anki2", tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / "collection.anki2")) as deck:
        notes = dict(deck.execute("SELECT sfld, flds FROM notes").fetchall())
    assert set(notes) == set(QUESTIONS)
    for name, each in QUESTIONS.items():
        _, front, back, section = notes[name].split("\x1f")
        plain = html.unescape(re.sub("<[^>]+>", "", front))
        assert plain.startswith(each.ask.replace("`", ""))
        assert all(text.replace("`", "") in plain for text in each.choices.values())
        assert each.because.replace("`", "") in html.unescape(re.sub("<[^>]+>", "", back))
        assert html.escape(each.section) in section


def test_questions_that_few_know_are_listed(tmp_path, capsys):
    easy, hard = list(QUESTIONS)[:2]
    files = [tmp_path / "one.json", tmp_path / "two.json"]
    for first, path in enumerate(files):
        content = {easy: {"first": 1}, hard: {"first": first}, "1.1": {"outcome": "correct"}}
        path.write_text(json.dumps(content), encoding="utf-8")
    assert main(["answers", *map(str, files)]) == 0
    said = capsys.readouterr().out
    assert f" 50% of   2  {hard}" in said
    assert easy not in said
    files[0].write_text("{", encoding="utf-8")
    assert main(["answers", str(files[0])]) == 1
    assert "is not a learner's progress.json" in capsys.readouterr().out
