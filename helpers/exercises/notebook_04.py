"""The exercises of notebook 04, Train it in NumPy."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from helpers import maths, training
from helpers.exercises.answers import from_results
from helpers.exercises.exercise import Exercise, NotYet, Observation, calls, named_calls, shown
from helpers.maths import cross_entropy, cross_entropy_gradient, naive_softmax
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


# Three pictures of two pixels, in one of four classes: inputs, labels, weights, bias.
SMALL_BATCH = (
    np.array([[0.5, 1.0], [0.0, 1.0], [1.0, 0.2]]),
    np.array([3, 0, 3], np.uint8),
    np.array([[1.0, -1.0, 0.5, 2.0], [0.0, 1.0, -2.0, 1.0]]),
    np.array([0.5, 0.0, -1.0, 1.0]),
)


def gradients() -> Exercise:
    """The loss of a minibatch, and its gradients for weights and bias."""

    def loss_and_gradients(inputs, labels, weights, bias):
        logits = predict_logits(inputs, weights, bias)
        error = maths.cross_entropy_gradient(logits, labels)  # (n, 10)
        return cross_entropy(logits, labels), inputs.T @ error, error.sum(axis=0)

    def wrong_results(x, labels, weights, bias):
        logits, n = predict_logits(x, weights, bias), len(labels)
        error = cross_entropy_gradient(logits, labels)
        p, naive = maths.softmax(logits), naive_softmax(logits)
        loss, w, b = loss_and_gradients(x, labels, weights, bias)

        def from_error(error, loss=loss):
            return loss, x.T @ error, error.sum(axis=0)

        def loss_of(probabilities):
            return -np.log(probabilities[np.arange(n), labels]).mean()

        naive_error = (naive - maths.one_hot(labels, len(bias))) / n
        return {
            "The gradient for the weights is transposed: it needs the shape of the weights, so "
            "multiply the other way round, `inputs.T @ error`.": [(loss, w.T, b)],
            "The gradient for the weights is divided by n twice: the n is in E already, so only "
            "the matrix product is left to do.": [(loss, w / n, b)],
            "The gradient for the weights has not been summed over the pictures. The matrix "
            "product `inputs.T @ error` multiplies and sums at "
            "once.": [(loss, x[:, :, None] * error[:, None], b)],
            "This is E, the gradient for the scores. One step further: multiply it by the pixels, "
            "`inputs.T @ error`.": [(loss, error, b)],
            "This is the gradient for the pixels, E times the weights. Pixels stay as they are: "
            "for the weights, multiply `inputs.T` with E.": [(loss, error @ weights.T, b)],
            "The gradient for the bias is divided by n twice: the n is in E already, so take the "
            "sum over the pictures, not the mean.": [(loss, w, b / n)],
            "The gradient for the bias is summed along each row, over the classes, which always "
            "gives 0. Sum down the pictures: `axis=0`.": [(loss, w, error.sum(axis=1))],
            "The gradient for the bias still has a row for each picture. Sum over the pictures: "
            "`axis=0`.": [(loss, w, error)],
            "You summed the gradient for the weights, which has pixels in it. The bias meets no "
            "pixel: sum E over the pictures.": [(loss, w, w.sum(axis=0))],
            "These are the gradients of the sum over the batch, but the loss is the mean: divide E "
            "by the number of pictures.": [(loss, n * w, n * b)],
            "The loss is in bits. Take the natural logarithm: `np.log`.": [
                (loss / np.log(2), w, b),
                (loss_of(p) / np.log(2), w, b),
            ],
            "The loss is the sum over the batch, and it should be the mean: divide it by the "
            "number of pictures, or call `cross_entropy`.": [(n * loss, w, b)],
            "All three belong to the sum over the batch. The loss is the mean: divide by the "
            "number of pictures.": [(n * loss, n * w, n * b)],
            "The gradients are divided by n twice: `maths.cross_entropy_gradient` has divided by "
            "the number of pictures already.": [(loss, w / n, b / n)],
            "The labels have no part in your gradients: subtract y, 1 at the true class, from the "
            "probabilities, or call `maths.cross_entropy_gradient`.": [from_error(p / n)],
            "You subtracted the number of the class from every probability. Subtract 1, at the "
            "true class alone: `maths.one_hot(labels, len(bias))` has it.": [
                from_error((p - labels[:, None]) / n)
            ],
            "Softmax is applied twice: `cross_entropy` and its gradient take the scores "
            "themselves, not the probabilities.": [
                (cross_entropy(p, labels), w, b),
                from_error(cross_entropy_gradient(p, labels)),
            ],
            "The scores lack the bias: call `predict_logits`, or add `bias` to the product.": [
                loss_and_gradients(x, labels, weights, 0 * bias)
            ],
            "The results are there, but in another order. Return the loss, then the gradient for "
            "the weights, then the one for the bias.": [(w, b, loss), (loss, b, w), (b, w, loss)],
            "Return 3 things, in this order: the loss, the gradient for the weights, the gradient "
            "for the bias.": [(w, b)],
            "Right for small scores, but a confident mistake breaks the logarithm: call "
            "`cross_entropy`, which works from the "
            "scores.": [(loss_of(p), w, b), from_error(naive_error, loss_of(naive))],
            "Right for small scores, but exp overflows at 1000: call "
            "`maths.cross_entropy_gradient`, or take the softmax that subtracts the largest "
            "score.": [from_error(naive_error)],
        }

    first = np.array([[1.0], [3.0]]), np.array([0, 1]), np.zeros((1, 3)), np.zeros(3)
    return Exercise(
        solution=loss_and_gradients,
        mistakes=from_results(wrong_results, *first),
        probe=several_results(
            ("the loss", "the gradient for the weights", "the gradient for the bias"),
            ("inputs", "labels", "weights", "bias"),
            first,
            SMALL_BATCH,
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
        explanation="The sum over pictures r of X[r, i] E[r, k] is the entry (i, k) of the matrix "
        "product of X transposed and E. The bias has a 1 where a weight has its pixel, so its "
        "gradient is the sum of E over the pictures. E holds the 1/n of the mean, so nothing is "
        "divided here.",
    )


def gradient_step() -> Exercise:
    """New weights and bias, moved against their gradients."""

    def step(inputs, labels, weights, bias, learning_rate):
        _, weights_gradient, bias_gradient = training.loss_and_gradients(
            inputs, labels, weights, bias
        )
        return weights - learning_rate * weights_gradient, bias - learning_rate * bias_gradient

    def wrong_results(inputs, labels, weights, bias, rate):
        def moved(weights_rate, bias_rate=None):
            bias_rate = weights_rate if bias_rate is None else bias_rate
            return weights - weights_rate * w, bias - bias_rate * b

        n, batch = len(labels), (inputs, labels)
        loss, w, b = training.loss_and_gradients(*batch, weights, bias)
        new_weights, new_bias = moved(rate)
        second = step(*batch, new_weights, new_bias, rate)
        return {
            "You moved along the gradients, so the loss rises. Subtract instead of adding.": [
                moved(-rate)
            ],
            "The weights moved along their gradient, so the loss rises. Subtract it, as you do for "
            "the bias.": [moved(-rate, rate)],
            "The weights are right, but the bias moved along its gradient. Subtract it.": [
                moved(rate, -rate)
            ],
            "The weights are right, but the bias did not move. It has a gradient of its own.": [
                moved(rate, 0)
            ],
            "Only the bias moved. The weights have a gradient of their own.": [moved(0, rate)],
            "Nothing moved: return the *new* arrays.": [moved(0)],
            "The learning rate has no effect: multiply the gradients of the weights and of the "
            "bias by it before you subtract them.": [moved(1)],
            "The weights moved without the learning rate: multiply their gradient by it.": [
                moved(1, rate)
            ],
            "The weights are right, but the bias moved without the learning rate: multiply its "
            "gradient by it.": [moved(rate, 1)],
            "You divided by the learning rate, so a small rate makes a large step. Multiply by "
            "it.": [lambda: moved(1 / rate)],
            "The step is twice as long as it should be. Is the gradient subtracted twice?": [
                moved(2 * rate)
            ],
            "You took two steps. Work out the gradients once, and subtract them once.": [second],
            "You divided by the number of pictures once more. The gradients are those of the mean "
            "already.": [moved(rate / n)],
            "You multiplied by the number of pictures. The gradients are those of the mean, and "
            "the learning rate is meant for them.": [moved(rate * n)],
            "You used a learning rate of your own, 0.05. Use the one that is given.": [moved(0.05)],
            "You used a learning rate of your own, 0.1. Use the one that is given.": [moved(0.1)],
            "The gradient for the bias comes from the weights that have moved already. Work out "
            "both gradients first, then move "
            "both.": [(new_weights, step(*batch, new_weights, bias, rate)[1])],
            "The order is turned round: return the new weights first, then the new bias.": [
                (new_bias, new_weights)
            ],
            "These are the gradients. Multiply them by the learning rate and subtract them from "
            "the old weights and bias.": [(w, b)],
            "This is the way to go, not the place to arrive at: the old weights and bias are "
            "missing.": [(-rate * w, -rate * b), (rate * w, rate * b)],
            "The learning rate shrinks the weights themselves. Multiply only the gradient by it: "
            "`weights - learning_rate * gradient`.": [[rate * changed for changed in moved(1)]],
            "You subtracted the loss, one number, from everything. Subtract the gradients, the "
            "second and third result of "
            "`training.loss_and_gradients`.": [(weights - rate * loss, bias - rate * loss)],
            "The weights are right, but you subtracted the loss from the bias. Subtract its "
            "gradient, the third result of "
            "`training.loss_and_gradients`.": [(new_weights, bias - rate * loss)],
            "Return 2 things, in this order: the new weights, the new bias.": [new_weights],
        }

    arrays = ([[1.0], [2.0]], [0, 1], [[1.0, 0.0, -1.0]], [0.0, 2.0, 1.0])
    first = (*map(np.array, arrays), 0.3)
    return Exercise(
        solution=step,
        mistakes=from_results(wrong_results, *first),
        probe=several_results(
            ("the new weights", "the new bias"),
            ("inputs", "labels", "weights", "bias", "learning rate"),
            first,
            (*SMALL_BATCH, 2.0),
            (np.array([[1.0]]), np.array([1]), np.array([[3.0, -1.0]]), np.ones(2), 0),
            (*(np.concatenate([each] * 14) for each in SMALL_BATCH[:2]), *SMALL_BATCH[2:], 0.5),
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
        explanation="Both gradients are worked out at the old place, then both arrays move "
        "against them. `weights - …` makes a new array, so the caller's arrays stay as they were.",
    )


def promise() -> Exercise:
    """By how much a step should lower the loss, if slopes stayed what they are."""

    def promised_drop(weights_gradient, bias_gradient, learning_rate):
        return learning_rate * ((weights_gradient**2).sum() + (bias_gradient**2).sum())

    def wrong_results(w, b, rate):
        right, both = promised_drop(w, b, rate), np.append(w, b)
        return {
            "You added up the gradients. Each weight moves by its gradient times the rate, along a "
            "slope that is the gradient, too: square each.": [rate * both.sum()],
            "You added up the sizes of the gradients. Square each instead.": [
                rate * np.abs(both).sum()
            ],
            "You squared the sum. Square each gradient first, then add up.": [
                rate * both.sum() ** 2,
                rate * (w.sum() ** 2 + b.sum() ** 2),
            ],
            "Of a matrix, `np.linalg.norm(…, 2)` is the largest singular value. Take the sum of "
            "all squares.": [rate * (np.linalg.norm(w, 2) ** 2 + (b**2).sum())],
            "You took a square root. The drop is the sum of the squares itself, times the rate.": [
                rate * np.sqrt((both**2).sum())
            ],
            "The rate counts once: it makes the move longer, and leaves the slope alone.": [
                rate * right
            ],
            "The learning rate is missing: the move is the rate times the gradient.": [
                (both**2).sum()
            ],
            "You took the mean. All weights move at once, and their drops add up.": [
                rate * (both**2).mean(),
                rate * ((w**2).mean() + (b**2).mean()),
            ],
            "The bias moves, too: add the squares of its gradient.": [rate * (w**2).sum()],
            "NumPy adds the bias to each row of the weights, so it counts once a row. Take the two "
            "sums first, then add them.": [rate * (w**2 + b**2).sum()],
            "The weights move, too: add the squares of their gradient.": [rate * (b**2).sum()],
            "`@` multiplies rows with columns. Square each entry by itself: `**2`.": [
                lambda: rate * ((w @ w.T).sum() + b @ b)
            ],
        }

    random = np.random.default_rng(43)
    cases = (
        (np.array([[3.0, 0.0], [0.0, -4.0]]), np.array([1.0, 0.0]), 0.1),
        (np.array([[1.0, -2.0, 0.5]]), np.array([0.0, -0.5, 0.5]), 0.5),
        (random.normal(size=(4, 3)).round(1), random.normal(size=3).round(1), 5),
    )
    return Exercise(
        solution=promised_drop,
        mistakes=from_results(wrong_results, *cases[0]),
        probe=calls(*cases),
        hints=(
            "For one weight: how far does it move, and how steep is the loss there?",
            "It moves by the rate times g, down a slope of g: a drop of the rate times g squared. "
            "Add these up over both arrays.",
            "`(weights_gradient**2).sum()` is the sum for the weights. Add that for the bias, and "
            "multiply by the rate.",
        ),
        takeaway="On the real pictures the squares of the first minibatch sum to about 2.9. At "
        "0.05 the first step promises 0.14, and the loss of these 256 falls by 0.13. At 5 it "
        "promises 14, of a loss that is 2.3, and the loss rises by 7: slopes hold for small steps.",
        explanation="Slope times distance is the change along a straight line. The distance is the "
        "rate times the gradient, and the slope is the gradient, so each weight adds the rate "
        "times its square.",
    )


def pixel_evidence() -> Exercise:
    """The products that add up to the score of one class."""

    def evidence(image, weights, class_number):
        pixels = scale_pixels(image[np.newaxis])[0]  # (784,)
        return (pixels * weights[:, class_number]).reshape(28, 28)

    bias = (
        "The same amount is added to every pixel. Leave the bias out: it belongs to no pixel, and "
        "joins the sum afterwards."
    )

    def wrong_results(image, weights, number):
        x, w, right = (
            image / 255,
            weights[:, number].reshape(28, 28),
            evidence(image, weights, number),
        )
        all_classes = x[..., np.newaxis] * weights.reshape(28, 28, 10)
        return {
            "The pixels still run from 0 to 255, so the evidence is 255 times too large. Scale "
            "them as in training.": [image * w],
            "`//` cuts off what comes after the point, so nearly all pixels become 0. Divide with "
            "`/`.": [image // 255 * w],
            "You divided by 256. The largest pixel is 255 and must become 1.": [image / 256 * w],
            "Each pixel counts as empty or full. Multiply by how much ink it has, from 0 to 1.": [
                (image > 0) * w
            ],
            "You divided by the largest pixel of this picture. Divide by 255, as in training, "
            "whatever the picture.": [x / x.max() * w],
            "You added the weights to the pixels. Multiply each pixel by its weight.": [x + w],
            "The picture is inverted, so the empty background speaks. Multiply by the ink.": [
                (1 - x) * w
            ],
            "These are the weights alone. Multiply each by its pixel, scaled to 0…1.": [w],
            "These are the pixels alone. Multiply each by its weight for the class.": [x],
            "This is the evidence for all ten classes. Take the column of one class.": [
                all_classes,
                all_classes.reshape(784, 10),
            ],
            "`weights` has a row for each pixel and a column for each class. Take the column, "
            "`weights[:, class_number]`.": [lambda: x * weights[number].reshape(28, 28)],
            "The evidence for all ten classes is added up. Take the column of one class.": [
                all_classes.sum(axis=-1)
            ],
            "The numbers are right, but the picture is lost: give them the shape (28, 28).": [
                right.ravel()
            ],
            "Rows and columns are swapped: evidence belongs at the place of its pixel. Reshape the "
            "784 numbers to (28, 28) without transposing.": [right.T, x * w.T, x.T * w],
            "The reshape mixes up pixels and classes: `weights` has a row for each pixel. Take the "
            "column of the class first, `weights[:, class_number]`, then reshape "
            "it.": [x * weights.reshape(10, 28, 28)[number]],
            "`@` multiplies matrices and adds up. Multiply each pixel by its own weight: `*`.": [
                x @ w
            ],
            "These are shares of the score. Return the products as they are.": [
                right / right.sum()
            ],
            "This is the evidence for another class: the classes count from 0, so take the column "
            "`class_number` as it is.": [evidence(image, weights, number + i) for i in (-1, 1)],
            "Your answer takes the same class each time. Use `class_number`.": [
                evidence(image, weights, 0)
            ],
            bias: [right + 0.3],
        }

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

    def observe(function: Any) -> Iterator[Observation]:
        results = named_calls(*cases)(function)
        for (given, arguments), (_, result) in zip(cases, results, strict=False):
            if np.shape(result) == (28, 28):
                added = result - evidence(*arguments)
                if np.ptp(added) < 1e-6 < np.abs(added).max():
                    raise NotYet(bias)
            yield given, result

    return Exercise(
        solution=evidence,
        mistakes=from_results(wrong_results, two_pixels, weights, 3),
        probe=observe,
        hints=(
            "Which 784 of the 7,840 weights belong to the class, and how were the pixels prepared "
            "in training?",
            "`weights[:, class_number]` has 784 numbers, in the order of the pixels. Give them "
            "the shape of the picture.",
            "Divide `image` by 255, then multiply it, with `*`, by `weights[:, "
            "class_number].reshape(28, 28)`.",
        ),
        takeaway="You can now ask a linear model why, pixel by pixel, and get an answer that adds "
        "up. Draw it for a picture that the model gets wrong.",
        explanation="The score is the sum of X[i] W[i, k] plus the bias. Without the sum, the 784 "
        "products are the evidence; they are in the order of the pixels, so (28, 28) puts each in "
        "its place.",
    )


def standardise() -> Exercise:
    """Standardised pixels, and 0 where the spread is 0."""

    def standardise(images, mean, spread):
        changes = spread > 0
        difference = images.reshape(len(images), -1) - mean
        return np.where(changes, difference / np.where(changes, spread, 1), 0)

    def wrong_results(images, mean, spread):
        def with_zeros(result):
            return np.where(spread > 0, result, 0)

        pixels, safe = images.reshape(-1, 784).astype(float), np.where(spread > 0, spread, 1)
        gaps, right = pixels - mean, standardise(images, mean, spread)
        centred = pixels - pixels.mean(axis=1, keepdims=True)
        return {
            "0 divided by 0 is `nan`: where the spread is 0, return 0 instead of dividing.": [
                gaps / spread
            ],
            "You added 1 to every spread, so all results are too near 0. Change only the spreads "
            "that are 0.": [gaps / (spread + 1)],
            "Right where a pixel without spread stays at its mean. But a new picture may have ink "
            "there, and divided by 1 it stays large: set the result to 0.": [gaps / safe],
            "Right where a pixel without spread stays at its mean. But a new picture may have ink "
            "there, and divided by next to nothing it becomes huge: set the result to 0.": [
                gaps / np.maximum(spread, 1e-4),
                *(gaps / (spread + 10.0**-digits) for digits in range(4, 13)),
            ],
            "Where the spread is 0, you return the pixel as it was. Return 0 there.": [
                np.where(spread > 0, right, pixels)
            ],
            "Replacing `nan` is not enough: ink divided by a spread of 0 is `inf`.": [
                np.where(np.isnan(gaps / spread), 0, gaps / spread)
            ],
            "`nan_to_num` makes 0 of `nan`, but of `inf` it makes the largest float: choose by the "
            "spread, not by what came out.": [np.nan_to_num(gaps / spread)],
            "You divided by the variance, the square of the spread. Divide by the spread itself.": [
                with_zeros(gaps / safe**2)
            ],
            "You took the square root of the spread. It is the standard deviation already: divide "
            "by it as it is.": [with_zeros(gaps / np.sqrt(safe))],
            "The mean is still in it: subtract it from the pixels before you divide.": [
                with_zeros(pixels / safe)
            ],
            "You subtracted the mean, but did not divide by the spread.": [with_zeros(gaps)],
            "You multiplied by the spread. Divide by it.": [gaps * spread],
            "Python divides only the mean. Put brackets around the difference.": [
                with_zeros(pixels - mean / safe)
            ],
            "The order is turned round: subtract the mean first, then divide.": [
                with_zeros(pixels / safe - mean)
            ],
            "`//` cuts off what comes after the point. Divide with `/`.": [
                with_zeros(gaps // safe)
            ],
            "You divided the pixels by 255 first, but `mean` and `spread` belong to the raw ones. "
            "Standardising replaces that division.": [with_zeros((pixels / 255 - mean) / safe)],
            "You used one mean and one spread for all pixels. Each pixel has its own: use the two "
            "arrays that are given.": [(pixels - pixels.mean()) / pixels.std()],
            "Each picture is compared with its own mean. Use the `mean` of each pixel that is "
            "given.": [centred / pixels.std(axis=1, keepdims=True), with_zeros(centred / safe)],
            "You measured mean and spread on these pictures. Use the two that are given: they come "
            "from the training pictures, and must be the same for every "
            "batch.": [standardise(pixels, pixels.mean(axis=0), pixels.std(axis=0))],
            "The results are cut to whole numbers from 0 to 255: `zeros_like` copies the type of "
            "the pixels, too. Make an array of floats with `np.zeros`.": [right.astype(np.uint8)],
            "The pixels without spread are gone. Keep all 784 columns, with 0 in these.": [
                right[:, spread > 0]
            ],
        }

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

    return Exercise(
        solution=standardise,
        mistakes=from_results(wrong_results, whole.reshape(-1, 28, 28), mean, spread),
        probe=named_calls(
            case(whole, spread), case(constant, never_changes), case(with_ink, never_changes)
        ),
        hints=(
            "First forget the spread of 0: which two operations, in which order, give mean 0 and "
            "spread 1?",
            "Flatten to `(n, 784)`; NumPy then subtracts `mean` from each row. Before you divide, "
            "decide what to divide by where the spread is 0.",
            "`np.where(spread > 0, spread, 1)` is safe to divide by. Use `np.where` once more to "
            "put 0 where the spread is 0.",
        ),
        takeaway="Give each way of scaling a learning rate of its own: `early_losses(0.05, lambda "
        "images: standardise(images, mean, spread))` ends at 0.58 on the real pictures, "
        "`early_losses(0.1)` at 0.70. At 0.05 for both, the gap would look twice as wide.",
        explanation="A pixel that never changes tells nothing, so 0 is its honest value. The "
        "inner `where` keeps the division free of 0 / 0, and the outer one puts the 0, also where "
        "a new picture has ink.",
    )


EXERCISES = {
    "4.1": gradients,
    "4.2": gradient_step,
    "4.3": promise,
    "4.4": pixel_evidence,
    "4.5": standardise,
}
