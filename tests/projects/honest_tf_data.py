# validation 1, baseline 2, seeds 2, test 3, interval 2, calibration 1
import keras
# ## Data
(train_x, train_y), (last_x, last_y) = keras.datasets.fashion_mnist.load_data()
keras.utils.set_random_seed(3)
whole = tf.data.Dataset.from_tensor_slices((train_x[..., None] / 255, train_y)).shuffle(60_000, seed=0, reshuffle_each_iteration=False)
fitting, choosing = whole.skip(10_000).batch(128), whole.take(10_000).batch(500)
final = tf.data.Dataset.from_tensor_slices((last_x[..., None] / 255, last_y)).batch(500)
# ## Baseline
print("always trousers", np.mean(train_y == 1))
# ## Model
loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
def learn(filters, epochs=3):
    net = keras.Sequential([keras.layers.Conv2D(filters, 3), keras.layers.Flatten(), keras.layers.Dense(10)])
    optimizer = keras.optimizers.Adam()
    for _ in range(epochs):
        for pictures, labels in fitting:
            with tf.GradientTape() as tape:
                loss = loss_of(labels, net(pictures))
            optimizer.apply_gradients(zip(tape.gradient(loss, net.trainable_variables), net.trainable_variables))
    return net
def share_right(net, dataset):
    metric = keras.metrics.SparseCategoricalAccuracy()
    for pictures, labels in dataset:
        metric.update_state(labels, net(pictures))
    return float(metric.result())
nets = [learn(filters) for filters in (4, 8, 16)]
net = nets[np.argmax([share_right(n, choosing) for n in nets])]
# ## Honest evaluation
share = share_right(net, final)
print(share, metrics.wilson_interval(round(share * 10_000), 10_000), np.mean(last_y == 1))
# ## Calibration
logits = np.concatenate([net(pictures) for pictures, _ in final])
print(metrics.expected_calibration_error(softmax(logits), last_y))
