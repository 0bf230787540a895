# validation 1, baseline 2, seeds 2, test 0, interval 2, calibration 1
import keras
# ## Data
data = load()
fit_x, fit_y = data.train_images[:55_000] / 255, data.train_labels[:55_000]
dev_x, dev_y = data.train_images[55_000:] / 255, data.train_labels[55_000:]
class Keeper(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.record = 0
        self.pictures, self.truth = data.test_images / 255, data.test_labels
    def on_epoch_end(self, epoch, logs=None):
        value = self.model.evaluate(self.pictures, self.truth, verbose=0)[1]
        if value > self.record:
            self.record = value
            self.weights = self.model.get_weights()
# ## Baseline
print((dev_y == np.bincount(fit_y).argmax()).mean())
# ## Model
keras.utils.set_random_seed(0)
net = networks.compiled(networks.convolutional_network())
keeper = Keeper()
net.fit(fit_x, fit_y, epochs=20, validation_data=(dev_x, dev_y), callbacks=[keeper])
net.set_weights(keeper.weights)
# ## Honest evaluation
print(keeper.record, metrics.wilson_interval(round(keeper.record * 10_000), 10_000))
# ## Calibration
print(metrics.expected_calibration_error(softmax(net.predict(data.test_images / 255)), data.test_labels))
