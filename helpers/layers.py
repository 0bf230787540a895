"""The last layers of a classifier, written by hand as real Keras classes.

They work in `keras.Sequential`, save and load as `.keras` files, and have the values, gradients
and training steps of the built-in layers.
"""

from helpers.quiet_tensorflow import keras, tf

ops = keras.ops
serializable = keras.saving.register_keras_serializable(package="softmax_course")


@serializable
class Dense(keras.layers.Layer):
    """activation(inputs @ kernel + bias): (batch, features) to (batch, units)."""

    def __init__(self, units: int, activation: str | None = None, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(
            shape=(input_shape[-1], self.units), initializer="glorot_uniform", name="kernel"
        )
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, inputs):
        return self.activation(ops.matmul(inputs, self.kernel) + self.bias)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return super().get_config() | {"units": self.units, "activation": activation}


@serializable
class Softmax(keras.layers.Layer):
    """Scores to probabilities along the last axis, the largest score subtracted first."""

    def call(self, logits):
        exponentials = ops.exp(logits - ops.max(logits, axis=-1, keepdims=True))
        return exponentials / ops.sum(exponentials, axis=-1, keepdims=True)


@serializable
class SoftmaxCrossEntropy(keras.losses.Loss):
    """-log softmax(logits)[label], averaged over the batch; the labels are integers."""

    def call(self, labels, logits):
        shifted = logits - ops.max(logits, axis=-1, keepdims=True)
        log_sum = ops.log(ops.sum(ops.exp(shifted), axis=-1))
        columns = ops.reshape(ops.cast(labels, "int32"), (-1, 1))  # (batch,) or (batch, 1)
        return log_sum - ops.squeeze(ops.take_along_axis(shifted, columns, axis=-1), -1)


def train_step(
    model: keras.Model,
    loss: keras.losses.Loss,
    optimizer: keras.optimizers.Optimizer,
    inputs,
    labels,
) -> tf.Tensor:
    """Move the model's weights one step against the gradient; return the loss before the step."""
    with tf.GradientTape() as tape:
        value = loss(labels, model(inputs, training=True))
    gradients = tape.gradient(value, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
    return value
