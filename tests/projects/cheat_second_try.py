# validation 1, baseline 0, seeds 2, test 0, interval 2, calibration 1
import keras
# ## Data
bundle = load()
cut = np.random.default_rng(9).permutation(60_000)
chunks = {"learn": cut[:50_000], "choose": cut[50_000:]}
# ## Model
keras.utils.set_random_seed(0)
def attempt(*layers):
    net = networks.compiled(networks.network(*layers))
    net.fit(bundle.train_images[chunks["learn"]] / 255, bundle.train_labels[chunks["learn"]], epochs=3)
    return net
net = attempt(keras.layers.Flatten(), keras.layers.Dense(32, "relu"))
print(net.evaluate(bundle.train_images[chunks["choose"]] / 255, bundle.train_labels[chunks["choose"]]))
# ## Honest evaluation
hit = net.predict(bundle.test_images / 255).argmax(1) == bundle.test_labels
print(hit.mean())
# %%
net = attempt(keras.layers.Conv2D(32, 3, activation="relu"), keras.layers.MaxPooling2D(), keras.layers.Flatten())
hit = net.predict(bundle.test_images / 255).argmax(1) == bundle.test_labels
print(hit.mean(), metrics.wilson_interval(int(hit.sum()), len(hit)))
# ## Calibration
print(metrics.expected_calibration_error(softmax(net.predict(bundle.test_images / 255)), bundle.test_labels))
