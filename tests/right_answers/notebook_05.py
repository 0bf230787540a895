"""Right answers to the exercises of notebook 05 other than the solutions.

TensorFlow is imported where an answer is made.
"""

import numpy as np

from helpers.exercises.notebook_05 import dense


def dense_layers():
    from helpers.quiet_tensorflow import keras, tf

    ops, solution = keras.ops, dense().solution

    class BiasFirst(solution):
        def build(self, input_shape):
            _, features = input_shape
            self.shift = self.add_weight(shape=[self.units], initializer="zeros")
            self.slopes = self.add_weight(shape=[features, self.units])

        def call(self, inputs):
            return tf.linalg.matmul(inputs, self.slopes) + self.shift

    class WithVariables(solution):
        def build(self, input_shape):
            draw = keras.initializers.GlorotUniform()
            self.w = keras.Variable(draw((input_shape[1], self.units)))
            self.b = keras.Variable(np.zeros(self.units, np.float32))

        def call(self, inputs):
            return ops.add(ops.einsum("nf,fu->nu", inputs, self.w), self.b)

    class ColumnByColumn(solution):
        def call(self, inputs):
            columns = [
                ops.sum(inputs * self.kernel[:, unit], axis=-1) + self.bias[unit]
                for unit in range(self.units)
            ]
            return ops.stack(columns, axis=-1)

    class BuiltIn(keras.layers.Dense):
        pass

    return [BiasFirst, WithVariables, ColumnByColumn, BuiltIn]


def softmax_layers():
    from helpers.quiet_tensorflow import keras, tf

    ops = keras.ops

    class ByLogarithm(keras.layers.Layer):
        def call(self, logits):
            return ops.exp(logits - ops.logsumexp(logits, axis=1, keepdims=True))

    class WithEmptyBuild(ByLogarithm):
        def build(self, input_shape):
            pass

        def call(self, logits):
            return super().call(logits)

    class InTensorFlow(keras.layers.Layer):
        def call(self, logits):
            exponentials = tf.exp(logits - tf.reduce_max(logits, axis=1)[:, tf.newaxis])
            return tf.transpose(tf.transpose(exponentials) / tf.reduce_sum(exponentials, axis=1))

    class BuiltIn(keras.layers.Softmax):
        pass

    return [WithEmptyBuild, ByLogarithm, InTensorFlow, BuiltIn]


def losses():
    from helpers.quiet_tensorflow import keras, tf

    ops = keras.ops

    class FromLogsumexp(keras.losses.Loss):
        def call(self, labels, logits):
            places = ops.cast(labels, "int32")[:, None]
            return (
                ops.logsumexp(logits, axis=1) - ops.take_along_axis(logits, places, axis=-1)[:, 0]
            )

    class InTensorFlow(keras.losses.Loss):
        def call(self, labels, logits):
            labels = tf.cast(labels, tf.int32)
            return -tf.gather(tf.nn.log_softmax(logits), labels, batch_dims=1)

    class BuiltIn(keras.losses.Loss):
        def call(self, labels, logits):
            return keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)

    return [FromLogsumexp, InTensorFlow, BuiltIn]


def steps():
    from helpers.layers import train_step
    from helpers.quiet_tensorflow import tf

    def everything_under_the_tape(model, loss, optimizer, inputs, labels):
        with tf.GradientTape() as tape:
            logits = model(inputs, training=True)
            value = loss(labels, logits)
            gradients = tape.gradient(value, model.trainable_weights)
            optimizer.apply(gradients, model.trainable_weights)
        return value.numpy()

    def mean_by_hand(model, loss, optimizer, inputs, labels):
        variables = [variable for layer in model.layers for variable in layer.trainable_weights]
        with tf.GradientTape(persistent=True) as tape:
            value = tf.reduce_mean(loss.call(tf.constant(labels), model(tf.constant(inputs))))
        pairs = [(tape.gradient(value, [variable])[0], variable) for variable in variables]
        optimizer.apply_gradients(pairs)
        return float(value)

    @tf.function
    def in_a_graph(model, loss, optimizer, inputs, labels):
        return train_step(model, loss, optimizer, inputs, labels)

    return [everything_under_the_tape, mean_by_hand, in_a_graph, train_step]


RIGHT_ANSWERS = {
    "5.1": dense_layers,
    "5.2": softmax_layers,
    "5.3": lambda: [199082.0, np.int64(199082), np.array(199082)],
    "5.4": losses,
    "5.5": steps,
}
