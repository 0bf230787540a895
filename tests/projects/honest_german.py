# validation 1, baseline 2, seeds 2, test 3, interval 2, calibration 1
import keras
# ## Data
daten = load()
reihenfolge = np.random.default_rng(5).permutation(60_000)
lernbilder, lernklassen = daten.train_images[reihenfolge[:48_000]], daten.train_labels[reihenfolge[:48_000]]
auswahlbilder, auswahlklassen = daten.train_images[reihenfolge[48_000:]], daten.train_labels[reihenfolge[48_000:]]
pruefbilder, pruefklassen = daten.test_images, daten.test_labels
# ## Baseline
def mehrheit(klassen):
    return np.bincount(klassen).argmax()
print("Mehrheit:", (auswahlklassen == mehrheit(lernklassen)).mean())
# ## Model
netze, guete = {}, {}
for anzahl in (1_000, 5_000, 48_000):
    keras.utils.set_random_seed(1)
    netz = networks.compiled(networks.convolutional_network())
    netz.fit(lernbilder[:anzahl] / 255, lernklassen[:anzahl], epochs=2, verbose=0)
    netze[anzahl] = netz
    guete[anzahl] = (netz.predict(auswahlbilder / 255).argmax(1) == auswahlklassen).mean()
bestes = max(guete, key=guete.get)
# ## Honest evaluation
for anzahl, netz in netze.items():
    treffer = netz.predict(pruefbilder / 255).argmax(axis=1) == pruefklassen
    print(anzahl, treffer.mean(), metrics.wilson_interval(int(treffer.sum()), len(treffer)))
# ## Calibration
temperatur = metrics.fit_temperature(netze[bestes].predict(auswahlbilder / 255), auswahlklassen)
wahrscheinlich = softmax(netze[bestes].predict(pruefbilder / 255) / temperatur)
print(metrics.expected_calibration_error(wahrscheinlich, pruefklassen))
