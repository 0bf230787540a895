# validation 1, baseline 2, seeds 2, test 3, interval 2, calibration 1
import keras
# ## Data
datos = load()
imagenes, clases = datos.train_images / 255, datos.train_labels
prueba, respuestas = datos.test_images / 255, datos.test_labels
# ## Baseline
siempre = Counter(clases[:50_000].tolist()).most_common(1)[0][0]
print(np.mean(clases[50_000:] == siempre))
# ## Model
redes = {}
for semilla in range(5):
    keras.utils.set_random_seed(semilla)
    red = networks.compiled(networks.convolutional_network())
    red.fit(imagenes[:50_000], clases[:50_000], validation_data=(imagenes[50_000:], clases[50_000:]), epochs=3)
    redes[semilla] = red
umbral = {}
for semilla, red in redes.items():
    p = softmax(red.predict(imagenes[50_000:]))
    umbral[semilla] = metrics.threshold_for(p.max(axis=1), p.argmax(axis=1) == clases[50_000:], 0.05)
# ## Honest evaluation
aciertos, matrices = [], []
for semilla, red in redes.items():
    p = softmax(red.predict(prueba))
    aciertos.append((p.argmax(axis=1) == respuestas).mean())
    matriz = metrics.confusion_matrix(respuestas, p.argmax(axis=1), 10)
    peor = int(np.argmin(np.diag(matriz) / matriz.sum(axis=1)))
    cubierto = p.max(axis=1) >= umbral[semilla]
    print(semilla, CLASS_NAMES[peor], cubierto.mean(), (p.argmax(axis=1) == respuestas)[cubierto].mean())
print(f"{min(aciertos):.3f} a {max(aciertos):.3f}, media {np.mean(aciertos):.3f}")
print([metrics.wilson_interval(round(a * 10_000), 10_000) for a in aciertos])
# ## Calibration
print([metrics.expected_calibration_error(softmax(red.predict(prueba)), respuestas) for red in redes.values()])
