"""The exercises of notebook 04, Train it in NumPy."""

import math
import numbers
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from helpers import maths, training
from helpers.exercises.judging import (
    CHANGED,
    Exercise,
    NotYet,
    Observation,
    grouped,
    named_calls,
    shown,
)
from helpers.maths import cross_entropy
from helpers.training import predict_logits, scale_pixels


def several_results(
    names: tuple[str, ...], argument_names: tuple[str, ...], *argument_lists: tuple
) -> Callable[[Any], Iterator[Observation]]:
    """Observe a function that returns several things, each of them by itself."""

    def in_words(arguments: tuple) -> str:
        pairs = zip(argument_names, arguments, strict=True)
        return ", ".join(f"{name} {shown(argument)}" for name, argument in pairs)

    observe_calls = named_calls(*((in_words(arguments), arguments) for arguments in argument_lists))

    def observe(function: Any) -> Iterator[Observation]:
        for given, results in observe_calls(function):
            if not isinstance(results, (tuple, list)) or len(results) != len(names):
                raise NotYet(f"Return {len(names)} things, in this order: {', '.join(names)}.")
            for name, result in zip(names, results, strict=True):
                yield f"{given}; look at {name}", result

    return observe


def loss_and_its_gradients() -> Exercise:
    """The loss of a minibatch, and its gradients for weights and bias."""

    def loss_and_gradients(inputs, labels, weights, bias):
        logits = predict_logits(inputs, weights, bias)
        error = maths.cross_entropy_gradient(logits, labels)  # (n, 10)
        return cross_entropy(logits, labels), inputs.T @ error, error.sum(axis=0)

    def from_probabilities(inputs, labels, weights, bias):
        log_probabilities = maths.log_softmax(inputs @ weights + bias)
        error = np.exp(log_probabilities)
        error[np.arange(len(labels)), labels] -= 1
        loss = -log_probabilities[np.arange(len(labels)), labels].mean()
        return [loss, np.dot(inputs.T, error) / len(labels), error.mean(axis=0)]

    def picture_by_picture(inputs, labels, weights, bias):
        loss, for_weights, for_bias = 0.0, np.zeros(weights.shape), np.zeros(bias.shape)
        for pixels, label in zip(inputs, labels, strict=True):
            logits = predict_logits(pixels, weights, bias)
            error = maths.softmax(logits) - np.eye(len(bias))[label]
            loss += cross_entropy([logits], [label]) / len(inputs)
            for_weights += np.outer(pixels, error) / len(inputs)
            for_bias += error / len(inputs)
        return loss, for_weights.tolist(), for_bias.tolist()

    def in_single_precision(inputs, labels, weights, bias):
        singles = (np.float32(array) for array in (inputs, weights, bias))
        inputs, weights, bias = singles
        return loss_and_gradients(inputs, labels, weights, bias)

    def by_finite_differences(inputs, labels, weights, bias):
        def loss(weights, bias):
            return cross_entropy(predict_logits(inputs, weights, bias), labels)

        return (
            loss(weights, bias),
            maths.numerical_gradient(lambda moved: loss(moved, bias), weights),
            maths.numerical_gradient(lambda moved: loss(weights, moved), bias),
        )

    def answer(
        loss=cross_entropy,
        error=maths.cross_entropy_gradient,
        for_weights=lambda inputs, error: inputs.T @ error,
        for_bias=lambda error: error.sum(axis=0),
        scores=predict_logits,
    ):
        """The right answer, except for the parts that are given."""

        def with_other_parts(inputs, labels, weights, bias):
            logits = scores(inputs, weights, bias)
            errors = error(logits, labels)
            return loss(logits, labels), for_weights(inputs, errors), for_bias(errors)

        return with_other_parts

    def in_another_order(*order):
        def other_order(*arguments):
            results = loss_and_gradients(*arguments)
            return [results[place] for place in order]

        return other_order

    def for_the_pixels(inputs, labels, weights, bias):
        loss, _, for_bias = loss_and_gradients(inputs, labels, weights, bias)
        error = maths.cross_entropy_gradient(predict_logits(inputs, weights, bias), labels)
        return loss, error @ weights.T, for_bias

    def bias_from_the_weights(*arguments):
        loss, for_weights, _ = loss_and_gradients(*arguments)
        return loss, for_weights, for_weights.sum(axis=0)

    def moves_the_weights(inputs, labels, weights, bias):
        loss, for_weights, for_bias = loss_and_gradients(inputs, labels, weights, bias)
        weights -= for_weights
        bias -= for_bias
        return loss, for_weights, for_bias

    def loss_of_each(logits, labels):
        return -maths.log_softmax(logits)[np.arange(len(labels)), labels]

    def loss_of_sum(logits, labels):
        return cross_entropy(logits, labels) * len(labels)

    def error_of_sum(logits, labels):
        return maths.cross_entropy_gradient(logits, labels) * len(labels)

    def loss_of_probabilities(logits, labels):
        return cross_entropy(maths.softmax(logits), labels)

    def error_of_probabilities(logits, labels):
        return maths.cross_entropy_gradient(maths.softmax(logits), labels)

    def log_of(softmax):
        return lambda logits, labels: (
            -np.log(softmax(logits)[np.arange(len(labels)), labels]).mean()
        )

    def naive_error(logits, labels):
        return (maths.naive_softmax(logits) - np.eye(logits.shape[1])[labels]) / len(labels)

    order = (
        "The results are there, but in another order. Return the loss, then the gradient for the "
        "weights, then the one for the bias."
    )
    double_softmax = (
        "Softmax is applied twice: `cross_entropy` and its gradient take the scores themselves, "
        "not the probabilities."
    )
    turned = "The sign is turned round: E is (p - y) / n. The minus comes with the step, in 4.2."
    overflow = (
        "Right for small scores, but a confident mistake breaks the logarithm: call "
        "`cross_entropy`, which works from the scores."
    )
    return Exercise(
        solution=loss_and_gradients,
        also_right=(
            from_probabilities,
            picture_by_picture,
            in_single_precision,
            by_finite_differences,
            training.loss_and_gradients,
        ),
        mistakes=grouped(
            (
                (
                    answer(for_weights=lambda inputs, error: error.T @ inputs),
                    "The gradient for the weights is transposed: it needs the shape of the weights, "
                    "so multiply the other way round, `inputs.T @ error`.",
                ),
                (
                    answer(for_weights=lambda inputs, error: inputs.T @ error / len(inputs)),
                    "The gradient for the weights is divided by n twice: the n is in E already, so "
                    "only the matrix product is left to do.",
                ),
                (
                    answer(for_weights=lambda inputs, error: inputs[:, :, None] * error[:, None]),
                    "The gradient for the weights has not been summed over the pictures. The matrix "
                    "product `inputs.T @ error` multiplies and sums at once.",
                ),
                (
                    answer(for_weights=lambda inputs, error: error),
                    "This is E, the gradient for the scores. One step further: multiply it by the "
                    "pixels, `inputs.T @ error`.",
                ),
                (
                    for_the_pixels,
                    "This is the gradient for the pixels, E times the weights. Pixels stay as they "
                    "are: for the weights, multiply `inputs.T` with E.",
                ),
                (
                    answer(for_bias=lambda error: error.mean(axis=0)),
                    "The gradient for the bias is divided by n twice: the n is in E already, so take "
                    "the sum over the pictures, not the mean.",
                ),
                (
                    answer(for_bias=lambda error: error.sum()),
                    "The gradient for the bias is summed over the classes, too, which always gives 0. "
                    "Sum over the pictures only: `axis=0`.",
                ),
                (
                    answer(for_bias=lambda error: error.sum(axis=1)),
                    "The gradient for the bias is summed along each row, over the classes, which "
                    "always gives 0. Sum down the pictures: `axis=0`.",
                ),
                (
                    answer(for_bias=lambda error: error),
                    "The gradient for the bias still has a row for each picture. Sum over the "
                    "pictures: `axis=0`.",
                ),
                (
                    answer(for_bias=lambda error: error.sum(axis=0, keepdims=True)),
                    "The gradient for the bias has one dimension too many: it needs the shape of the "
                    "bias, so leave out `keepdims`.",
                ),
                (
                    bias_from_the_weights,
                    "You summed the gradient for the weights, which has pixels in it. The bias meets "
                    "no pixel: sum E over the pictures.",
                ),
                (
                    answer(error=error_of_sum),
                    "These are the gradients of the sum over the batch, but the loss is the mean: "
                    "divide E by the number of pictures.",
                ),
                (
                    answer(loss=loss_of_sum),
                    "The loss is the sum over the batch, and it should be the mean: divide it by the "
                    "number of pictures, or call `cross_entropy`.",
                ),
                (
                    answer(
                        loss=lambda logits, labels: cross_entropy(logits, labels) / len(logits[0])
                    ),
                    "The loss is divided by the number of classes, too. Only the true class counts in "
                    "a row: add up each row, then take the mean over the rows.",
                ),
                (
                    answer(loss=loss_of_sum, error=error_of_sum),
                    "All three belong to the sum over the batch. The loss is the mean: divide by the "
                    "number of pictures.",
                ),
                (
                    answer(
                        error=lambda *given: maths.cross_entropy_gradient(*given) / len(given[1]),
                    ),
                    "The gradients are divided by n twice: `maths.cross_entropy_gradient` has "
                    "divided by the number of pictures already.",
                ),
                (
                    answer(
                        error=lambda logits, labels: error_of_sum(logits, labels) / logits.size,
                    ),
                    "The gradients are divided by the number of scores, and it should be the number of "
                    "pictures: `len(labels)`.",
                ),
                (answer(error=lambda *given: -maths.cross_entropy_gradient(*given)), turned),
                (answer(for_weights=lambda inputs, error: -inputs.T @ error), turned),
                (answer(for_bias=lambda error: -error.sum(axis=0)), turned),
                (
                    answer(loss=lambda *given: -cross_entropy(*given)),
                    "The loss is negative, and it is never: `cross_entropy` has its minus already.",
                ),
                (
                    answer(loss=loss_of_each),
                    "There is a loss for each picture. Take their mean: one number, or call "
                    "`cross_entropy`.",
                ),
                (
                    answer(error=lambda logits, labels: maths.softmax(logits) / len(labels)),
                    "The labels have no part in your gradients: subtract y, 1 at the true class, from "
                    "the probabilities, or call `maths.cross_entropy_gradient`.",
                ),
                (answer(loss=loss_of_probabilities), double_softmax),
                (answer(error=error_of_probabilities), double_softmax),
                (answer(loss=loss_of_probabilities, error=error_of_probabilities), double_softmax),
                (
                    answer(scores=lambda inputs, weights, bias: inputs @ weights),
                    "The scores lack the bias: call `predict_logits`, or add `bias` to the product.",
                ),
                (in_another_order(1, 2, 0), order),
                (in_another_order(0, 2, 1), order),
                (in_another_order(1, 0, 2), order),
                (in_another_order(2, 1, 0), order),
                (
                    in_another_order(1, 2),
                    "Return 3 things, in this order: the loss, the gradient for the weights, the "
                    "gradient for the bias.",
                ),
                (answer(loss=log_of(maths.softmax)), overflow),
                (answer(loss=log_of(maths.naive_softmax), error=naive_error), overflow),
                (
                    answer(error=naive_error),
                    "Right for small scores, but exp overflows at 1000: call "
                    "`maths.cross_entropy_gradient`, or take the softmax that subtracts the largest "
                    "score.",
                ),
                (moves_the_weights, CHANGED),
            )
        ),
        probe=several_results(
            ("the loss", "the gradient for the weights", "the gradient for the bias"),
            ("inputs", "labels", "weights", "bias"),
            (np.array([[1.0], [3.0]]), np.array([0, 1]), np.zeros((1, 3)), np.zeros(3)),
            (
                np.array([[0.5, 1.0], [0.0, 1.0], [1.0, 0.2]]),
                np.array([3, 0, 3], np.uint8),
                np.array([[1.0, -1.0, 0.5, 2.0], [0.0, 1.0, -2.0, 1.0]]),
                np.array([0.5, 0.0, -1.0, 1.0]),
            ),
            (np.array([[1.0]]), np.array([1]), np.array([[1000.0, 0.0]]), np.zeros(2)),
        ),
        hints=(
            "Work out the scores and E first. Each gradient must have the shape of what it is the "
            "gradient for: which product of `inputs` and E has the shape of the weights?",
            "`maths.cross_entropy_gradient(logits, labels)` is E, its n included. In both sums r "
            "runs over the pictures: for the bias that is a sum down the rows.",
            "The weights need `inputs.T @ error`, the bias `error.sum(axis=0)`. Return the loss "
            "first, then these two.",
        ),
        takeaway="Three lines say in which direction each of the 7,850 numbers must move; every "
        "training step of this notebook calls them.",
        explanation="The sum over pictures r of X[r, i] E[r, k] is the entry (i, k) of the matrix product "
        "of X transposed and E. The bias has a 1 where a weight has its pixel, so its gradient is "
        "the sum of E over the pictures. E holds the 1/n of the mean, so nothing is divided here.",
    )


def one_step() -> Exercise:
    """New weights and bias, moved against their gradients."""

    def step(inputs, labels, weights, bias, learning_rate):
        _, weights_gradient, bias_gradient = training.loss_and_gradients(
            inputs, labels, weights, bias
        )
        return weights - learning_rate * weights_gradient, bias - learning_rate * bias_gradient

    def by_hand(inputs, labels, weights, bias, learning_rate):
        error = maths.cross_entropy_gradient(inputs @ weights + bias, labels)
        new_weights = weights.copy()
        new_weights -= learning_rate * inputs.T @ error
        return [new_weights, (bias + -learning_rate * error.sum(axis=0)).tolist()]

    def in_single_precision(inputs, labels, weights, bias, learning_rate):
        singles = [np.float32(array) for array in (weights, bias)]
        return step(np.float32(inputs), labels, *singles, np.float32(learning_rate))

    def weight_by_weight(inputs, labels, weights, bias, learning_rate):
        _, slopes, bias_slopes = training.loss_and_gradients(inputs, labels, weights, bias)
        moved = np.array(weights)
        for index, slope in np.ndenumerate(slopes):
            moved[index] = weights[index] - slope * learning_rate
        pairs = zip(bias, bias_slopes, strict=True)
        return moved, [old - learning_rate * slope for old, slope in pairs]

    def moved_by(weights_factor, bias_factor):
        """Moves by a factor times the gradient; each factor knows the rate and the batch size."""

        def other_move(inputs, labels, weights, bias, learning_rate):
            _, slopes, bias_slopes = training.loss_and_gradients(inputs, labels, weights, bias)
            return (
                weights + weights_factor(learning_rate, len(labels)) * slopes,
                bias + bias_factor(learning_rate, len(labels)) * bias_slopes,
            )

        return other_move

    def right_way(rate, count):
        return -rate

    def wrong_way(rate, count):
        return rate

    def not_at_all(rate, count):
        return 0

    def at_full_length(rate, count):
        return -1

    def bias_after_weights(inputs, labels, weights, bias, learning_rate):
        weights, _ = step(inputs, labels, weights, bias, learning_rate)
        _, bias = step(inputs, labels, weights, bias, learning_rate)
        return weights, bias

    def two_steps(inputs, labels, weights, bias, learning_rate):
        moved = step(inputs, labels, weights, bias, learning_rate)
        return step(inputs, labels, *moved, learning_rate)

    def turned_round(*arguments):
        new_weights, new_bias = step(*arguments)
        return new_bias, new_weights

    def gradients(*arguments):
        return training.loss_and_gradients(*arguments[:4])[1:]

    def way(sign):
        return lambda *arguments: [sign * arguments[4] * slope for slope in gradients(*arguments)]

    def rate_times_everything(*arguments):
        *_, weights, bias, learning_rate = arguments
        slopes, bias_slopes = gradients(*arguments)
        return learning_rate * (weights - slopes), learning_rate * (bias - bias_slopes)

    def against_the_loss(inputs, labels, weights, bias, learning_rate):
        loss, _, _ = training.loss_and_gradients(inputs, labels, weights, bias)
        return weights - learning_rate * loss, bias - learning_rate * loss

    def bias_against_the_loss(*arguments):
        return step(*arguments)[0], against_the_loss(*arguments)[1]

    def with_the_loss(*arguments):
        return training.loss_and_gradients(*arguments[:4])[0], *step(*arguments)

    def in_place(inputs, labels, weights, bias, learning_rate):
        slopes, bias_slopes = gradients(inputs, labels, weights, bias)
        weights -= learning_rate * slopes
        bias -= learning_rate * bias_slopes
        return weights, bias

    def bias_in_place(inputs, labels, weights, bias, learning_rate):
        slopes, bias_slopes = gradients(inputs, labels, weights, bias)
        bias -= learning_rate * bias_slopes
        return weights - learning_rate * slopes, bias

    ignored = (
        "The learning rate has no effect: multiply the gradients of the weights and of the bias "
        "by it before you subtract them."
    )
    not_the_way = (
        "This is the way to go, not the place to arrive at: subtract it from the old weights and "
        "bias."
    )
    two_things = "Return 2 things, in this order: the new weights, the new bias."
    return Exercise(
        solution=step,
        also_right=(by_hand, in_single_precision, weight_by_weight),
        mistakes=grouped(
            (
                (in_place, CHANGED),
                (bias_in_place, CHANGED),
                (
                    moved_by(wrong_way, wrong_way),
                    "You moved along the gradients, so the loss rises. Subtract instead of adding.",
                ),
                (
                    moved_by(wrong_way, right_way),
                    "The weights moved along their gradient, so the loss rises. Subtract it, as you "
                    "do for the bias.",
                ),
                (
                    moved_by(right_way, wrong_way),
                    "The weights are right, but the bias moved along its gradient. Subtract it.",
                ),
                (
                    moved_by(right_way, not_at_all),
                    "The weights are right, but the bias did not move. It has a gradient of its own.",
                ),
                (
                    moved_by(not_at_all, right_way),
                    "Only the bias moved. The weights have a gradient of their own.",
                ),
                (moved_by(not_at_all, not_at_all), "Nothing moved: return the *new* arrays."),
                (moved_by(at_full_length, at_full_length), ignored),
                (
                    moved_by(at_full_length, right_way),
                    "The weights moved without the learning rate: multiply their gradient by it.",
                ),
                (
                    moved_by(right_way, at_full_length),
                    "The weights are right, but the bias moved without the learning rate: multiply "
                    "its gradient by it.",
                ),
                (
                    moved_by(*[lambda rate, count: -1 / rate] * 2),
                    "You divided by the learning rate, so a small rate makes a large step. Multiply "
                    "by it.",
                ),
                (
                    moved_by(*[lambda rate, count: -2 * rate] * 2),
                    "The step is twice as long as it should be. Is the gradient subtracted twice?",
                ),
                (
                    two_steps,
                    "You took two steps. Work out the gradients once, and subtract them once.",
                ),
                (
                    moved_by(*[lambda rate, count: -rate / count] * 2),
                    "You divided by the number of pictures once more. The gradients are those of the "
                    "mean already.",
                ),
                (
                    moved_by(*[lambda rate, count: -rate * count] * 2),
                    "You multiplied by the number of pictures. The gradients are those of the mean, "
                    "and the learning rate is meant for them.",
                ),
                (
                    moved_by(*[lambda rate, count: -0.05] * 2),
                    "You used a learning rate of your own, 0.05. Use the one that is given.",
                ),
                (
                    moved_by(*[lambda rate, count: -0.1] * 2),
                    "You used a learning rate of your own, 0.1. Use the one that is given.",
                ),
                (
                    bias_after_weights,
                    "The gradient for the bias comes from the weights that have moved already. Work "
                    "out both gradients first, then move both.",
                ),
                (
                    turned_round,
                    "The order is turned round: return the new weights first, then the new bias.",
                ),
                (
                    gradients,
                    "These are the gradients. Multiply them by the learning rate and subtract them "
                    "from the old weights and bias.",
                ),
                (way(1), not_the_way),
                (way(-1), not_the_way),
                (
                    rate_times_everything,
                    "The learning rate shrinks the weights themselves. Multiply only the gradient by "
                    "it: `weights - learning_rate * gradient`.",
                ),
                (
                    against_the_loss,
                    "You subtracted the loss, one number, from everything. Subtract the gradients, the "
                    "second and third result of `training.loss_and_gradients`.",
                ),
                (
                    bias_against_the_loss,
                    "The weights are right, but you subtracted the loss from the bias. Subtract its "
                    "gradient, the third result of `training.loss_and_gradients`.",
                ),
                (with_the_loss, two_things),
                (lambda *arguments: step(*arguments)[0], two_things),
            )
        ),
        probe=several_results(
            ("the new weights", "the new bias"),
            ("inputs", "labels", "weights", "bias", "learning rate"),
            (
                np.array([[1.0], [2.0]]),
                np.array([0, 1]),
                np.array([[1.0, 0.0, -1.0]]),
                np.array([0.0, 2.0, 1.0]),
                0.3,
            ),
            (
                np.array([[0.5, 1.0], [0.0, 1.0], [1.0, 0.2]]),
                np.array([3, 0, 3], np.uint8),
                np.array([[1.0, -1.0, 0.5, 2.0], [0.0, 1.0, -2.0, 1.0]]),
                np.array([0.5, 0.0, -1.0, 1.0]),
                2.0,
            ),
            (np.array([[1.0]]), np.array([1]), np.array([[3.0, -1.0]]), np.ones(2), 0),
        ),
        hints=(
            "The gradient points to where the loss rises. Which sign takes you the other way?",
            "`training.loss_and_gradients` returns three things. You need the second for the "
            "weights and the third for the bias, each times the learning rate.",
            "The new weights are `weights - learning_rate * weights_gradient`. The bias moves in "
            "the same way, and both come back.",
        ),
        takeaway="Repeat this line, and that is training: the loop below, and in notebook 05 the "
        "training step of Keras, do nothing else.",
        explanation="Both gradients are worked out at the old place, then both arrays move against them. "
        "`weights - …` makes a new array, so the caller's arrays stay as they were.",
    )


def a_rate_too_slow_and_one_too_fast() -> Exercise:
    """Which of three learning rates hardly moves, and which one rises?"""
    slow, good, fast = 0.0005, 0.2, 5
    no_rate = (
        "Choose among the three rates 0.0005, 0.2 and 5, and give the rates themselves, not the "
        "losses that they led to."
    )
    the_same = "You gave one rate twice. One of the three is too slow, and another one too fast."
    not_slow = (
        "`too_fast` is right, but 0.2 is not too slow: of the three it ends at the lowest loss. "
        "Which rate is still near 2.3026?"
    )
    not_fast = (
        "`too_slow` is right, but with 0.2 the loss falls. Which rate leads to losses above 2.3026?"
    )
    fast_left_out = (
        "With 0.0005 no loss is above 2.3026, and with 0.2 the loss falls far. Look at the third "
        "rate, too."
    )
    slow_left_out = (
        "At 5 the loss moves a lot, but upwards: that is not slow. And with 0.2 it falls. Compare "
        "each loss with 2.3026."
    )
    sentences = {
        (fast, slow): "The two are turned round. The smaller the rate, the smaller each step.",
        (good, fast): not_slow,
        (slow, good): not_fast,
        (good, slow): fast_left_out,
        (fast, good): slow_left_out,
        (slow, slow): the_same,
        (good, good): the_same,
        (fast, fast): the_same,
    }

    def is_the_rate(given: Any, rate: float) -> bool:
        return isinstance(given, numbers.Real) and math.isclose(given, rate, rel_tol=1e-4)

    def observe(answer: Any) -> Iterator[Observation]:
        given = answer if isinstance(answer, (list, tuple, np.ndarray)) else [answer]
        rates = [rate for each in given for rate in (slow, good, fast) if is_the_rate(each, rate)]
        if len(given) != 2 or len(rates) != 2:
            raise NotYet(no_rate)
        # Raised, since an observation would be shown beside the right rates.
        if tuple(rates) in sentences:
            raise NotYet(sentences[tuple(rates)])
        yield "your rates", rates

    return Exercise(
        solution=[slow, fast],
        also_right=((5e-4, 5.0), np.array([0.0005, 5]), [np.float32(0.0005), np.int64(5)]),
        mistakes=grouped(
            (
                *((list(rates), sentence) for rates, sentence in sentences.items()),
                ([2.2, 7.5], no_rate),
                ([[2.3026, 2.2], [2.3026, 7.5]], no_rate),
                (["0.0005", "5"], no_rate),
                ([0.05, 5], no_rate),
                ([1, 3], no_rate),
                (5, no_rate),
            )
        ),
        probe=observe,
        hints=(
            "Print `early_losses(0.0005)`, and the same for 0.2 and 5. All three begin at 2.3026.",
            "Compare the last loss of each with 2.3026: one is still close to it, one is far "
            "below.",
            "With the middle rate the loss falls furthest. The smallest hardly moves, and the "
            "largest makes the loss rise at its very first step.",
        ),
        takeaway="These are the two ways to choose badly, and the first hundred steps betray both: "
        "whenever a training does not learn, look there first.",
        explanation="At 0.0005 the steps are so small that a hundred of them lead almost nowhere. At 5 "
        "each step jumps over the valley, and the loss lands above its start. At 0.2 it falls.",
    )


def evidence_of_each_pixel() -> Exercise:
    """The products that add up to the score of one class."""

    def evidence(image, weights, class_number):
        pixels = scale_pixels(image[np.newaxis])[0]  # (784,)
        return (pixels * weights[:, class_number]).reshape(28, 28)

    def on_the_grid(image, weights, class_number):
        return image / 255 * weights.reshape(28, 28, -1)[..., class_number]

    def as_a_template(image, weights, class_number):
        return (weights.T.reshape(-1, 28, 28)[class_number] * scale_pixels(image)).tolist()

    def pixel_by_pixel(image, weights, class_number):
        result = np.zeros((28, 28))
        for row in range(28):
            for column in range(28):
                weight = weights[28 * row + column, class_number]
                result[row, column] = image[row, column] / 255 * weight
        return result

    def in_single_precision(image, weights, class_number):
        template = np.float32(weights[:, class_number]).reshape(image.shape)
        return image.astype(np.float32) / np.float32(255) * template

    def changes_its_input(image, weights, class_number):
        result = evidence(image, weights, class_number)
        image //= 255
        return result

    def template(weights, class_number):
        return weights[:, class_number].reshape(28, 28)

    def numbered_from(offset):
        return lambda image, weights, number: evidence(image, weights, number + offset)

    def bias_added(image, weights, class_number):
        return evidence(image, weights, class_number) + 0.3

    def bias_shared_out(image, weights, class_number):
        return evidence(image, weights, class_number) + 0.3 / 784

    generator = np.random.default_rng(4)
    weights = generator.normal(0, 1, (784, 10)).round(1).astype(np.float32)
    weights[:, 3] = np.abs(weights[:, 3])  # so that no -0 is shown
    weights[[1, 28], 3] = 5, -5
    two_pixels = np.zeros((28, 28), np.uint8)
    two_pixels[0, 1], two_pixels[1, 0] = 204, 51
    random_pixels = generator.integers(0, 256, (28, 28), np.uint8)
    cases = (
        (
            "a picture that is 0 except 204 at row 0, column 1 and 51 at row 1, column 0; the "
            "weights of these two for class 3 are 5 and -5; class 3",
            (two_pixels, weights, 3),
        ),
        ("a random picture, random weights, class 0", (random_pixels, weights, 0)),
        ("a random picture, random weights, class 8", (random_pixels, weights, 8)),
    )
    bias = (
        "The same amount is added to every pixel. Leave the bias out: it belongs to no pixel, and "
        "joins the sum afterwards."
    )

    def observe(function: Any) -> Iterator[Observation]:
        for (given, arguments), (_, result) in zip(
            cases, named_calls(*cases)(function), strict=False
        ):
            if np.shape(result) == (28, 28):
                added = result - evidence(*arguments)
                if np.ptp(added) < 1e-6 < np.abs(added).max():
                    raise NotYet(bias)
            yield given, result

    transposed = (
        "Rows and columns are swapped: evidence belongs at the place of its pixel. Reshape the 784 "
        "numbers to (28, 28) without transposing."
    )
    mixed = (
        "The reshape mixes up pixels and classes: `weights` has a row for each pixel. Take the "
        "column of the class first, `weights[:, class_number]`, then reshape it."
    )
    all_classes = "This is the evidence for all ten classes. Take the column of one class."
    other_class = (
        "This is the evidence for another class: the classes count from 0, so take the column "
        "`class_number` as it is."
    )
    return Exercise(
        solution=evidence,
        also_right=(on_the_grid, as_a_template, pixel_by_pixel, in_single_precision),
        mistakes=grouped(
            (
                (
                    lambda image, weights, number: image * template(weights, number),
                    "The pixels still run from 0 to 255, so the evidence is 255 times too large. "
                    "Scale them as in training.",
                ),
                (
                    lambda image, weights, number: image // 255 * template(weights, number),
                    "`//` cuts off what is behind the point, so nearly all pixels become 0. Divide "
                    "with `/`.",
                ),
                (
                    lambda image, weights, number: image / 256 * template(weights, number),
                    "You divided by 256. The largest pixel is 255 and must become 1.",
                ),
                (
                    lambda image, weights, number: (image > 0) * template(weights, number),
                    "Each pixel counts as empty or full. Multiply by how much ink it has, from 0 to 1.",
                ),
                (
                    lambda image, weights, number: image / image.max() * template(weights, number),
                    "You divided by the largest pixel of this picture. Divide by 255, as in training, "
                    "whatever the picture.",
                ),
                (
                    lambda image, weights, number: image / 255 + template(weights, number),
                    "You added the weights to the pixels. Multiply each pixel by its weight.",
                ),
                (
                    lambda image, weights, number: (1 - image / 255) * template(weights, number),
                    "The picture is inverted, so the empty background speaks. Multiply by the ink.",
                ),
                (
                    lambda image, weights, number: template(weights, number),
                    "These are the weights alone. Multiply each by its pixel, scaled to 0…1.",
                ),
                (
                    lambda image, weights, number: image / 255,
                    "These are the pixels alone. Multiply each by its weight for the class.",
                ),
                (
                    lambda image, weights, number: (
                        image[..., None] / 255 * weights.reshape(28, 28, 10)
                    ),
                    all_classes,
                ),
                (
                    lambda image, weights, number: (image.reshape(784, 1) / 255) * weights,
                    all_classes,
                ),
                (
                    lambda image, weights, number: (
                        image[..., None] / 255 * weights.reshape(28, 28, 10)
                    ).sum(axis=-1),
                    "The evidence for all ten classes is added up. Take the column of one class.",
                ),
                (
                    lambda *given: evidence(*given).ravel(),
                    "The numbers are right, but the picture is lost: give them the shape (28, 28).",
                ),
                (
                    lambda *given: evidence(*given)[np.newaxis],
                    "There is one dimension too many: return (28, 28), without the batch.",
                ),
                (lambda *given: evidence(*given).T, transposed),
                (
                    lambda image, weights, number: image / 255 * template(weights, number).T,
                    transposed,
                ),
                (
                    lambda image, weights, number: image.T / 255 * template(weights, number),
                    transposed,
                ),
                (
                    lambda image, weights, number: (
                        image / 255 * weights.reshape(10, 28, 28)[number]
                    ),
                    mixed,
                ),
                (
                    lambda *given: evidence(*given).sum(),
                    "This is the sum of the evidence, one number. Keep the 784 products apart.",
                ),
                (
                    lambda image, weights, number: image / 255 @ template(weights, number),
                    "`@` multiplies matrices and adds up. Multiply each pixel by its own weight: `*`.",
                ),
                (
                    lambda *given: evidence(*given) / evidence(*given).sum(),
                    "These are shares of the score. Return the products as they are.",
                ),
                (
                    lambda *given: np.abs(evidence(*given)),
                    "The signs are lost: evidence against a class is negative.",
                ),
                (
                    lambda *given: np.maximum(evidence(*given), 0),
                    "Evidence against the class is cut off: leave the negative products as they are.",
                ),
                (
                    lambda *given: -evidence(*given),
                    "The signs are turned round: ink on a positive weight speaks for the class.",
                ),
                (
                    lambda *given: evidence(*given) / 255,
                    "You divided by 255 twice. Once is enough to bring the pixels to 0…1.",
                ),
                (
                    lambda *given: evidence(*given) / 784,
                    "You divided by the number of pixels. The products must add up to the score, so "
                    "leave them as they are.",
                ),
                (numbered_from(-1), other_class),
                (numbered_from(1), other_class),
                (
                    lambda image, weights, number: evidence(image, weights, 0),
                    "Your answer takes the same class each time. Use `class_number`.",
                ),
                (bias_added, bias),
                (bias_shared_out, bias),
                (changes_its_input, CHANGED),
            )
        ),
        probe=observe,
        hints=(
            "Which 784 of the 7,840 weights belong to the class, and how were the pixels prepared "
            "in training?",
            "`weights[:, class_number]` has 784 numbers, in the order of the pixels. Give them "
            "the shape of the picture.",
            "Divide `image` by 255, then multiply it, with `*`, by "
            "`weights[:, class_number].reshape(28, 28)`.",
        ),
        takeaway="You can now ask a linear model why, pixel by pixel, and get an answer that adds "
        "up. Draw it for a picture that the model gets wrong.",
        explanation="The score is the sum of X[i] W[i, k] plus the bias. Without the sum, the 784 products "
        "are the evidence; they are in the order of the pixels, so (28, 28) puts each in its "
        "place.",
    )


def mean_zero_and_spread_one() -> Exercise:
    """Standardised pixels, and 0 where the spread is 0."""

    def standardise(images, mean, spread):
        changes = spread > 0
        difference = images.reshape(len(images), -1) - mean
        return np.where(changes, difference / np.where(changes, spread, 1), 0)

    def divided_where_possible(images, mean, spread):
        difference = images.reshape(-1, 784).astype(np.float32) - np.asarray(mean, np.float32)
        result = np.zeros_like(difference)
        return np.divide(difference, np.float32(spread), out=result, where=spread != 0)

    def mended_afterwards(images, mean, spread):
        result = (images.reshape(len(images), 784) - mean) / spread
        result[~np.isfinite(result)] = 0
        return result

    def with_infinite_spread(images, mean, spread):
        spread = spread.copy()
        spread[spread == 0] = np.inf
        return (images.reshape(len(images), -1) - mean) / spread

    def number_by_number(images, mean, spread):
        return [
            [
                (pixel - mean[place]) / spread[place] if spread[place] else 0.0
                for place, pixel in enumerate(image.ravel().tolist())
            ]
            for image in images
        ]

    def flat(images):
        return images.reshape(len(images), -1)

    def never_zero(spread):
        return np.where(spread > 0, spread, 1)

    def answer(formula):
        """Zeroes where the spread is 0, and another formula elsewhere."""

        def other_formula(images, mean, spread):
            result = formula(flat(images).astype(float), mean, never_zero(spread))
            return np.where(spread > 0, result, 0)

        return other_formula

    def divided_as_it_is(images, mean, spread):
        return (flat(images) - mean) / spread

    def spread_of_one(images, mean, spread):
        return (flat(images) - mean) / never_zero(spread)

    def small_number_added(small):
        return lambda images, mean, spread: (flat(images) - mean) / (spread + small)

    def small_number_instead(small):
        return lambda images, mean, spread: (flat(images) - mean) / np.maximum(spread, small)

    def nan_replaced(images, mean, spread):
        result = divided_as_it_is(images, mean, spread)
        return np.where(np.isnan(result), 0, result)

    def raw_where_constant(images, mean, spread):
        return np.where(spread > 0, spread_of_one(images, mean, spread), flat(images))

    def one_added(images, mean, spread):
        return (flat(images) - mean) / (spread + 1)

    def each_picture(images, mean, spread):
        pixels = flat(images)
        return (pixels - pixels.mean(axis=1, keepdims=True)) / pixels.std(axis=1, keepdims=True)

    def mean_of_each_picture(pixels, mean, spread):
        return (pixels - pixels.mean(axis=1, keepdims=True)) / spread

    def own_statistics(images, mean, spread):
        pixels = flat(images)
        own_spread = pixels.std(axis=0)
        return np.where(own_spread > 0, (pixels - pixels.mean(axis=0)) / never_zero(own_spread), 0)

    def whole_numbers(images, mean, spread):
        pixels = flat(images)
        result = np.zeros_like(pixels)
        changes = spread > 0
        result[:, changes] = ((pixels - mean) / never_zero(spread))[:, changes]
        return result

    def dropped(images, mean, spread):
        return standardise(images, mean, spread)[:, spread > 0]

    def spread_written_over(images, mean, spread):
        spread[spread == 0] = 1
        return standardise(images, mean, spread)

    whole = np.zeros((2, 784), np.uint8)
    whole[:, 1], whole[:, 782] = (200, 150), (30, 60)
    whole[:, 2:782] = np.random.default_rng(5).integers(0, 256, (2, 780))
    mean, spread = np.full(784, 100.0), np.full(784, 60.0)
    mean[[0, 1, 782, 783]] = 4, 150, 20, 3
    spread[[0, 1, 782, 783]] = 4, 25, 0.5, 3
    never_changes = np.where(np.isin(np.arange(784), (0, 783)), 0.0, spread)
    constant, with_ink = whole.copy(), whole.copy()
    constant[:, 0], constant[:, 783] = 4, 3
    with_ink[:, 0], with_ink[:, 783] = (4, 40), 3

    def case(pixels, spread):
        given = f"pixels {shown(pixels)}, mean {shown(mean)}, spread {shown(spread)}"
        return given, (pixels.reshape(-1, 28, 28), mean, spread)

    observe = named_calls(
        case(whole, spread), case(constant, never_changes), case(with_ink, never_changes)
    )

    huge = (
        "Right where a pixel without spread stays at its mean. But a new picture may have ink "
        "there, and divided by next to nothing it becomes huge: set the result to 0."
    )
    own_mean = (
        "Each picture is compared with its own mean. Use the `mean` of each pixel that is given."
    )
    return Exercise(
        solution=standardise,
        also_right=(
            divided_where_possible,
            mended_afterwards,
            with_infinite_spread,
            number_by_number,
        ),
        mistakes=grouped(
            (
                (
                    divided_as_it_is,
                    "0 divided by 0 is `nan`: where the spread is 0, return 0 instead of dividing.",
                ),
                (
                    one_added,
                    "You added 1 to every spread, so all results are too small. Change only the "
                    "spreads that are 0.",
                ),
                (
                    spread_of_one,
                    "Right where a pixel without spread stays at its mean. But a new picture may have "
                    "ink there, and divided by 1 it stays large: set the result to 0.",
                ),
                *(
                    (mistake(small), huge)
                    for mistake in (small_number_added, small_number_instead)
                    for small in (1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4)
                ),
                (
                    raw_where_constant,
                    "Where the spread is 0, you return the pixel as it was. Return 0 there.",
                ),
                (
                    nan_replaced,
                    "Replacing `nan` is not enough: ink divided by a spread of 0 is `inf`.",
                ),
                (
                    lambda *given: np.nan_to_num(divided_as_it_is(*given)),
                    "`nan_to_num` makes 0 of `nan`, but of `inf` it makes the largest float: choose "
                    "by the spread, not by what came out.",
                ),
                (
                    answer(lambda pixels, mean, spread: (pixels - mean) / spread**2),
                    "You divided by the variance, the square of the spread. Divide by the spread "
                    "itself.",
                ),
                (
                    answer(lambda pixels, mean, spread: (pixels - mean) / np.sqrt(spread)),
                    "You took the square root of the spread. It is the standard deviation already: "
                    "divide by it as it is.",
                ),
                (
                    answer(lambda pixels, mean, spread: pixels / spread),
                    "The mean is still in it: subtract it from the pixels before you divide.",
                ),
                (
                    answer(lambda pixels, mean, spread: pixels - mean),
                    "You subtracted the mean, but did not divide by the spread.",
                ),
                (
                    lambda images, mean, spread: flat(images) - mean,
                    "You subtracted the mean, but did not divide by the spread.",
                ),
                (
                    answer(lambda pixels, mean, spread: (pixels - mean) * spread),
                    "You multiplied by the spread. Divide by it.",
                ),
                (
                    answer(lambda pixels, mean, spread: pixels - mean / spread),
                    "Python divides only the mean. Put brackets around the difference.",
                ),
                (
                    answer(lambda pixels, mean, spread: pixels / spread - mean),
                    "The order is turned round: subtract the mean first, then divide.",
                ),
                (
                    answer(lambda pixels, mean, spread: (mean - pixels) / spread),
                    "The sign is turned round: a pixel above its mean must come out positive.",
                ),
                (
                    answer(lambda pixels, mean, spread: (pixels - mean) // spread),
                    "`//` cuts off what is behind the point. Divide with `/`.",
                ),
                (
                    answer(lambda pixels, mean, spread: (pixels / 255 - mean) / spread),
                    "You divided the pixels by 255 first, but `mean` and `spread` belong to the raw "
                    "ones. Standardising replaces that division.",
                ),
                (
                    answer(lambda pixels, mean, spread: (pixels - mean) / spread / 255),
                    "You divided by 255, too. Dividing by the spread is the scaling here.",
                ),
                (
                    lambda images, mean, spread: (flat(images) - images.mean()) / images.std(),
                    "You used one mean and one spread for all pixels. Each pixel has its own: use the "
                    "two arrays that are given.",
                ),
                (each_picture, own_mean),
                (answer(mean_of_each_picture), own_mean),
                (
                    own_statistics,
                    "You measured mean and spread on these pictures. Use the two that are given: they "
                    "come from the training pictures, and must be the same for every batch.",
                ),
                (
                    lambda images, mean, spread: standardise(images, mean, spread).reshape(
                        -1, 28, 28
                    ),
                    "The numbers are right, but return rows, (n, 784), as `scale_pixels` does.",
                ),
                (
                    whole_numbers,
                    "The results are cut to whole numbers from 0 to 255: `zeros_like` copies the type "
                    "of the pixels, too. Make an array of floats with `np.zeros`.",
                ),
                (
                    dropped,
                    "The pixels without spread are gone. Keep all 784 columns, with 0 in these.",
                ),
                (spread_written_over, CHANGED),
            )
        ),
        probe=observe,
        hints=(
            "First forget the spread of 0: which two operations, in which order, give mean 0 and "
            "spread 1?",
            "Flatten to `(n, 784)`; NumPy then subtracts `mean` from each row. Before you divide, "
            "decide what to divide by where the spread is 0.",
            "`np.where(spread > 0, spread, 1)` is safe to divide by. Use `np.where` once more to "
            "put 0 where the spread is 0.",
        ),
        takeaway="Now compare `early_losses(0.01, lambda images: standardise(images, mean, "
        "spread))` with `early_losses(0.2)`: much the same, so a way of scaling means little "
        "without its learning rate.",
        explanation="A pixel that never changes tells nothing, so 0 is its honest value. The inner `where` "
        "keeps the division free of 0 / 0, and the outer one puts the 0, also where a new picture "
        "has ink.",
    )


EXERCISES = {
    "4.1": loss_and_its_gradients,
    "4.2": one_step,
    "4.3": a_rate_too_slow_and_one_too_fast,
    "4.4": evidence_of_each_pixel,
    "4.5": mean_zero_and_spread_one,
}
