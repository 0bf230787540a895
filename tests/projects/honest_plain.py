# validation 1, baseline 2, seeds 2, test 3, interval 2, calibration 1
import keras
# ## Question
# ## Data
data = load()
known = {picture.tobytes() for picture in data.train_images}
print(sum(picture.tobytes() in known for picture in data.test_images))
order = np.random.default_rng(1).permutation(60_000)
X_tr = data.train_images[order[:50_000]].reshape(-1, 784) / 255
y_tr = data.train_labels[order[:50_000]]
X_va, y_va = data.train_images[order[50_000:]].reshape(-1, 784) / 255, data.train_labels[order[50_000:]]
X_te, y_te = data.test_images.reshape(-1, 784) / 255, data.test_labels
# ## Baseline
majority = np.bincount(y_tr).argmax()
print((y_va == majority).mean())
# ## Model
keras.utils.set_random_seed(0)
best, best_score = None, 0
for units in (32, 64, 128):
    net = keras.Sequential([keras.layers.Dense(units, "relu"), keras.layers.Dense(10)])
    net.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), ["accuracy"])
    net.fit(X_tr, y_tr, epochs=3, verbose=0)
    score = net.evaluate(X_va, y_va, verbose=0)[1]
    if score > best_score:
        best, best_score = net, score
# ## Honest evaluation
right = best.predict(X_te).argmax(axis=1) == y_te
p, n = right.mean(), len(right)
half = 1.96 * np.sqrt(p * (1 - p) / n)
print(p - half, p + half, (y_te == majority).mean())
# ## Calibration
T = metrics.fit_temperature(best.predict(X_va), y_va)
print(metrics.expected_calibration_error(softmax(best.predict(X_te) / T), y_te))
