"""Right answers to the exercises of notebook 04 other than the solutions."""

import numpy as np

from helpers import maths, training
from helpers.maths import cross_entropy, cross_entropy_gradient
from helpers.training import predict_logits, scale_pixels


def gradients_from_probabilities(inputs, labels, weights, bias):
    log_probabilities = maths.log_softmax(inputs @ weights + bias)
    error = np.exp(log_probabilities)
    error[np.arange(len(labels)), labels] -= 1
    loss = -log_probabilities[np.arange(len(labels)), labels].mean()
    return [loss, np.dot(inputs.T, error) / len(labels), error.mean(axis=0)]


def gradients_picture_by_picture(inputs, labels, weights, bias):
    loss, for_weights, for_bias = 0.0, np.zeros(weights.shape), np.zeros(bias.shape)
    for pixels, label in zip(inputs, labels, strict=True):
        logits = predict_logits(pixels, weights, bias)
        error = maths.softmax(logits) - np.eye(len(bias))[label]
        loss += cross_entropy([logits], [label]) / len(inputs)
        for_weights += np.outer(pixels, error) / len(inputs)
        for_bias += error / len(inputs)
    return loss, for_weights.tolist(), for_bias.tolist()


def gradients_in_float32(inputs, labels, weights, bias):
    inputs, weights, bias = map(np.float32, (inputs, weights, bias))
    return training.loss_and_gradients(inputs, labels, weights, bias)


def gradients_by_finite_differences(inputs, labels, weights, bias):
    def loss(weights, bias):
        return cross_entropy(predict_logits(inputs, weights, bias), labels)

    return (
        loss(weights, bias),
        maths.numerical_gradient(lambda moved: loss(moved, bias), weights),
        maths.numerical_gradient(lambda moved: loss(weights, moved), bias),
    )


def step_by_hand(inputs, labels, weights, bias, learning_rate):
    error = cross_entropy_gradient(inputs @ weights + bias, labels)
    new_weights = weights.copy()
    new_weights -= learning_rate * inputs.T @ error
    return [new_weights, (bias + -learning_rate * error.sum(axis=0)).tolist()]


def step_in_float32(inputs, labels, weights, bias, learning_rate):
    inputs, weights, bias = map(np.float32, (inputs, weights, bias))
    _, slopes, bias_slopes = training.loss_and_gradients(inputs, labels, weights, bias)
    return weights - np.float32(learning_rate) * slopes, bias - learning_rate * bias_slopes


def step_weight_by_weight(inputs, labels, weights, bias, learning_rate):
    _, slopes, bias_slopes = training.loss_and_gradients(inputs, labels, weights, bias)
    moved = np.array(weights)
    for index, slope in np.ndenumerate(slopes):
        moved[index] = weights[index] - slope * learning_rate
    pairs = zip(bias, bias_slopes, strict=True)
    return moved, [old - learning_rate * slope for old, slope in pairs]


def evidence_on_the_grid(image, weights, class_number):
    return image / 255 * weights.reshape(28, 28, -1)[..., class_number]


def evidence_as_a_template(image, weights, class_number):
    return (weights.T.reshape(-1, 28, 28)[class_number] * scale_pixels(image)).tolist()


def evidence_pixel_by_pixel(image, weights, class_number):
    result = np.zeros((28, 28))
    for row, column in np.ndindex(28, 28):
        result[row, column] = image[row, column] / 255 * weights[28 * row + column, class_number]
    return result


def evidence_in_float32(image, weights, class_number):
    template = np.float32(weights[:, class_number]).reshape(image.shape)
    return image.astype(np.float32) / np.float32(255) * template


def standardised_where_possible(images, mean, spread):
    difference = images.reshape(-1, 784).astype(np.float32) - np.asarray(mean, np.float32)
    result = np.zeros_like(difference)
    return np.divide(difference, np.float32(spread), out=result, where=spread != 0)


def standardised_and_mended(images, mean, spread):
    result = (images.reshape(len(images), 784) - mean) / spread
    result[~np.isfinite(result)] = 0
    return result


def standardised_with_infinite_spread(images, mean, spread):
    spread = spread.copy()
    spread[spread == 0] = np.inf
    return (images.reshape(len(images), -1) - mean) / spread


def standardised_pixel_by_pixel(images, mean, spread):
    return [
        [
            (pixel - mean[place]) / spread[place] if spread[place] else 0.0
            for place, pixel in enumerate(image.ravel().tolist())
        ]
        for image in images
    ]


def drop_weight_by_weight(weights_gradient, bias_gradient, learning_rate):
    total = 0.0
    for slope in [*weights_gradient.ravel().tolist(), *bias_gradient.tolist()]:
        total += learning_rate * slope * slope
    return total


def drop_of_all_at_once(weights_gradient, bias_gradient, learning_rate):
    everything = np.concatenate([weights_gradient.ravel(), bias_gradient])
    return learning_rate * np.linalg.norm(everything) ** 2


def drop_as_a_product(weights_gradient, bias_gradient, learning_rate):
    moves = -learning_rate * weights_gradient, -learning_rate * bias_gradient
    return -(moves[0] * weights_gradient).sum() - moves[1] @ bias_gradient


RIGHT_ANSWERS = {
    "4.1": lambda: [
        gradients_from_probabilities,
        gradients_picture_by_picture,
        gradients_in_float32,
        gradients_by_finite_differences,
        training.loss_and_gradients,
    ],
    "4.2": lambda: [step_by_hand, step_in_float32, step_weight_by_weight],
    "4.3": lambda: [drop_weight_by_weight, drop_of_all_at_once, drop_as_a_product],
    "4.4": lambda: [
        evidence_on_the_grid,
        evidence_as_a_template,
        evidence_pixel_by_pixel,
        evidence_in_float32,
    ],
    "4.5": lambda: [
        standardised_where_possible,
        standardised_and_mended,
        standardised_with_infinite_spread,
        standardised_pixel_by_pixel,
    ],
}
