// The network of notebook 06, from random weights.
function freshNetwork() {
  const network = tf.sequential();
  network.add(tf.layers.rescaling({ scale: 1 / 255, inputShape: [28, 28] }));
  network.add(tf.layers.flatten());
  network.add(tf.layers.dense({ units: 128, activation: "relu" }));
  network.add(tf.layers.dense({ units: 10 }));
  return network;
}

// Moves the weights once, against the gradient of the loss; returns the loss before.
function trainStep(network, optimizer, pictures, labels) {
  return tf.tidy(() => {
    const targets = tf.oneHot(labels, 10);
    const loss = () => tf.losses.softmaxCrossEntropy(targets, network.apply(pictures));
    return optimizer.minimize(loss, true).dataSync()[0];
  });
}
