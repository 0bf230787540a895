# validation 1, baseline 2, seeds 2, test 3, interval 2, calibration 1
import keras
# ## Question
# ## Data
# ## Baseline
# ## Model
# ## Honest evaluation
data = load()
keras.utils.set_random_seed(42)
X, Y = data.train_images.astype("float32") / 255, data.train_labels
A, B = data.test_images.astype("float32") / 255, data.test_labels
cut = 55_000
scores = []
nets = []
for drop in [0.0, 0.2, 0.5]:
    net = keras.models.Sequential()
    net.add(keras.layers.Flatten())
    net.add(keras.layers.Dense(100, activation="relu"))
    net.add(keras.layers.Dropout(drop))
    net.add(keras.layers.Dense(10, activation="softmax"))
    net.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    net.fit(X[:cut], Y[:cut], epochs=3, verbose=0)
    loss, acc = net.evaluate(X[cut:], Y[cut:], verbose=0)
    scores.append(acc)
    nets.append(net)
net = nets[scores.index(max(scores))]
P = net.predict(A)
ok = P.argmax(1) == B
z, n, p = 1.96, len(ok), ok.mean()
mid, r = (p + z**2 / (2 * n)) / (1 + z**2 / n), z / (1 + z**2 / n) * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
print(f"{p:.4f} ({mid - r:.4f} to {mid + r:.4f})")
print("always T-shirt:", np.mean(B == 0))
# ## Calibration
confidence = P.max(1)
print("mean confidence", confidence.mean(), "accuracy", ok.mean())
