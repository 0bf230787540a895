"""The exercises of notebook 05, Keras by hand.

TensorFlow is imported where an exercise is made: this module is imported by `progress`, too.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from helpers.exercises.answers import computed_each_time, from_results
from helpers.exercises.exercise import CHANGED, NO_FUNCTION, Exercise, NotYet, value
from helpers.maths import log_softmax, softmax

NOT_IN_A_MODEL = (
    "Your layer works alone, but not in a model, where the number of rows is not known yet. Use "
    "`keras.ops` on the whole batch: no loop over rows, no `shape[0]`."
)
NO_GRADIENT = (
    "The numbers are right, but NumPy hides from Keras how they came about, so nothing can be "
    "learnt through this layer. Use `keras.ops` instead."
)


@contextlib.contextmanager
def bare_errors() -> Iterator[None]:
    """Let an error say what is wrong, without what Keras and TensorFlow wrap around it."""
    from helpers.quiet_tensorflow import keras, tf

    keras.config.disable_traceback_filtering()  # of this thread, which is that of the answer alone
    try:
        yield
    except tf.errors.OpError as error:
        said = error.message.rpartition("}} ")[2]  # before it, the name of the device
        raise type(error)(None, None, said).with_traceback(error.__traceback__) from None


def require_subclass(answer: Any, base: type) -> None:
    """Raise NotYet for an object, a function, or a class that Keras does not know."""
    if not (isinstance(answer, type) and issubclass(answer, base)):
        raise NotYet(
            f"Give `check` your class, a kind of `{base.__name__}`, by its name and without "
            "brackets."
        )


def in_a_model(layer: Any, features: int) -> Any:
    """A `keras.Sequential` of this layer alone."""
    from helpers.quiet_tensorflow import keras

    try:
        return keras.Sequential([keras.Input((features,)), layer])
    except Exception as error:
        raise NotYet(NOT_IN_A_MODEL) from error


def made_of_calls(make: Callable, results: Callable, *example: Any) -> dict[str, list]:
    """The wrong answers that `make` makes of functions such as `call`, from all their results."""
    answers = from_results(results, *example)
    return {sentence: list(map(make, functions)) for sentence, functions in answers.items()}


def dense() -> Exercise:
    """A dense layer as a Keras class."""
    from helpers.quiet_tensorflow import keras, tf

    ops = keras.ops

    class Dense(keras.layers.Layer):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.units = units

        def build(self, input_shape):
            self.kernel = self.add_weight(
                shape=(input_shape[-1], self.units), initializer="glorot_uniform", name="kernel"
            )
            self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

        def call(self, inputs):
            return keras.ops.matmul(inputs, self.kernel) + self.bias

    def answer(
        call=lambda x, kernel, bias: ops.matmul(x, kernel) + bias,
        kernel_shape=("features", "units"),
        bias_shape=("units",),
        kernel="glorot_uniform",
        bias="zeros",
        trainable=True,
    ):
        """The solution with another `call`, other shapes of kernel and bias, other initializers.

        With None instead of an initializer, Keras does not know of this weight.
        """

        class OtherDense(Dense):
            def build(self, input_shape):
                sizes = {"rows": input_shape[0], "features": input_shape[-1], "units": self.units}

                def weight(shape, initializer):
                    shape = [sizes.get(size, size) for size in shape]
                    if initializer is None:
                        return ops.ones(shape)
                    return self.add_weight(shape, initializer, trainable=trainable)

                self.kernel, self.bias = weight(kernel_shape, kernel), weight(bias_shape, bias)

            def call(self, inputs):
                return call(inputs, self.kernel, self.bias)

        return OtherDense

    def wrong_scores(x, kernel, bias):
        product = ops.matmul(x, kernel)
        return {
            "There is a bias, but `call` does not add it.": [product],
            "You subtracted the bias. Add it.": [product - bias],
            "You multiplied by the bias. Add it.": [product * bias],
            "You added the bias to the kernel. Multiply first, then add the bias.": [
                ops.matmul(x, kernel + bias)
            ],
            "A matrix product has an order: the inputs come first, then the kernel.": [
                lambda: ops.matmul(kernel, x) + bias
            ],
            "`*` multiplies entry by entry. The matrix product is `keras.ops.matmul`.": [
                lambda: x * kernel + bias
            ],
            "You applied a function to the scores. `call` returns `inputs @ kernel + bias` as it "
            "is.": [
                ops.relu(product + bias),
                ops.softmax(product + bias),
                ops.sigmoid(product + bias),
            ],
            NO_GRADIENT: [lambda: np.matmul(x, kernel) + np.array(bias)],
        }

    def transposed(x, kernel, bias):
        return ops.matmul(x, ops.transpose(kernel)) + bias

    def observe(layer_class):
        require_subclass(layer_class, keras.layers.Layer)
        with bare_errors():
            for units, rows, features in ((2, 2, 2), (4, 5, 3)):
                layer, error = layer_class(units), None
                inputs = 2 - np.arange(rows * features, dtype=np.float32).reshape(rows, features)
                try:
                    layer(inputs)
                except Exception as raised:  # wrong shapes say more than the error they led to
                    error = raised
                name = f"Dense({units}) on an input of shape {inputs.shape}"
                shapes = sorted((tuple(weight.shape) for weight in layer.weights), key=len)[::-1]
                if shapes or error is None:
                    yield f"{name}, its weights", " and ".join(map(str, shapes)) or "none"
                if error:
                    raise error
                bias, kernel = sorted(layer.weights, key=lambda weight: len(weight.shape))
                zero, random = not np.any(bias), np.ptp(kernel) > 0
                new_kernel = np.arange(1, features * units + 1).reshape(features, units) / 10
                new_bias = np.linspace(1, -2, units)
                kernel.assign(new_kernel)
                bias.assign(new_bias)
                weights = f"kernel {new_kernel.tolist()}, bias {new_bias.tolist()}"
                for given in (inputs, inputs[:1]):
                    yield f"input {given.tolist()}, {weights}", layer(given)
            yield f"whether the bias of a new Dense({units}) is zero", zero
            yield "whether the numbers of its kernel differ", random
            yield "how many of its weights can be trained", len(layer.trainable_weights)
            large = layer_class(40)
            large(np.zeros((1, 60), np.float32))
            kernel_of_large = max(large.weights, key=lambda weight: len(weight.shape))
            limit = np.sqrt(6 / (60 + 40))  # of "glorot_uniform"
            spread = np.std(kernel_of_large) / (limit / np.sqrt(3))  # 1 if uniform up to the limit
            is_glorot = np.abs(kernel_of_large).max() <= limit and 0.9 < spread < 1.1
            yield "whether the kernel of Dense(40) for 60 features is glorot_uniform", is_glorot
            with computed_each_time(), tf.GradientTape() as tape:
                total = tf.reduce_sum(layer(inputs))
            gradients = tape.gradient(total, [kernel.value, bias.value])
            if any(gradient is None for gradient in gradients):
                raise NotYet(NO_GRADIENT)
            model = in_a_model(layer_class(2), features=3)
            yield "Dense(2) in a model for 3 features, its parameters", model.count_params()

    return Exercise(
        solution=Dense,
        mistakes={
            "Your layer has no weights that Keras knows of, so nothing can be trained. Make them "
            "in `build` with `self.add_weight`.": [answer(kernel=None, bias=None)],
            "Keras knows of the bias only. Make the kernel with `self.add_weight`, too.": [
                answer(kernel=None)
            ],
            "Keras knows of one weight, the kernel. Make a bias with `self.add_weight`, too, and "
            "add it in `call`.": [answer(bias=None)],
            "A size is fixed in your code. Take the number of features from `input_shape[-1]`, and "
            "that of units from `self.units`.": [
                answer(kernel_shape=(3, "units")),
                answer(kernel_shape=(784, "units")),
                answer(kernel_shape=("features", 2), bias_shape=(2,)),
                answer(kernel_shape=("features", 10), bias_shape=(10,)),
            ],
            "You took the number of rows for that of features. It is the last entry: "
            "`input_shape[-1]`.": [answer(kernel_shape=("rows", "units"))],
            "The kernel lies on its side: the shape is `(features, units)`, features first.": [
                answer(kernel_shape=("units", "features")),
                answer(transposed, kernel_shape=("units", "features")),
            ],
            "The bias needs one number for each unit: the shape `(self.units,)`.": [
                answer(bias_shape=(1,)),
                answer(bias_shape=()),
            ],
            "The bias has two dimensions. One is enough: the shape `(self.units,)`.": [
                answer(bias_shape=(1, "units"))
            ],
            "The bias has one row for each row of the input. It must serve batches of any size: "
            "the shape `(self.units,)`.": [answer(bias_shape=("rows", "units"))],
            "The bias has one number for each feature. It needs one for each unit: the shape "
            "`(self.units,)`.": [answer(bias_shape=("features",))],
            'The bias should begin with zeros: give it the initializer "zeros".': [
                answer(bias="ones")
            ],
            'The kernel should begin with small random numbers, all different: "glorot_uniform".': [
                answer(kernel="zeros")
            ],
            "The kernel is random, but drawn in another way than the exercise asks: give it the "
            'initializer "glorot_uniform".': [answer(kernel="he_normal"), answer(kernel="normal")],
            "These weights cannot be trained. Leave out `trainable=False`.": [
                answer(trainable=False)
            ],
        }
        | made_of_calls(answer, wrong_scores, ops.ones((2, 2)), ops.ones((2, 2)), ops.zeros(2)),
        probe=observe,
        hints=(
            "The layer `Bias` above has a `build` and a `call`. Yours has a kernel as well.",
            "`input_shape[-1]` is the number of features, `self.units` that of outputs. Make each "
            "weight with `self.add_weight(shape=…, initializer=…)`, and keep it in `self`.",
            "The kernel is `self.add_weight(shape=(input_shape[-1], self.units), "
            'initializer="glorot_uniform")`. The bias follows the same pattern, and `call` uses '
            "both.",
        ),
        takeaway="This is the layer of notebook 04, and now Keras can stack, train and save it. "
        "Notebook 06 puts two of them in a row.",
        explanation="`build` makes the weights when the number of features is known, and "
        "`add_weight` tells Keras that they are to be trained. `call` is the line of notebook 04.",
    )


def softmax_layer() -> Exercise:
    """Softmax as a Keras layer without weights."""
    from helpers.quiet_tensorflow import keras, tf

    ops = keras.ops

    class Softmax(keras.layers.Layer):
        def call(self, logits):
            shifted = logits - keras.ops.max(logits, axis=-1, keepdims=True)
            exponentials = keras.ops.exp(shifted)
            return exponentials / keras.ops.sum(exponentials, axis=-1, keepdims=True)

    def observe(layer_class):
        require_subclass(layer_class, keras.layers.Layer)
        with bare_errors():
            layer = layer_class()
            for rows in (
                [[0, 0, 1], [0, 5, 1], [2, 1, -1]],
                [[1, 2], [3, 3], [-1, 0.5]],
                [[1000, 1001, 1002]],
                [[1000, 1001, 1002], [0, 1, 2]],
                [[0, 0, 1000]],
            ):
                logits = tf.constant(rows, tf.float32)
                yield str(rows), layer(logits)
            with computed_each_time(), tf.GradientTape() as tape:
                tape.watch(logits)
                total = tf.reduce_sum(layer(logits)[:, 0])
            if tape.gradient(total, logits) is None:
                raise NotYet(NO_GRADIENT)
            model = in_a_model(layer_class(), features=2)
            yield "[[3, 3]], in a model", model(np.array([[3, 3]], np.float32))

    def wrong_results(z):
        def each_row(function, array=z):
            """One number for each row, such as its maximum."""
            return function(array, axis=-1, keepdims=True)

        def divided(exponentials, axis=-1, keepdims=True):
            return exponentials / ops.sum(exponentials, axis=axis, keepdims=keepdims)

        largest, naive = each_row(ops.max), ops.exp(z)
        shifted = z - largest
        exponentials = ops.exp(shifted)
        return {
            "Right for small scores, but exp overflows at 1000: subtract the largest score of each "
            "row first.": [
                divided(naive),
                divided(naive / each_row(ops.max, naive)),
                divided(ops.exp(z + largest)),
            ],
            "Each column sums to 1, not each row: take `axis=-1`.": [
                divided(naive, axis=0),
                divided(exponentials, axis=0),
            ],
            "All numbers together sum to 1: you need one sum for each row, so give it an axis.": [
                divided(naive, axis=None),
                divided(exponentials, axis=None),
            ],
            "Each row was combined with a number of another row. Keep the dimension with "
            "`keepdims=True`, so that it stays beside its own row.": [
                lambda: divided(naive, keepdims=False),
                lambda: divided(exponentials, keepdims=False),
                lambda: divided(ops.exp(z - ops.max(z, axis=-1))),
                lambda: divided(ops.exp(z - ops.max(z, axis=-1)), keepdims=False),
            ],
            "The number that you subtracted does not belong to its row. Each row needs its own "
            "largest score: `axis=-1, keepdims=True`.": [
                divided(ops.exp(z - ops.max(z))),
                divided(ops.exp(z - ops.max(z, axis=0))),
            ],
            "This shift does not bring all scores down to 0 or below, so `exp` can still overflow. "
            "Subtract the largest score of each row.": [divided(ops.exp(z - each_row(ops.mean)))],
            "Cutting large scores off makes them equal. Subtract the largest score of each row: "
            "that keeps their differences.": [divided(ops.exp(ops.clip(z, -80, 80)))],
            "The exponentials below the line need the shifted scores, too.": [
                exponentials / each_row(ops.sum, naive)
            ],
            "The exponentials above the line need the shifted scores, too.": [
                naive / each_row(ops.sum, exponentials)
            ],
            "You divided by the sum of the scores. Divide by that of the exponentials.": [
                exponentials / each_row(ops.sum, shifted)
            ],
            "You divided by the mean of the exponentials. Divide by their sum.": [
                exponentials / each_row(ops.mean, exponentials)
            ],
            "Dividing the scores changes their differences. Subtract the largest instead.": [
                ops.softmax(z / 1000),
                ops.softmax(z / largest),
            ],
            "These are the exponentials. Divide each row by its sum.": [exponentials, naive],
            "These are the shifted scores. Take their exponential next.": [shifted],
            "You divided the scores themselves. Take the exponential first.": [
                divided(z),
                divided(shifted),
            ],
            "You shifted the exponentials. Subtract the largest score before `exp`.": [
                divided(naive - each_row(ops.max, naive))
            ],
            "These are the logarithms of the probabilities. Return the probabilities.": [
                ops.log_softmax(z)
            ],
            "The order is turned round: the largest score must win. Look at the signs.": [
                ops.softmax(-z)
            ],
            "Softmax is applied twice. Once is enough.": [ops.softmax(ops.softmax(z))],
            "That is the sigmoid of each score by itself. In softmax each row sums to 1.": [
                ops.sigmoid(z)
            ],
            NO_GRADIENT: [lambda: softmax(np.array(z))],
        }

    def layer(call):
        return type("Softmax", (keras.layers.Layer,), {"call": lambda self, logits: call(logits)})

    return Exercise(
        solution=Softmax,
        mistakes=made_of_calls(layer, wrong_results, ops.ones((2, 2))),
        probe=observe,
        hints=(
            "It is the safe softmax of notebook 02, with `keras.ops` in place of `np`.",
            "First `logits - keras.ops.max(logits, axis=-1, keepdims=True)`. What comes next?",
            "Take `keras.ops.exp` of the shifted scores, and divide by its `keras.ops.sum` along "
            "the last axis, with `keepdims=True` as well.",
        ),
        takeaway="In notebook 06 this very layer, put in one place too many, ruins a network.",
        explanation="The three lines are those of notebook 02. A layer without weights needs no "
        "`build`.",
    )


def count_parameters() -> Exercise:
    """The parameters of dense layers of 64, 32 and 10 units on 32 by 32 pictures in colour."""
    kernels, biases = 3072 * 64 + 64 * 32 + 32 * 10, 64 + 32 + 10
    after_the_first = 64 * 32 + 32 + 32 * 10 + 10
    return Exercise(
        solution=199_082,
        mistakes={
            "You counted the kernels only. Add one bias for each unit: 64 + 32 + 10.": [kernels],
            "The biases are counted wrongly: a layer has one for each of its *outputs*, 64 + 32 + "
            "10.": [kernels + 1, kernels + 3, kernels + 10, kernels + 3072 + 64 + 32],
            "You counted the inputs, too. Flattening has no parameters.": [3072 + kernels + biases],
            "The colours are missing. Flattened, the picture has 32 · 32 · 3 = 3072 numbers.": [
                32 * 32 * 64 + 64 + after_the_first
            ],
            "The "
            "number of inputs is wrong. Flattened, the picture has 32 · 32 · 3 = 3072 numbers.": [
                inputs * 64 + 64 + after_the_first for inputs in (28 * 28, 28 * 28 * 3, 32 * 3)
            ],
            "This is the first layer alone. Add those of 32 and 10 units.": [3072 * 64 + 64],
            "This is the kernel of the first layer. Add its bias, and the other two layers.": [
                3072 * 64
            ],
            "The last layer is missing: the one of 10 units has parameters, too.": [
                3072 * 64 + 64 + 64 * 32 + 32
            ],
            "The first layer is missing: the one of 64 units looks at 3072 numbers.": [
                after_the_first
            ],
            "Only the first layer sees the picture. The second has 64 inputs, the third 32.": [
                3072 * biases + biases,
                3072 * biases,
            ],
            "These are the units. Each has one weight for each of its inputs, and a bias.": [
                biases
            ],
            "Layers follow each other, so their parameters add up. Multiply inside a layer only.": [
                3072 * 64 * 32 * 10
            ],
            "The layer in the middle is missing: 64 inputs and 32 units.": [
                3072 * 64 + 64 + 64 * 10 + 10,
                3072 * 64 + 64 + 32 * 10 + 10,
            ],
            "Flatten first: a dense layer on the picture itself sees the three colours only.": [
                3 * 64 + after_the_first + 64
            ],
            "One bias is missing: every layer has one for each of its units, the last one, too.": [
                3072 * 64 + 64 + 64 * 32 + 32 + 32 * 10
            ],
            "The colours and the biases are missing. The picture has 32 · 32 · 3 numbers.": [
                1024 * 64 + 64 * 32 + 32 * 10
            ],
            "Between two layers each unit is joined with each: multiply, don't add.": [
                3072 + 64 + 64 + 32 + 32 + 10,
                3072 + 64 + 32 + 10,
            ],
            "The three layers are right. Now add them up.": [
                [3072 * 64 + 64, 64 * 32 + 32, 32 * 10 + 10]
            ],
        },
        probe=value,
        hints=(
            "Write one line for each dense layer: how many numbers go in, how many come out?",
            "The first layer gets 32 · 32 · 3 = 3072 numbers. A layer with n inputs and m outputs "
            "has n · m + m parameters.",
            "3072 · 64 + 64, then 64 · 32 + 32, then 32 · 10 + 10. Add them up.",
        ),
        takeaway="A wrong count betrays a wrong layer before you train it. Compare yours with "
        "`count_params()` whenever you build a network.",
        explanation="The pictures have 32 · 32 · 3 = 3072 numbers. The layers have 3072 · 64 + 64 "
        "= 196,672, 64 · 32 + 32 = 2,080 and 32 · 10 + 10 = 330 parameters.",
        tolerance=1e-7,
    )


def cross_entropy_loss() -> Exercise:
    """Cross-entropy from logits as a Keras loss."""
    from helpers.quiet_tensorflow import keras, tf

    ops = keras.ops

    class SoftmaxCrossEntropy(keras.losses.Loss):
        def call(self, labels, logits):
            shifted = logits - keras.ops.max(logits, axis=-1, keepdims=True)
            log_sum = keras.ops.log(keras.ops.sum(keras.ops.exp(shifted), axis=-1))
            one_hot = keras.ops.one_hot(keras.ops.cast(labels, "int32"), logits.shape[-1])
            return log_sum - keras.ops.sum(one_hot * shifted, axis=-1)

    no_gradient = NO_GRADIENT.replace("layer", "loss")

    def observe(loss_class):
        require_subclass(loss_class, keras.losses.Loss)
        with bare_errors():
            loss = loss_class()
            for labels, logits in (
                ([0, 2], [[0, 0, 0, 0], [0.5, 2, -1, 0]]),
                ([3], [[0] * 10]),
                ([1, 0], [[-1000, -999], [-1, 1]]),
                ([0], [[1000, 1001, 1002]]),
                ([0, 1], [[1000, 1001, 1002], [0, 1, 2]]),
                ([0], [[0, 200]]),
            ):
                given = tf.constant(labels), tf.constant(logits, tf.float32)
                yield f"labels {labels}, logits {logits}", loss.call(*given)
            scores = tf.constant([[0, 0, 0], [0.5, 2, -1]])
            try:
                with computed_each_time(), tf.GradientTape() as tape:
                    tape.watch(scores)
                    mean = loss(np.array([0, 2], np.uint8), scores)
            except Exception as error:
                raise NotYet(
                    "Right for labels that are integers, but Keras hands them over as floats. "
                    'Begin with `labels = keras.ops.cast(labels, "int32")`.'
                ) from error
            yield "the loss of a batch of two, as Keras calls it", mean
            if tape.gradient(mean, scores) is None:
                raise NotYet(no_gradient)
            any_rows = tf.TensorSpec((None,)), tf.TensorSpec((None, 3))
            try:
                in_fit = tf.function(loss, input_signature=any_rows)(tf.constant([0.0, 2]), scores)
            except Exception as error:
                raise NotYet(
                    "Right by itself, but not inside `fit`, where the number of rows is not known "
                    "yet. Use `keras.ops` on the whole batch: no loop over rows, no `len`, no "
                    "`shape[0]`."
                ) from error
            yield "the same loss inside `fit`", in_fit

    def wrong_results(y, z):
        def pick(array):
            return ops.take_along_axis(array, y[:, None], axis=-1)[:, 0]

        def overflowing(z, axis=-1):
            return ops.log(ops.sum(ops.exp(z), axis=axis))

        y = ops.cast(y, "int32")
        one_hot, score, largest = ops.one_hot(y, z.shape[-1]), pick(z), ops.max(z, axis=-1)
        log_sum, p, log_p = ops.logsumexp(z, -1), ops.softmax(z), ops.log_softmax(z)
        losses, shifted, shifted_by_one = log_sum - score, z - largest[:, None], z - ops.max(z)
        return {
            "You returned one number for the batch. Return one loss for each row: Keras takes the "
            "mean by itself.": [ops.mean(losses), ops.sum(losses)],
            "You divided by the number of rows. Leave that to Keras, which takes the mean.": [
                losses / ops.cast(ops.shape(z)[0], "float32")
            ],
            "A sum runs over the whole batch. Each row needs its own: give it `axis=-1`.": [
                overflowing(shifted, axis=None) - pick(shifted),
                overflowing(z, axis=None) - score,
                log_sum - ops.sum(one_hot * z),
            ],
            "The shape is (batch, 1), and (batch,) is wanted: take one dimension away.": [
                losses[:, None]
            ],
            "Every row was combined with every other. Bring both parts to the same shape, "
            "(batch,), before you "
            "subtract.": [ops.logsumexp(z, -1, keepdims=True) - score, log_sum - score[:, None]],
            "`take` does not give each row its own label: with an axis it takes those of all rows, "
            "without one it counts through the whole batch. Use `take_along_axis`.": [
                -ops.take(log_p, y, axis=-1),
                log_sum - ops.take(z, y),
                -ops.take(log_p, y),
            ],
            "The shape is still (batch, classes): sum over the classes.": [-one_hot * log_p],
            "The sign is turned round: a loss is positive. Take logsumexp minus the score.": [
                -losses
            ],
            "These are scores, not probabilities: the logarithm of a score means nothing. Subtract "
            "the score itself from logsumexp.": [-ops.log(score)],
            "The loss looks at the label's class only, and you combined all classes. Pick the "
            "score of the label.": [-ops.mean(log_p, axis=-1), -ops.sum(log_p, axis=-1)],
            "You took the mean over the classes. Take the sum: only one term is not 0.": [
                -ops.mean(one_hot * log_p, axis=-1)
            ],
            "You subtracted the largest score. Subtract the score of the label, whether it is the "
            "largest or not.": [log_sum - largest],
            "This is logsumexp. Now subtract the score of the label.": [log_sum],
            "This is minus the score of the label. Add logsumexp of the row.": [-score],
            "This is the probability of the label. Take minus its logarithm.": [pick(p)],
            "This is 1 - p. The loss is minus the logarithm of p.": [1 - pick(p)],
            "Softmax is applied twice: the formula expects scores, "
            "and you gave it probabilities.": [ops.logsumexp(p, -1) - pick(p)],
            "These are bits. Take the natural logarithm: `keras.ops.log`.": [losses / np.log(2)],
            "Right for small scores, but exp overflows at 1000: subtract the largest score of each "
            "row first.": [
                overflowing(z) - score,
                -ops.log(pick(ops.exp(z)) / ops.sum(ops.exp(z), -1)),
            ],
            "Keras took your scores for probabilities. Say `from_logits=True`.": [
                keras.losses.sparse_categorical_crossentropy(y, z)
            ],
            "The largest score is subtracted in one part only. Use the shifted scores in both, or "
            "add it again.": [overflowing(shifted) - score, overflowing(z) - pick(shifted)],
            "The number that you subtracted does not belong to its row. Each row needs its own "
            "largest score: `axis=-1, keepdims=True`.": [
                overflowing(shifted_by_one) - pick(shifted_by_one)
            ],
            "A probability can become 0, and its logarithm says nothing then. Compute the loss "
            "from the scores: logsumexp minus the score of the label.": [
                -ops.log(pick(p)),
                -ops.log(pick(p) + 1e-7),
                -ops.log(ops.clip(pick(p), 1e-7, 1)),
            ],
            no_gradient: [lambda: -log_softmax(np.array(z))[np.arange(len(y)), y]],
        }

    def loss(call):
        methods = {"call": lambda self, labels, logits: call(labels, logits)}
        return type("SoftmaxCrossEntropy", (keras.losses.Loss,), methods)

    return Exercise(
        solution=SoftmaxCrossEntropy,
        mistakes=made_of_calls(loss, wrong_results, ops.zeros(1), ops.ones((1, 2))),
        probe=observe,
        hints=(
            "It is `cross_entropy` of notebook 03, without the mean at the end.",
            "Subtract the largest score of each row, and keep the result as `shifted`. Both parts "
            "of the formula may use it: logsumexp and the score of the label.",
            "The first part is `keras.ops.log(keras.ops.sum(keras.ops.exp(shifted), axis=-1))`. "
            "The second is `shifted` times the one-hot labels, summed over the last axis.",
        ),
        takeaway="No score is too large for this loss. It trains the networks of this notebook "
        "and of the next.",
        explanation="Logsumexp and the score both pass on a common shift, so it cancels in their "
        "difference, logsumexp(z) - z_y. The one-hot labels are 0 everywhere but at the label, "
        "so the sum picks its score.",
    )


def train_step() -> Exercise:
    """Loss, gradients, and one move of the weights."""
    from helpers.quiet_tensorflow import keras, tf

    def my_step(model, loss, optimizer, inputs, labels):
        with tf.GradientTape() as tape:
            value = loss(labels, model(inputs))
        gradients = tape.gradient(value, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return value

    def answer(
        move=lambda optimizer, g, v: optimizer.apply(g, v),
        value=lambda loss, y, z: loss(y, z),
        returned=lambda before, after: before,
    ):
        """The solution with another move of the variables v by the gradients g, and so on."""

        def other_step(model, loss, optimizer, x, y):
            with tf.GradientTape() as tape:
                before = value(loss, y, model(x))
            gradients = tape.gradient(before, model.trainable_variables)
            move(optimizer, gradients, model.trainable_variables)
            return returned(before, loss(y, model(x)))

        return other_step

    def writes_into_inputs(model, loss, optimizer, x, y):
        x /= 255
        return my_step(model, loss, optimizer, x, y)

    no_gradient = (
        "The tape did not see how the loss came about, so there are no gradients. Inside the "
        "`with` block, compute `model(inputs)` and the loss, both in tensors: `predict` and NumPy "
        "leave no trace."
    )
    gradient_first = (
        "Your pairs are turned round: first the gradient, then the variable, "
        "`zip(gradients, model.trainable_variables)`."
    )

    class Watched(keras.optimizers.Optimizer):
        """Before one of Keras' optimizers: a sentence for what it cannot use."""

        def apply(self, grads, trainable_variables=None):
            if any(isinstance(gradient, keras.Variable) for gradient in grads):
                raise NotYet(gradient_first)
            if all(gradient is None for gradient in grads):
                raise NotYet(no_gradient)
            super().apply(grads, trainable_variables)

    class WatchedSGD(Watched, keras.optimizers.SGD):
        pass

    class WatchedAdam(Watched, keras.optimizers.Adam):
        pass

    class SquaredScores(keras.losses.Loss):
        def call(self, labels, logits):
            return keras.ops.sum(logits**2, axis=-1)

    # Without names of their own, these would take the next ones of the notebook's models. And with
    # zeros nothing is drawn, so that the notebook's dice fall as they would.
    first = keras.layers.Dense(3, "tanh", use_bias=False, kernel_initializer="zeros", name="first")
    last = keras.layers.Dense(2, kernel_initializer="zeros", name="last")
    model = keras.Sequential([keras.Input((2,), name="input"), first, last], name="small")
    weights = [
        np.array([[0.5, -0.5, 0.2], [0.1, 0.4, -0.3]]),
        np.array([[1.0, -1.0], [-0.5, 0.5], [0.3, 0.8]]),
        np.array([0.2, -0.2]),
    ]
    # Forty rows, more than `fit` takes at a time.
    inputs = np.tile(np.array([[1, 2], [-1, 0.5], [0, -2], [2, 1]], np.float32), (10, 1))
    labels = np.tile(np.array([1, 0, 0, 1], np.uint8), 10)
    cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def observe(function):
        if not callable(function):
            raise NotYet(NO_FUNCTION)
        with bare_errors():
            for name, loss, optimizer in (
                ("SGD(learning_rate=0.05)", cross_entropy, WatchedSGD(0.05)),
                ("Adam(learning_rate=0.1), another loss", SquaredScores(), WatchedAdam(0.1)),
            ):
                model.set_weights(weights)
                optimizer.build(model.trainable_variables)
                x, y = inputs.copy(), labels.copy()
                returned = function(model, loss, optimizer, x, y)
                if not (np.array_equal(x, inputs) and np.array_equal(y, labels)):
                    raise NotYet(CHANGED)
                if isinstance(returned, (tuple, list)):
                    raise NotYet("Return the loss alone, one number.")
                yield f"{name}, the loss returned", returned
                for variable in model.trainable_variables:
                    yield f"{name}, {variable.path} after one step", variable
            again = function(model, loss, optimizer, x, y)
            yield f"{name}, the loss returned by a second step", again

    return Exercise(
        solution=my_step,
        mistakes={
            "The loss is right, but the weights have not moved: "
            "call `optimizer.apply_gradients`.": [answer(lambda optimizer, g, v: None)],
            "You computed the loss again after the move. Return the one from before it, which the "
            "tape saw.": [answer(returned=lambda before, after: after)],
            "The weights moved uphill: the optimizer subtracts by itself, so give it the gradients "
            "as they "
            "are.": [answer(lambda optimizer, g, v: optimizer.apply([-each for each in g], v))],
            "Only the last layer has moved. Take the gradients for all "
            "`model.trainable_variables`.": [
                answer(lambda optimizer, g, v: optimizer.apply(g[1:], v[1:]))
            ],
            "Only the first layer has moved. Take the gradients for all "
            "`model.trainable_variables`.": [
                answer(lambda optimizer, g, v: optimizer.apply(g[:1], v[:1]))
            ],
            "Only some of the weights have moved. Take all `model.trainable_variables`.": [
                answer(lambda optimizer, g, v: optimizer.apply(g[:2], v[:2])),
                answer(lambda optimizer, g, v: optimizer.apply(g[2:], v[2:])),
                answer(lambda optimizer, g, v: optimizer.apply(g[::2], v[::2])),
            ],
            "The weights moved twice. One step moves them once.": [
                answer(lambda optimizer, g, v: (optimizer.apply(g, v), optimizer.apply(g, v)))
            ],
            "You multiplied by the learning rate, and the optimizer does that, too. Give it the "
            "gradients as they are.": [
                answer(lambda optimizer, g, v: optimizer.apply([0.05 * each for each in g], v))
            ],
            "You divided the gradients by the number of rows. The loss is a mean already, so leave "
            "that "
            "out.": [answer(lambda optimizer, g, v: optimizer.apply([each / 40 for each in g], v))],
            "The gradients have taken the place of the weights. Let the optimizer subtract them: "
            "`optimizer.apply_gradients`.": [
                answer(
                    lambda optimizer, g, v: [
                        old.assign(each) for old, each in zip(v, g, strict=True)
                    ]
                )
            ],
            "Right with the learning rate 0.05 only. Use the optimizer that you were given.": [
                answer(lambda optimizer, g, v: keras.optimizers.SGD(0.05).apply(g, v))
            ],
            "Right with SGD only: you moved the weights yourself. Let the optimizer do it, by "
            "`optimizer.apply_gradients`.": [
                answer(
                    lambda optimizer, g, v: [
                        old.assign_sub(optimizer.learning_rate * each)
                        for old, each in zip(v, g, strict=True)
                    ]
                )
            ],
            "Right for cross-entropy only. Use the `loss` that you were given.": [
                answer(value=lambda loss, y, z: cross_entropy(y, z))
            ],
            "`loss.call` gives one loss for each row. `loss(labels, logits)` takes the mean.": [
                answer(value=lambda loss, y, z: loss.call(y, z))
            ],
            "These are the model's scores. Compute the loss from them: `loss(labels, scores)`.": [
                answer(value=lambda loss, y, z: z)
            ],
            "Return the loss alone, one number.": [
                answer(returned=lambda before, after: (before, after))
            ],
            no_gradient: [answer(value=lambda loss, y, z: loss(y, tf.stop_gradient(z)))],
            "A Keras loss takes the labels first, then the scores: `loss(labels, scores)`.": [
                answer(value=lambda loss, y, z: loss(z, y))
            ],
            gradient_first: [answer(lambda optimizer, g, v: optimizer.apply(v, g))],
            CHANGED: [writes_into_inputs],
        },
        probe=observe,
        hints=(
            "Three parts: compute the loss under a tape, ask the tape for the gradients, let the "
            "optimizer move the weights. The first two stand in the section before.",
            "Both `model(inputs)` and `loss(labels, …)` belong inside `with tf.GradientTape() as "
            "tape:`. Then `tape.gradient(value, model.trainable_variables)`.",
            "The last two lines are `optimizer.apply_gradients(zip(gradients, "
            "model.trainable_variables))` and `return value`.",
        ),
        takeaway="This is all that `fit` does for each minibatch. A few cells on, the same step "
        "is held against your NumPy loop.",
        explanation="The tape must see everything from the weights to the loss. The optimizer "
        "subtracts the gradient times its learning rate, or does what Adam does, and the loss was "
        "computed before that.",
    )


EXERCISES = {
    "5.1": dense,
    "5.2": softmax_layer,
    "5.3": count_parameters,
    "5.4": cross_entropy_loss,
    "5.5": train_step,
}
