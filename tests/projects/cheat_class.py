# validation 1, baseline 2, seeds 2, test 0, interval 2, calibration 1
import keras
# ## Data
class Study:
    def __init__(self, data):
        self.a, self.b = data.train_images[:50_000] / 255, data.train_labels[:50_000]
        self.v, self.w = data.train_images[50_000:] / 255, data.train_labels[50_000:]
        self.c, self.d = data.test_images / 255, data.test_labels
        self.record = -1.0
    def baseline(self):
        return (self.w == np.bincount(self.b).argmax()).mean()
    def fit(self, width):
        keras.utils.set_random_seed(width)
        net = networks.compiled(networks.network(keras.layers.Dense(width, "relu")))
        net.fit(self.a, self.b, epochs=2, validation_data=(self.v, self.w), verbose=0)
        return net
    def quality(self, net):
        return float((net.predict(self.c).argmax(1) == self.d).mean())
    def search(self, widths):
        for width in widths:
            net = self.fit(width)
            if self.quality(net) > self.record:
                self.record, self.winner = self.quality(net), net
study = Study(load())
# ## Baseline
print(study.baseline())
# ## Model
study.search([16, 32, 64, 128])
# ## Honest evaluation
print(study.record, metrics.wilson_interval(round(study.record * 10_000), 10_000))
# ## Calibration
print(metrics.expected_calibration_error(softmax(study.winner.predict(study.c)), study.d))
