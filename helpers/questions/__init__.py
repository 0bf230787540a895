"""Questions that bring back what was learnt: `predict`, `remember`, `explain`, `review`, `quiz`."""

from collections.abc import Callable
from datetime import date
from typing import Any

from IPython import get_ipython
from IPython.core.interactiveshell import ExecutionResult
from IPython.display import display

from helpers import NOTEBOOKS
from helpers.exercises.progress_file import read_progress, write_entry
from helpers.exercises.showing import Feedback, Prose
from helpers.questions.question import Question, is_right, misconception, parse, read, tests
from helpers.questions.schedule import after_answer, due

IN_A_REVIEW = 6  # questions, for about five minutes
WORDS = 4  # fewer are no sentence


def predict(prediction_id: str, given: Any) -> None:
    """Show below the results of the cell what you predicted, and where a wrong one comes from.

    `given` is a letter, the letters of an order or a number; "skip" shows the answer.
    """
    found = _find(prediction_id, 0)
    if found is None:
        return

    def show() -> None:
        if given is None:
            print(
                f"{prediction_id} no prediction yet: write yours in place of None and run the "
                'cell again, or "skip" to read the answer.'
            )
        elif given == "skip":
            display(Feedback(prediction_id, "skipped", f"It is {found.right}. {found.because}"))
        else:
            _answer(found, given, "as predicted", "a surprise")

    _at_the_end_of_the_cell(show)


def remember(question_id: str, given: Any) -> None:
    """Ask a question, or show whether your answer is right and, if not, what it mistook."""
    found = _find(question_id, 1)
    if found is None:
        return
    if given is None:
        _ask(found)
    else:
        _answer(found, given, "correct", "not yet")


def explain(reason_id: str, sentence: str) -> None:
    """Show a model sentence, and what yours should contain, after you have written your own."""
    found = _find(reason_id, 2)
    if found is None:
        return
    if len(str(sentence).split()) < WORDS:
        print(f"{reason_id}: write one sentence of your own between the quotes, and run again.")
        return
    checks = tuple((f"{number}", Prose(it)) for number, it in enumerate(found.contains, 1))
    title = f"One way to say it: {found.model} Does yours have these in it?"
    display(Feedback(reason_id, "written", title, checks))


def review() -> None:
    """Ask what is due today, at most five minutes' worth: what was wrong or is long ago."""
    today, entries = date.today().toordinal(), read_progress()
    begun = [n for n in NOTEBOOKS if any(_belongs(name, n) for name in entries)]
    in_tests = {name for names in tests().values() for name in names}
    known = {name: entry for name, entry in entries.items() if _find_quietly(name)}
    new = [
        name for n in begun for name in read(n)[1] if name not in known | dict.fromkeys(in_tests)
    ]
    chosen = [*due(known, today), *new][:IN_A_REVIEW]
    for name in chosen:
        _ask(read(int(name[:2]))[1][name])
    if chosen:
        print(f'Answer each in a cell of your own: remember("{chosen[0]}", …)')
    elif known:
        day = date.fromordinal(min(entry["due"] for entry in known.values()))
        print(f"Nothing is due today. The next question comes back on {day}.")
    else:
        print("Nothing to review yet: begin with a notebook.")


def quiz(name: str, *answers: Any) -> None:
    """Ask the questions of a test, or show your result by what the notebooks promised.

    Give the answers in order, None for a question that you skip.
    """
    if name not in tests():
        print(f"There is no test {name!r}: choose one of {', '.join(tests())}.")
        return
    questions = [read(int(each[:2]))[1][each] for each in tests()[name]]
    if not answers:
        for number, each in enumerate(questions, 1):
            _ask(each, f"{number} of {len(questions)}")
        nones = ", ".join(["None"] * len(questions))
        print(f'Put your answers in place of None: quiz("{name}", {nones})')
    elif len(answers) != len(questions):
        print(f"{name} has {len(questions)} questions, and these are {len(answers)} answers.")
    else:
        results = [
            given is not None and _answer(each, given, "correct", "not yet")
            for each, given in zip(questions, answers, strict=True)
        ]
        _show_result(name, questions, results)


def _show_result(name: str, questions: list[Question], results: list[bool]) -> None:
    print(f"{sum(results)} of {len(results)}")
    missed = [each for each, right in zip(questions, results, strict=True) if not right]
    for each in missed:
        print(f"    again: {each.verb} (notebook {each.id[:2]}, {each.section})")
    if name.startswith("before"):
        last = max(each.id[:2] for each in questions)
        first = min((each.id[:2] for each in missed), default=f"{int(last) + 1:02}")
        print(f"You can begin with notebook {first}.")


def _at_the_end_of_the_cell(show: Callable[[], None]) -> None:
    """Call `show` once the cell has run without an error, or at once if there is no cell."""
    shell = get_ipython()
    if shell is None:
        return show()

    def once(result: ExecutionResult) -> None:
        shell.events.unregister("post_run_cell", once)
        if result.success:
            show()

    shell.events.register("post_run_cell", once)


def _ask(question: Question, title: str = "") -> None:
    choices = tuple((letter, Prose(text)) for letter, text in question.choices.items())
    display(
        Feedback(title or question.id, "asks", f"{question.ask} Write {question.form}.", choices)
    )


def _answer(question: Question, given: Any, right: str, wrong: str) -> bool:
    """Show what is to be said about an answer, keep it, and return whether it was right."""
    try:
        parsed = parse(question, given)
    except ValueError as error:
        print(error)
        return False
    knows, mistake = is_right(question, parsed), misconception(question, parsed)
    parts = [f"You said {given}.", mistake, "" if knows else f"It is {question.right}."]
    sentence = " ".join(filter(None, [*parts, question.because]))
    asked = (("asked", Prose(question.ask)),) if question.ask else ()
    display(Feedback(question.id, right if knows else wrong, sentence, asked))
    entry = read_progress().get(question.id, {})
    entry = after_answer(entry, knows, date.today().toordinal())
    if problem := write_entry(question.id, entry):
        print(problem)
    return knows


def _belongs(name: str, notebook: int) -> bool:
    """Whether an entry of the progress is of a notebook: exercise "2.1", question "02.window"."""
    number, _, _ = name.partition(".")
    return number.isdecimal() and int(number) == notebook


def _find_quietly(question_id: str, kind: int = 1) -> Any:
    number = str(question_id).partition(".")[0]
    if number.isdecimal() and int(number) in NOTEBOOKS:
        return read(int(number))[kind].get(question_id)
    return None


def _find(question_id: str, kind: int) -> Any:
    found = _find_quietly(question_id, kind)
    if found is None:
        name = ("prediction", "question", "place to explain")[kind]
        print(f"There is no {name} {question_id!r}: copy its name from the notebook.")
    return found
