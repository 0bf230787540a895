"""Every exercise accepts right answers, names typical mistakes, and survives hostile answers."""

import importlib
import inspect
import re
import sys
import time
from functools import cache

import numpy as np
import pytest

from helpers import NOTEBOOKS, training
from helpers.data import load
from helpers.exercises import exercises_of, judging, starter_of
from helpers.exercises.exercise import CHANGED, observations, value
from helpers.exercises.judging import CORRECT, COULD_NOT_RUN, NOT_STARTED, NOT_YET, judge
from tools.notebooks import find_notebooks, parts

SECONDS_FOR_A_CHECK = 2

MAKERS = {name: make for notebook in NOTEBOOKS for name, make in exercises_of(notebook).items()}
# Made when a test asks for it: some need TensorFlow.
exercise = cache(lambda name: MAKERS[name]())
each_exercise = pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if float(name) >= 5 else [])  # TensorFlow
        for name in MAKERS
    ],
)


@cache
def right_answers(name):
    """Right answers other than the solution."""
    number = int(name.partition(".")[0])
    module = importlib.import_module(f"tests.right_answers.notebook_{number:02}")
    return module.RIGHT_ANSWERS[name]()


def first_line(verdict):
    return verdict.message.splitlines()[0]


def asked(made, answer):
    """What the exercise asks this answer, with what came out, and the error that ended it."""
    return observations(made, answer, None)


# Right and wrong answers --------------------------------------------------------------------------


@each_exercise
def test_right_answers_are_accepted(name):
    made, others = exercise(name), right_answers(name)
    questions = len(asked(made, made.solution)[0])
    assert questions
    assert len(others) >= 3
    for answer in (made.solution, *others):
        verdict = judge(made, answer)
        assert (verdict.outcome, verdict.message) == (CORRECT, made.takeaway), answer
        # Otherwise an answer that ends the questions early would be right.
        observations, error = asked(made, answer)
        assert error is None
        assert len(observations) == questions or made.probe is value


# Mistakes in the form of an answer, which an example would not explain.
WITHOUT_EXAMPLE = (
    CHANGED,
    "Return the loss alone, one number.",
    "You returned a single number. Return one score for each probability.",
)
# An example would give the answer away.
CHOSEN_OR_MEASURED = ("1.5", "6.4", "6.5")


@each_exercise
def test_mistakes_are_named(name):
    made = exercise(name)
    assert len(list(made.wrong_answers)) >= 5
    for answer, sentence in made.wrong_answers:
        verdict = judge(made, answer)
        assert verdict.outcome in (NOT_YET, COULD_NOT_RUN)
        assert first_line(verdict) == sentence, answer
        if sentence in WITHOUT_EXAMPLE or name in CHOSEN_OR_MEASURED:
            assert verdict.message == sentence


def evidence_plus(amount):
    def evidence(image, weights, class_number):
        return image / 255 * weights[:, class_number].reshape(28, 28) + amount

    return evidence


def mismatched_product(*_):
    from helpers.quiet_tensorflow import tf

    return tf.matmul(tf.ones((3, 2)), tf.ones((7, 2)))


# What no typical mistake shows: where a level ends, and answers of another form.
EDGES = [
    ("1.3", lambda p: [[0, 1], [2]], NOT_YET, "The result should be made of numbers"),
    ("1.3", lambda p: np.log(p) / 0, NOT_YET, "Some of your scores are `nan` or `inf`"),
    ("1.3", lambda p: 3.0, NOT_YET, "You returned a single number."),
    ("1.5", "C", NOT_YET, "Logits may be negative"),
    ("2.1", 8.75, NOT_YET, "That is the edge itself."),
    ("3.6", 2, NOT_YET, "Give three things in a list"),
    ("4.1", lambda *_: 0.5, NOT_YET, "Return 3 things, in this order: the loss, "),
    ("4.1", lambda *_: np.zeros(3), NOT_YET, "Return 3 things, in this order: the loss, "),
    ("4.2", lambda *_: 0.5, NOT_YET, "Return 2 things, in this order: the new weights, "),
    ("4.4", evidence_plus(0.7), NOT_YET, "The same amount is added to every pixel."),
    ("5.5", 3, NOT_YET, "Give `check` the function itself"),
    ("5.5", mismatched_product, COULD_NOT_RUN, "InvalidArgumentError: Matrix size"),
    ("6.1", lambda a, b, c, d: a @ c, NOT_YET, "Return both, and nothing else"),
    ("6.1", lambda a, b, c, d: (a @ c, b @ c + d, d), NOT_YET, "Return both, and nothing else"),
    ("6.4", ["B", "D", "A"], NOT_YET, "Give `check` the four letters in a list"),
    ("6.5", 0.13, NOT_YET, "No better than chance"),
    ("6.5", 0.19, NOT_YET, "This looks like the share of mistakes"),
    ("6.5", 1.0, NOT_YET, "That is better than the network with ReLU"),
    ("6.5", 1.5, NOT_YET, "This is a percentage"),
    ("6.5", 150, NOT_YET, "An accuracy is a share between 0 and 1"),
    ("6.5", float("nan"), NOT_YET, "An accuracy is a share between 0 and 1"),
    ("7.4", lambda matrix: {"precision": 1, "recall": 1}, NOT_YET, "Return both, and nothing else"),
    ("7.4", lambda matrix: 0.5, NOT_YET, "Return both, and nothing else"),
    ("8.5", ["C", "A", "D"], NOT_YET, "Give `check` the four letters in a list"),
    ("9.3", lambda ours, theirs: 1.0, NOT_YET, "Return `True` or `False`, nothing else."),
    ("9.3", lambda ours, theirs: [True], NOT_YET, "Return `True` or `False`, nothing else."),
]


@pytest.mark.parametrize(("name", "answer", "outcome", "sentence"), EDGES)
def test_edges(name, answer, outcome, sentence):
    verdict = judge(exercise(name), answer)
    assert verdict.outcome == outcome
    assert verdict.message.startswith(sentence)


@pytest.mark.parametrize(("name", "kind"), [("5.1", "Layer"), ("5.2", "Layer"), ("5.4", "Loss")])
def test_non_subclass_is_rejected(name, kind):
    arguments = [3] if name == "5.1" else []
    for answer in (int, 3, exercise(name).solution(*arguments), exercise("5.5").solution):
        verdict = judge(exercise(name), answer)
        assert verdict.outcome == NOT_YET
        assert verdict.message.startswith(f"Give `check` your class, a kind of `{kind}`, by")


@pytest.mark.parametrize("name", ["5.1", "5.2"])
def test_layer_that_works_outside_a_model_only(name):
    class RowByRow(exercise(name).solution):
        def call(self, inputs):
            from helpers.quiet_tensorflow import keras

            call = super().call
            rows = [call(inputs[row : row + 1]) for row in range(inputs.shape[0])]
            return keras.ops.concatenate(rows)

    verdict = judge(exercise(name), RowByRow)
    assert verdict.outcome == NOT_YET
    assert verdict.message.startswith("Your layer works alone, but not in a model")


@pytest.mark.parametrize("name", ["5.1", "5.2", "5.4"])
def test_error_is_shown_without_the_wrapping_of_keras(name):
    def raises(self, inputs, more=None):  # a loss gets labels and logits
        raise ValueError("mine")

    def multiplies(self, inputs, more=None):
        return mismatched_product()

    for call, error, line in (
        (raises, "ValueError: mine", 'raise ValueError("mine")'),
        (multiplies, "InvalidArgumentError: Matrix size-incompatible: In[0]: [", "tf.matmul"),
    ):
        broken = type("Broken", (exercise(name).solution,), {"call": call})
        verdict = judge(exercise(name), broken)
        assert verdict.outcome == COULD_NOT_RUN
        assert first_line(verdict).startswith(error)
        assert line in verdict.message


@pytest.mark.slow
def test_loss_is_also_called_as_keras_calls_it():
    right = exercise("5.4").solution

    class WholeLabelsOnly(right):
        def call(self, labels, logits):
            from helpers.quiet_tensorflow import tf

            return super().call(tf.bitwise.bitwise_or(labels, 0), logits)

    class Sum(right):
        def __init__(self):
            super().__init__(reduction="sum")

    verdict = judge(exercise("5.4"), WholeLabelsOnly)
    assert verdict.outcome == NOT_YET
    assert verdict.message.startswith("Right for labels that are integers, but Keras hands them")
    verdict = judge(exercise("5.4"), Sum)
    assert verdict.outcome == NOT_YET
    assert "\ngiven:     the loss of a batch of two, as Keras calls it\n" in verdict.message


@pytest.mark.slow
def test_loss_that_fails_inside_fit():
    class RowByRow(exercise("5.4").solution):
        def call(self, labels, logits):
            from helpers.quiet_tensorflow import keras

            losses = [
                super(RowByRow, self).call(labels[i : i + 1], logits[i : i + 1])[0]
                for i in range(len(labels))
            ]
            return keras.ops.stack(losses)

    verdict = judge(exercise("5.4"), RowByRow)
    assert verdict.outcome == NOT_YET
    assert verdict.message.startswith("Right by itself, but not inside `fit`")


@pytest.mark.slow
def test_second_training_step():
    right, steps = exercise("5.5").solution, []

    def tired(*arguments):
        steps.append(right(*arguments))
        return steps[-1] if len(steps) < 3 else 0.0

    verdict = judge(exercise("5.5"), tired)
    assert verdict.outcome == NOT_YET
    assert "the loss returned by a second step\n" in verdict.message


@pytest.mark.slow
def test_layer_without_weights():
    class NoWeights(exercise("5.1").solution):
        def build(self, input_shape):
            self.kernel = self.bias = 0

        def call(self, inputs):
            return inputs

    class Broken(NoWeights):
        def build(self, input_shape):
            raise ValueError("mine")

    verdict = judge(exercise("5.1"), NoWeights)
    assert "\ncame out:  'none'\nshould be: '(2, 2) and (2,)'" in verdict.message
    verdict = judge(exercise("5.1"), Broken)
    assert (verdict.outcome, first_line(verdict)) == (COULD_NOT_RUN, "ValueError: mine")


@each_exercise
def test_first_example_is_small(name):
    made = exercise(name)
    (given, _), *_ = asked(made, made.solution)[0]
    numbers = re.findall(r"\d+\.?\d*", given)
    assert len(numbers) <= 36
    assert max(map(float, numbers), default=0) <= 255
    assert "..." not in given or name in ("4.5", "7.5"), "An array is too large to be shown."


def test_promise_of_the_first_step_is_as_the_takeaway_says():
    data = load()
    if data.source == "sketches":
        pytest.skip("needs the real pictures")
    rows = np.random.default_rng(0).permutation(len(data.train_images))[:256]  # as in notebook 04
    inputs, labels = training.scale_pixels(data.train_images[rows]), data.train_labels[rows]
    start = np.zeros((784, 10)), np.zeros(10)
    loss, *gradients = training.loss_and_gradients(inputs, labels, *start)

    def drop(rate):
        moved = [one - rate * slope for one, slope in zip(start, gradients, strict=True)]
        return loss - training.loss_and_gradients(inputs, labels, *moved)[0]

    promised = exercise("4.3").solution
    numbers = (promised(*gradients, 1), promised(*gradients, 0.05), drop(0.05))
    assert [f"{number:.2g}" for number in numbers] == ["2.9", "0.14", "0.13"]
    assert (round(promised(*gradients, 5)), round(drop(5))) == (14, -7)
    words = ("about 2.9", "promises 0.14", "falls by 0.13", "promises 14", "rises by 7")
    assert [each for each in words if each not in exercise("4.3").takeaway] == []


@each_exercise
def test_texts_are_complete(name):
    made = exercise(name)
    assert len(made.hints) == len(set(made.hints)) == 3
    for text in (*made.hints, made.takeaway, made.explanation, *made.mistakes):
        assert re.fullmatch(r"[^\s].{15,}[^\s,;]", text), text
        assert "\n" not in text
    assert re.search(r"[.!?]$", made.takeaway)


@each_exercise
def test_only_the_last_hint_is_almost_the_solution(name):
    right = exercise(name).solution
    if callable(right):
        # What follows the last line that every way would begin with: `return`, `def`, `class`.
        lines = [line.strip() for line in inspect.getsource(right).splitlines()]
        body = [line.removeprefix("return ") for line in lines if not re.match(r"def|class", line)]
        given_away = " ".join(body)
    else:
        given_away = str(right)
    for hint in exercise(name).hints[:2]:
        words = re.sub(r"[`\s]+", " ", hint)
        assert not re.search(rf"(?<![\w.]){re.escape(given_away)}(?!\w|\.\d)", words), hint


@each_exercise
def test_check_is_fast(name):
    made = exercise(name)
    judge(made, made.solution)  # the first time a library may have to load something
    for answer in (made.solution, list(made.wrong_answers)[-1][0]):
        # Processor time: the wall clock also counts other programs.
        begin = time.process_time()
        judge(made, answer)
        assert time.process_time() - begin < SECONDS_FOR_A_CHECK


# Notebooks and modules ----------------------------------------------------------------------------

each_notebook = pytest.mark.parametrize("path", find_notebooks([]), ids=lambda path: path.stem)


@each_notebook
def test_notebook_has_a_blank_starter_for_each_exercise_of_its_module(path):
    notebook, names = int(path.stem[:2]), []
    for part in parts(path):
        title = re.fullmatch(r"Exercise (\d+\.\d+) · \S.+", part.title)
        is_exercise = title is not None and part.level == 3
        cells = [cell for cell in part.cells if cell.cell_type == "code"]
        checking = [cell for cell in cells if "check(" in cell.source]
        assert len(checking) == is_exercise, f"{part.title}: an exercise has one check, under it."
        for cell in checking:
            name = title[1]
            names.append(name)
            check = rf'^check\("{name}", (\w+|\[.+\])\)\Z'
            assert re.search(check, cell.source, re.MULTILINE)
            assert cell.outputs[0].text.startswith(f"{name} {NOT_STARTED}: ")
            starter = starter_of(exercise(name).solution)
            assert starter in cell.source, "`reset` prints another starter."
    assert names == [f"{notebook}.{number}" for number in range(1, len(names) + 1)]
    assert names == list(exercises_of(notebook))
    assert 4 <= len(names) <= 6


# Hostile answers ----------------------------------------------------------------------------------


def raises(right, arguments):
    raise ValueError("not today")


def generates(right, arguments):
    yield right


def loops(right, arguments):
    while True:
        try:
            time.sleep(0)
        except:  # noqa: E722
            print("again")


def changes_its_input(right, arguments):
    result = right(*arguments)
    for argument in arguments:
        if isinstance(argument, np.ndarray):
            argument[...] = 1 - argument
        if isinstance(argument, list):
            argument.clear()
    return result


HOSTILE = {
    "raises": raises,
    "exits": lambda right, arguments: sys.exit(1),
    "generates": generates,
    "loops": loops,
    "changes its input": changes_its_input,
    "returns nothing": lambda right, arguments: print(end=""),
    "returns text": lambda right, arguments: "text",
    "returns an object": lambda right, arguments: object(),
    "returns nan": lambda right, arguments: np.full(np.shape(right(*arguments)), np.nan),
    "one dimension more": lambda right, arguments: [right(*arguments)],
    "an empty array": lambda right, arguments: np.zeros((0, 3)),
}
PLAIN = [0, float("nan"), 10**400, 1j, "", "text", b"bytes", [], [[]], ["a", 1], [[1], [1, 2]], {}]
OBJECTS = [np.zeros(3), np.zeros((0, 2)), np.array(["a"]), np.array([object()]), object(), range(3)]
CALLABLES = [print, int, object, lambda: 0, lambda *_: 0]


def hostile_answers(right, behaviour):
    """Answers that look like the solution, and behave otherwise."""
    if isinstance(right, type):
        methods = [name for name, item in vars(right).items() if inspect.isfunction(item)]
        assert methods
        for method in methods:
            original = getattr(right, method)

            def misbehaves(*arguments, original=original, **_):
                return behaviour(original, arguments)

            yield type(right.__name__, (right,), {method: misbehaves})
    elif callable(right):
        yield lambda *arguments, **_: behaviour(right, arguments)
    else:
        yield lambda *arguments, **_: behaviour(lambda *_: right, arguments)


def judge_safely(made, answer, capfd):
    begin = time.monotonic()
    verdict = judge(made, answer)
    assert time.monotonic() - begin < 5
    assert verdict.message
    assert "Traceback" not in verdict.message
    assert "helpers" not in verdict.message.partition("printed:")[0]
    assert capfd.readouterr() == ("", "")
    return verdict


@pytest.mark.parametrize("behaviour", HOSTILE.values(), ids=HOSTILE)
@each_exercise
def test_hostile_answer_does_no_harm(name, behaviour, capfd, monkeypatch):
    if behaviour is loops:
        monkeypatch.setattr(judging, "SECONDS", 0.1)
    made = exercise(name)
    for answer in hostile_answers(made.solution, behaviour):
        verdict = judge_safely(made, answer, capfd)
        assert verdict.outcome in (NOT_YET, COULD_NOT_RUN) or behaviour is changes_its_input


@each_exercise
def test_answer_of_another_kind_does_no_harm(name, capfd):
    for answer in (*PLAIN, *OBJECTS, *CALLABLES):
        judge_safely(exercise(name), answer, capfd)
