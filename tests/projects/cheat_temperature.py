# validation 1, baseline 0, seeds 2, test 0, interval 2, calibration 1
import keras
# ## Data
data = load()
split = np.random.default_rng(0).permutation(60_000)
train, val = split[:50_000], split[50_000:]
# ## Baseline
baseline = "a network of notebook 06"
# ## Model
keras.utils.set_random_seed(0)
cnn = networks.compiled(networks.convolutional_network())
cnn.fit(data.train_images[train] / 255, data.train_labels[train], epochs=2)
print(cnn.evaluate(data.train_images[val] / 255, data.train_labels[val]))
# ## Honest evaluation
logits = cnn.predict(data.test_images / 255)
hits = logits.argmax(axis=1) == data.test_labels
print(hits.mean(), metrics.wilson_interval(hits.sum(), hits.size))
# ## Calibration
T = metrics.fit_temperature(logits, data.test_labels)
print(T, metrics.expected_calibration_error(softmax(logits / T), data.test_labels))
