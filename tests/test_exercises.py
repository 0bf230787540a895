"""Every exercise proves itself: what is right passes, what is wrong is told which mistake it is."""

import importlib
import inspect
import re
import subprocess
import sys
import time
from functools import cache

import numpy as np
import pytest

from helpers.exercises import NOTEBOOKS, exercises_of
from helpers.exercises.judging import CORRECT, COULD_NOT_RUN, NOT_STARTED, NOT_YET, judge, value
from tools.notebooks import ROOT, code_cells, find_notebooks, parts, read_notebook

# `helpers.exercises.judging` is the function.
JUDGE = importlib.import_module("helpers.exercises.judging")
SECONDS_FOR_A_CHECK = 2

MAKERS = {name: make for notebook in NOTEBOOKS for name, make in exercises_of(notebook).items()}
# Made when a test asks for it: some need TensorFlow.
exercise = cache(lambda name: MAKERS[name]())
each_exercise = pytest.mark.parametrize("name", MAKERS)


@cache
def right_answers(name):
    """Right answers other than the solution."""
    number = int(name.partition(".")[0])
    return importlib.import_module(f"tests.right_answers.notebook_{number:02}").RIGHT_ANSWERS[name]()


def told(verdict):
    """What a learner reads first."""
    return verdict.message.splitlines()[0]


# Right and wrong answers --------------------------------------------------------------------------


@each_exercise
def test_every_right_answer_is_accepted(name):
    made, others = exercise(name), right_answers(name)
    assert len(others) >= 3
    for answer in (made.solution, *others):
        verdict = judge(made, answer)
        assert (verdict.outcome, verdict.message) == (CORRECT, made.takeaway), answer


@each_exercise
def test_every_mistake_is_told_its_own_sentence(name):
    made = exercise(name)
    assert len(list(made.wrong_answers)) >= 5
    for answer, sentence in made.wrong_answers:
        verdict = judge(made, answer)
        assert (verdict.outcome, told(verdict)) == (NOT_YET, sentence), answer


def evidence_plus(amount):
    def evidence(image, weights, class_number):
        return image / 255 * weights[:, class_number].reshape(28, 28) + amount

    return evidence


def mismatched_product():
    from helpers.quiet_tensorflow import tf

    return tf.matmul(tf.ones((3, 2)), tf.ones((7, 2)))


# What no typical mistake shows: where a tolerance or a level ends, and answers of another form.
TWO_ROWS = [[-0.125, 0.1875, -0.0625], [-0.125, -0.0625, 0.1875]]  # of the Jacobian in 3.3
EDGES = [
    ("0.2", 1377.6, NOT_YET, ""),
    ("1.3", lambda p: [[0, 1], [2]], NOT_YET, "The result should be made of numbers"),
    ("1.3", lambda p: "scores", NOT_YET, "The result should be made of numbers"),
    ("1.3", lambda p: np.log(p) / 0, NOT_YET, "Some of your scores are `nan` or `inf`"),
    ("1.3", lambda p: 3.0, NOT_YET, "You returned a single number."),
    ("1.5", "A", NOT_YET, "Scores may have any size"),
    ("1.5", "C", NOT_YET, "Logits may be negative"),
    ("2.1", 8.06, NOT_YET, ""),
    ("2.1", 8.75, NOT_YET, "That is the edge itself."),
    ("2.5", 16.113, CORRECT, ""),
    ("3.1", [0.69, 4.61, 4.525], CORRECT, ""),
    ("3.1", [0.69, 4.61, 4.54], NOT_YET, ""),
    ("3.3", [[0.257, -0.125, -0.125], *TWO_ROWS], CORRECT, ""),
    ("3.3", [[0.26, -0.125, -0.125], *TWO_ROWS], NOT_YET, ""),
    ("3.6", 2, NOT_YET, "Give three things in a list"),
    ("4.1", lambda *_: 0.5, NOT_YET, "Return 3 things, in this order: the loss, "),
    ("4.1", lambda *_: np.zeros(3), NOT_YET, "Return 3 things, in this order: the loss, "),
    ("4.2", lambda *_: 0.5, NOT_YET, "Return 2 things, in this order: the new weights, "),
    ("4.3", [5, 0.0005], NOT_YET, "The two are turned round."),
    ("4.3", [0.2, 5], NOT_YET, "`too_fast` is right, but 0.2 is not too slow"),
    ("4.3", [0.0005, 0.2], NOT_YET, "`too_slow` is right, but with 0.2 the loss falls."),
    ("4.3", [0.2, 0.0005], NOT_YET, "With 0.0005 no loss is above 2.3026"),
    ("4.3", [5, 0.2], NOT_YET, "At 5 the loss moves a lot, but upwards"),
    ("4.3", [0.0005, 0.0005], NOT_YET, "You gave one rate twice."),
    ("4.3", [0.2, 0.2], NOT_YET, "You gave one rate twice."),
    ("4.3", [5, 5], NOT_YET, "You gave one rate twice."),
    ("4.3", [0.0005, 5, 7], NOT_YET, "Choose among the three rates"),
    ("4.3", [0.0005, 5.0004], CORRECT, ""),
    ("4.3", [0.0005, 5.0006], NOT_YET, "Choose among the three rates"),
    ("4.4", evidence_plus(0.7), NOT_YET, "The same amount is added to every pixel."),
    ("5.5", 3, NOT_YET, "Give `check` the function itself"),
    ("5.5", lambda *_: mismatched_product(), COULD_NOT_RUN, "InvalidArgumentError: Matrix size"),
    ("6.1", lambda a, b, c, d: a @ c, NOT_YET, "Return both, and nothing else"),
    ("6.1", lambda a, b, c, d: (a @ c, b @ c + d, d), NOT_YET, "Return both, and nothing else"),
    ("6.4", ["B", "D", "A"], NOT_YET, "Give `check` the four letters in a list"),
    ("6.5", 0.19, NOT_YET, "No better than chance"),
    ("6.5", 0, NOT_YET, "No better than chance"),
    ("6.5", 1.0, NOT_YET, "That is better than the network with ReLU"),
    ("6.5", 1.5, NOT_YET, "This is a percentage"),
    ("6.5", 150, NOT_YET, "An accuracy is a share between 0 and 1"),
    ("6.5", float("nan"), NOT_YET, "An accuracy is a share between 0 and 1"),
    ("7.4", lambda matrix: {"precision": 1, "recall": 1}, NOT_YET, "Return both, and nothing else"),
    ("7.4", lambda matrix: 0.5, NOT_YET, "Return both, and nothing else"),
    ("8.5", ["C", "A", "D"], NOT_YET, "Give `check` the four letters in a list"),
    ("9.3", lambda ours, theirs: 1.0, NOT_YET, "Return `True` or `False`, nothing else."),
    ("9.3", lambda ours, theirs: [True], NOT_YET, "Return `True` or `False`, nothing else."),
]  # fmt: skip


@pytest.mark.parametrize(("name", "answer", "outcome", "sentence"), EDGES)
def test_where_a_check_ends(name, answer, outcome, sentence):
    verdict = judge(exercise(name), answer)
    assert verdict.outcome == outcome
    assert verdict.message.startswith(sentence)


@pytest.mark.parametrize("name", ["1.3", "3.2", "3.4", "3.5", "4.1", "4.2", "4.4", "4.5", "5.5"])
def test_what_is_wrong_whatever_came_out_is_told_without_numbers(name):
    made = exercise(name)
    by_itself = (
        JUDGE.CHANGED,
        "Return the loss alone, one number.",
        "You returned a single number. Return one score for each probability.",
    )
    found = [(answer, sentence) for answer, sentence in made.wrong_answers if sentence in by_itself]
    assert found
    for answer, sentence in found:
        assert judge(made, answer).message == sentence


@pytest.mark.parametrize(("name", "kind"), [("5.1", "Layer"), ("5.2", "Layer"), ("5.4", "Loss")])
def test_what_is_no_class_of_this_kind_is_told_to_be_one(name, kind):
    arguments = [3] if name == "5.1" else []
    for answer in (int, 3, exercise(name).solution(*arguments), exercise("5.5").solution):
        verdict = judge(exercise(name), answer)
        assert verdict.outcome == NOT_YET
        assert verdict.message.startswith(f"Give `check` your class, a kind of `{kind}`, by")


@pytest.mark.parametrize("name", ["5.1", "5.2"])
def test_a_layer_that_asks_for_the_number_of_rows_works_alone_only(name):
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
def test_an_error_is_told_without_what_keras_wraps_around_it(name):
    class Broken(exercise(name).solution):
        def call(self, inputs, more=None):  # a loss gets labels and logits
            raise ValueError("mine")

    class Mismatched(exercise(name).solution):
        def call(self, inputs, more=None):
            from helpers.quiet_tensorflow import tf

            return tf.matmul(inputs if more is None else more, tf.ones((7, 2)))

    verdict = judge(exercise(name), Broken)
    assert (verdict.outcome, told(verdict)) == (COULD_NOT_RUN, "ValueError: mine")
    verdict = judge(exercise(name), Mismatched)
    assert verdict.outcome == COULD_NOT_RUN
    assert told(verdict).startswith("InvalidArgumentError: Matrix size-incompatible: In[0]: [")
    assert "return tf.matmul" in verdict.message


@pytest.mark.parametrize("name", ["5.4"])
def test_a_loss_is_also_asked_as_keras_asks_it(name):
    right = exercise(name).solution

    class WholeLabelsOnly(right):
        def call(self, labels, logits):
            from helpers.quiet_tensorflow import tf

            return super().call(tf.bitwise.bitwise_or(labels, 0), logits)

    class Sum(right):
        def __init__(self):
            super().__init__(reduction="sum")

    verdict = judge(exercise(name), WholeLabelsOnly)
    assert verdict.outcome == NOT_YET
    assert verdict.message.startswith("Right for labels that are integers, but Keras hands them")
    verdict = judge(exercise(name), Sum)
    assert verdict.outcome == NOT_YET
    assert "\ngiven:     the loss of a batch of two, as Keras calls it\n" in verdict.message


@pytest.mark.parametrize("name", ["5.5"])
def test_a_step_is_asked_for_a_second_time(name):
    right, steps = exercise(name).solution, []

    def tired(*arguments):
        steps.append(right(*arguments))
        return steps[-1] if len(steps) < 3 else 0.0

    verdict = judge(exercise(name), tired)
    assert verdict.outcome == NOT_YET
    assert "the loss returned by a second step\n" in verdict.message


@pytest.mark.parametrize("name", ["5.1"])
def test_what_is_asked_of_a_dense_layer_in_the_end(name):
    made = exercise(name)
    *_, zero, differ, trained, parameters = JUDGE._observations(made, made.solution, None)[0]
    assert zero == ("whether the bias of a new Dense(4) is zero", True)
    assert differ == ("whether the numbers of its kernel differ", True)
    assert trained == ("how many of its weights can be trained", 2)
    assert parameters == ("Dense(2) in a model for 3 features, its parameters", 3 * 2 + 2)


@pytest.mark.parametrize("name", ["5.1"])
def test_a_layer_without_weights_is_told_so_unless_its_own_error_says_more(name):
    class NoWeights(exercise(name).solution):
        def build(self, input_shape):
            self.kernel = self.bias = 0

        def call(self, inputs):
            return inputs

    class Broken(NoWeights):
        def build(self, input_shape):
            raise ValueError("mine")

    verdict = judge(exercise(name), NoWeights)
    assert "\ncame out:  'none'\nshould be: '(2, 2) and (2,)'" in verdict.message
    verdict = judge(exercise(name), Broken)
    assert (verdict.outcome, told(verdict)) == (COULD_NOT_RUN, "ValueError: mine")


# Small enough to follow by hand.
FIRST_EXAMPLES = {
    "0.1": "[1, 1, 3]",
    "0.3": "a picture with the pixels 3 and 4, else 0; centroid k with the first pixel k, else 0",
    "0.4": "[0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9], [0, 0, 1, 1, 2, 2, 3, 4, 5, 6, 7, 9, 8]",
    "1.2": "[[ 0., 0., 1.], [ 0., 5., 1.], [ 2., 1., -1.]]",
    "1.3": "[0.5, 0.3, 0.2]",
    "1.4": "[[ 2., 1., -1.]], 2.",
    "2.2": "[[0., 1.], [3., 1.]]",
    "2.3": "[[0., 0.], [3., 1.]]",
    "2.4": "[[0., 0.], [3., 1.]]",
    "2.6": "[[3., 1., 2.]], [[False, True, True]]",
    "3.2": "[[0., 0., 1.], [2., 0., 0.]], [1, 0]",
    "3.4": "[[0., 0., 1.], [2., 0., 0.]], [1, 0]",
    "3.5": "sum of x³, at [1., 2.], step 0.1",
    "4.1": "inputs [[1.], [3.]], labels [0, 1], weights [[0., 0., 0.]], bias [0., 0., 0.]; "
    "look at the loss",
    "4.2": "inputs [[1.], [2.]], labels [0, 1], weights [[ 1., 0., -1.]], bias [0., 2., 1.], "
    "learning rate 0.3; look at the new weights",
    "4.4": "a picture that is 0 except 204 at row 0, column 1 and 51 at row 1, column 0; the "
    "weights of these two for class 3 are 5 and -5; class 3",
    "5.5": "SGD(learning_rate=0.05), the loss returned",
    "6.1": "[[ 1., 2.], [ 3., -1.]], [ 1., -2.], [[2., 0.], [1., 3.]], [10., 20.]: the kernel",
    "6.2": "3",
    "6.3": "[[4, 0, 1], [2, 0, 3], [1, 0, 5]]",
}


@pytest.mark.parametrize(("name", "given"), FIRST_EXAMPLES.items(), ids=FIRST_EXAMPLES)
def test_who_knows_nothing_yet_is_shown_a_small_example(name, given):
    parts = {"4.1": 3, "4.2": 2, "6.1": 2}.get(name)
    verdict = judge(exercise(name), lambda *_: ["a"] * parts if parts else "a")
    assert verdict.message.splitlines()[1] == f"given:     {given}"


@pytest.mark.parametrize("name", ["1.5", "4.3", "6.4", "6.5"])
def test_what_is_chosen_or_measured_is_not_given_away(name):
    made = exercise(name)
    for answer, sentence in made.wrong_answers:
        assert judge(made, answer).message == sentence


@pytest.mark.parametrize("name", ["3.6"])
def test_at_a_good_point_only_the_gradient_to_trust_passes(name):
    made = exercise(name)
    (_, passing), _ = JUDGE._observations(made, made.solution, None)[0]
    assert passing == [False, True, False]


@each_exercise
def test_all_answers_are_asked_as_much_as_the_right_one(name):
    """Else an answer that ends the questions early would be right."""
    made = exercise(name)
    asked = [given for given, _ in JUDGE._observations(made, made.solution, None)[0]]
    assert asked
    for answer in right_answers(name):
        observations, error = JUDGE._observations(made, answer, None)
        assert error is None
        if made.probe is not value:
            assert len(observations) == len(asked)


@each_exercise
def test_what_a_learner_reads_is_whole(name):
    made = exercise(name)
    assert len(made.hints) == len(set(made.hints)) == 3
    sentences = [
        *made.hints,
        made.takeaway,
        made.explanation,
        *(text for _, text in made.wrong_answers),
    ]
    for sentence in sentences:
        assert re.fullmatch(r"[^\s].{15,}[^\s,;]", sentence), sentence
        assert "\n" not in sentence
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
def test_a_check_takes_no_time(name):
    made = exercise(name)
    judge(made, made.solution)  # the first time a library may have to load something
    for answer in (made.solution, list(made.wrong_answers)[-1][0]):
        # Of the processor, since the wall clock also counts what other programs do.
        begin = time.process_time()
        judge(made, answer)
        assert time.process_time() - begin < SECONDS_FOR_A_CHECK


def test_the_modules_load_no_tensorflow():
    program = "import sys, helpers.exercises as e; e.progress(); print('tensorflow' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert run.stdout.splitlines()[-1] == "False"


# Notebooks and modules ----------------------------------------------------------------------------

CHECK = re.compile(r'^check\("(\d+\.\d+)", (\w+|\[.+\])\)$', re.MULTILINE)


def exercises_in(path):
    """The number and code cells of each exercise in a notebook; None for other parts."""
    for part in parts(path):
        title = re.fullmatch(r"Exercise (\d+\.\d+) · \S.+", part.title)
        yield (
            title[1] if title and part.level == 3 else None,
            [c for c in part.cells if c.cell_type == "code"],
        )


@pytest.mark.parametrize("path", find_notebooks([]), ids=lambda path: path.stem)
def test_notebook_and_module_have_the_same_exercises(path):
    notebook = int(path.stem[:2])
    sources = [cell.source for cell in code_cells(read_notebook(path))]
    checked = [name for source in sources for name, _ in CHECK.findall(source)]
    in_prose = [name for name, _ in exercises_in(path) if name]
    assert in_prose == checked == list(exercises_of(notebook))
    assert in_prose == [f"{notebook}.{number}" for number in range(1, len(in_prose) + 1)]
    assert 4 <= len(in_prose) <= 6


@pytest.mark.parametrize("path", find_notebooks([]), ids=lambda path: path.stem)
def test_every_exercise_has_a_starter_that_was_not_started(path):
    for name, cells in exercises_in(path):
        checking = [cell for cell in cells if "check(" in cell.source]
        if name is None:
            assert not checking, "It stands under another heading than its exercise."
            continue
        assert len(checking) == 1
        [(checked, answer)] = CHECK.findall(checking[0].source)
        assert checked == name
        assert checking[0].source.endswith(f'check("{name}", {answer})')
        assert "".join(output.text for output in checking[0].outputs).startswith(
            f"{name} {NOT_STARTED}: "
        )
        right = exercise(name).solution
        if callable(right):
            assert right.__name__ == answer
            assert re.search(rf"^(def|class) {answer}\b", checking[0].source, re.MULTILINE)
        else:
            for variable in re.findall(r"\w+", answer):
                assert re.search(rf"^{variable} = ", checking[0].source, re.MULTILINE)


# Hostile answers ----------------------------------------------------------------------------------


def raises(right, arguments):
    raise ValueError("not today")


def exits(right, arguments):
    sys.exit(1)


def interrupts(right, arguments):
    raise KeyboardInterrupt


def returns_nothing(right, arguments):
    print(end="")


def returns_text(right, arguments):
    return "text"


def returns_an_object(right, arguments):
    return object()


def returns_a_generator(right, arguments):
    yield right


def returns_itself(right, arguments):
    return returns_itself


def returns_nan(right, arguments):
    return float("nan")


def returns_only_nan(right, arguments):
    return np.full(np.shape(right(*arguments)), np.nan)


def returns_one_dimension_more(right, arguments):
    return [right(*arguments)]


def returns_an_empty_array(right, arguments):
    return np.zeros((0, 3))


def changes_its_input(right, arguments):
    result = right(*arguments)
    for argument in arguments:
        if isinstance(argument, np.ndarray):
            argument[...] = 1 - argument
        if isinstance(argument, list):
            argument.clear()
    return result


def prints_a_million_lines(right, arguments):
    for number in range(1_000_000):
        print(number, file=sys.stderr if number % 2 else sys.stdout)
    return right(*arguments)


def loops(right, arguments):
    while True:
        pass


def loops_and_catches_errors(right, arguments):
    while True:
        try:
            loops(right, arguments)
        except Exception:
            print("again")


def loops_and_catches_everything(right, arguments):
    while True:
        try:
            loops(right, arguments)
        except:  # noqa: E722
            print("again")


HOSTILE = [
    raises,
    exits,
    interrupts,
    returns_nothing,
    returns_text,
    returns_an_object,
    returns_a_generator,
    returns_itself,
    returns_nan,
    returns_only_nan,
    returns_one_dimension_more,
    returns_an_empty_array,
    changes_its_input,
]
ENDLESS = [
    prints_a_million_lines,
    loops,
    loops_and_catches_errors,
    loops_and_catches_everything,
]
NO_PROGRAMS = [
    0,
    -1.5,
    float("nan"),
    10**400,
    1j,
    "",
    "text",
    b"bytes",
    [],
    [[]],
    ["a", 1],
    [[1], [1, 2]],
    {},
    {1},
    object(),
    np.zeros(3),
    np.zeros((0, 2)),
    np.array(["a"]),
    np.array([object()]),
    print,
    int,
    object,
    Exception("no"),
    lambda: 0,
    lambda *_: 0,
    range(3),
    sys,
]


def hostile_answers(right, behaviour):
    """Answers that look like the right one, and behave otherwise."""
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


def assert_harmless(made, answer, capfd):
    begin = time.monotonic()
    verdict = judge(made, answer)
    assert time.monotonic() - begin < 5
    assert verdict.outcome in (NOT_STARTED, NOT_YET, COULD_NOT_RUN, CORRECT)
    assert verdict.message
    assert "Traceback" not in verdict.message
    assert "helpers" not in verdict.message
    assert capfd.readouterr() == ("", "")
    return verdict


@pytest.mark.parametrize("behaviour", HOSTILE, ids=lambda behaviour: behaviour.__name__)
@each_exercise
def test_a_misbehaving_answer_does_no_harm(name, behaviour, capfd):
    made = exercise(name)
    for answer in hostile_answers(made.solution, behaviour):
        verdict = assert_harmless(made, answer, capfd)
        if behaviour is not changes_its_input:
            assert verdict.outcome in (NOT_YET, COULD_NOT_RUN)


@pytest.mark.parametrize("behaviour", ENDLESS, ids=lambda behaviour: behaviour.__name__)
@each_exercise
def test_an_endless_answer_is_stopped(name, behaviour, capfd, monkeypatch):
    monkeypatch.setattr(JUDGE, "SECONDS", 0.1)
    made = exercise(name)
    for answer in hostile_answers(made.solution, behaviour):
        verdict = assert_harmless(made, answer, capfd)
        assert verdict.outcome in (NOT_YET, COULD_NOT_RUN)


def test_the_real_limit_is_short_enough(capfd):
    assert JUDGE.SECONDS <= 3
    [answer] = hostile_answers(exercise("1.2").solution, loops_and_catches_everything)
    assert assert_harmless(exercise("1.2"), answer, capfd).outcome == COULD_NOT_RUN


@each_exercise
def test_what_is_no_program_does_no_harm(name, capfd):
    for answer in NO_PROGRAMS:
        assert_harmless(exercise(name), answer, capfd)
