"use strict";

const SIDE = 28;
const PIXELS = SIDE * SIDE;
const BATCH = 64;
const EPOCHS = 4;
const LEARNING_RATE = 0.004;

const byId = (id) => document.getElementById(id);
const given = JSON.parse(byId("given").textContent);
const named = (k) => given.classes[k].name;
const pause = () => new Promise((resolve) => setTimeout(resolve));

// What the page holds while it is open. Pictures are rows of 784 numbers from 0 to 255.
const playground = { networks: {}, pixels: new Float32Array(PIXELS), chosen: 0 };

// --- Unpacking ---------------------------------------------------------------------------------

function decoded(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

async function unzipped(base64) {
  const stream = new Blob([decoded(base64)]).stream();
  const plain = stream.pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(plain).arrayBuffer());
}

async function unpackedPictures({ labels, pixels }) {
  return { labels: decoded(labels), pixels: await unzipped(pixels) };
}

const picture = ({ pixels }, k) => pixels.subarray(k * PIXELS, (k + 1) * PIXELS);

// --- TensorFlow.js -----------------------------------------------------------------------------

// WebAssembly where the browser has its vector instructions, else plain JavaScript.
async function startBackend() {
  if (await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT")) {
    const binary = new Blob([await unzipped(given.wasm)], { type: "application/wasm" });
    const url = URL.createObjectURL(binary);
    const names = ["tfjs-backend-wasm.wasm", "tfjs-backend-wasm-simd.wasm"];
    tf.wasm.setWasmPaths(Object.fromEntries(
      [...names, "tfjs-backend-wasm-threaded-simd.wasm"].map((name) => [name, url])));
    tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
    if (await tf.setBackend("wasm")) return;
  }
  await tf.setBackend("cpu");
}

function loadedNetwork({ modelTopology, weightSpecs, weights }) {
  const weightData = decoded(weights).buffer;
  return tf.loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs, weightData }));
}

const asTensor = (pixels) => tf.tensor(Float32Array.from(pixels), [pixels.length / PIXELS, SIDE, SIDE]);

// Ten scores for each picture in `pixels`, one row after another.
function logitsOf(network, pixels) {
  return tf.tidy(() => Array.from(network.predict(asTensor(pixels)).dataSync()));
}

function tenAtATime(values) {
  return Array.from({ length: values.length / 10 }, (_, k) => values.slice(10 * k, 10 * k + 10));
}

function accuracy(network, { labels, pixels }) {
  const scores = tenAtATime(logitsOf(network, pixels));
  const right = scores.filter((row, k) => row.indexOf(Math.max(...row)) === labels[k]);
  return right.length / labels.length;
}

// The largest difference between Keras' probabilities and ours, on the forty pictures.
function disagreement() {
  const ours = tenAtATime(logitsOf(playground.networks.keras, playground.shown.pixels));
  const differences = ours.flatMap((row, k) =>
    softmax(row, 1).map((value, j) => Math.abs(value - given.kerasProbabilities[k][j])));
  return Math.max(...differences);
}

// --- 1 Choose ----------------------------------------------------------------------------------

function paint(canvas, pixels) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(SIDE, SIDE);
  pixels.forEach((ink, k) => image.data.set([255 - ink, 255 - ink, 255 - ink, 255], 4 * k));
  context.putImageData(image, 0, 0);
}

function showPictures() {
  given.classes.forEach((about, label) => {
    const group = document.createElement("div");
    group.className = "group class";
    paintClass(group, about);
    group.innerHTML = `<h3><span class="dot"></span>${about.name}</h3><div></div>`;
    playground.shown.labels.forEach((each, k) => {
      if (each === label) group.lastChild.append(thumbnail(k, group.lastChild.children.length + 1));
    });
    byId("pictures").append(group);
  });
}

function thumbnail(k, number) {
  const label = document.createElement("label");
  label.className = "thumb";
  const name = `${named(playground.shown.labels[k])}, picture ${number}`;
  label.innerHTML = `<input type="radio" name="picture" aria-label="${name}">
    <canvas width="${SIDE}" height="${SIDE}" aria-hidden="true"></canvas>`;
  paint(label.lastElementChild, picture(playground.shown, k));
  label.firstElementChild.addEventListener("change", () => choose(k));
  label.firstElementChild.checked = k === playground.chosen;
  return label;
}

function choose(k) {
  playground.chosen = k;
  playground.pixels.set(picture(playground.shown, k));
  byId("true-class").textContent = named(playground.shown.labels[k]);
  look();
}

// Show the picture as it is now, and what the network in use makes of it.
function look() {
  paint(byId("canvas"), playground.pixels);
  const kind = document.querySelector("[name=network]:checked").value;
  const logits = logitsOf(playground.networks[kind], playground.pixels);
  playground.view.setLogits(logits);
  const answer = logits.indexOf(Math.max(...logits));
  const label = playground.shown.labels[playground.chosen];
  const judged = answer === label ? "Right" : `Wrong, it is labelled ${named(label)}`;
  say(byId("verdict"), `Answer: <b>${named(answer)}</b>. ${judged}.`);
}

// --- Drawing -----------------------------------------------------------------------------------

// Draw or erase along a line between two places, 1.5 pixels to each side.
function stroke(from, to) {
  const erases = document.querySelector("[name=tool]:checked").value === "eraser";
  const [right, down] = [to.column - from.column, to.row - from.row];
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const along = (x - from.column) * right + (y - from.row) * down;
      const part = Math.min(1, Math.max(0, along / (right ** 2 + down ** 2 || 1)));
      const distance = Math.hypot(x - from.column - part * right, y - from.row - part * down);
      const strength = Math.max(0, 1.5 - distance) / 1.5;
      const ink = playground.pixels[y * SIDE + x];
      const changed = erases ? ink * (1 - strength) : Math.max(ink, 255 * strength);
      playground.pixels[y * SIDE + x] = Math.round(changed);
    }
  }
}

function makeDrawable(canvas) {
  const cursor = { column: 14, row: 14 };
  let last; // where the pointer was: it jumps when it is quick
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    last = placeOf(event);
    drawTo(last);
  });
  canvas.addEventListener("pointermove", (event) => event.buttons && drawTo(placeOf(event)));
  canvas.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!move && event.key !== " ") return;
    event.preventDefault();
    if (move) {
      cursor.column = Math.min(SIDE - 1, Math.max(0, cursor.column + move[0]));
      cursor.row = Math.min(SIDE - 1, Math.max(0, cursor.row + move[1]));
      byId("where").textContent = `column ${cursor.column + 1}, row ${cursor.row + 1}`;
    } else {
      stroke(cursor, cursor);
    }
    look();
    markCursor();
  });
  canvas.addEventListener("focus", () => canvas.matches(":focus-visible") && markCursor());
  canvas.addEventListener("blur", () => paint(canvas, playground.pixels));
  byId("undraw").addEventListener("click", () => choose(playground.chosen));

  function placeOf(event) {
    const box = canvas.getBoundingClientRect();
    return {
      column: ((event.clientX - box.left) / box.width) * SIDE - 0.5,
      row: ((event.clientY - box.top) / box.height) * SIDE - 0.5,
    };
  }
  function drawTo(place) {
    stroke(last, place);
    last = place;
    look();
  }
  function markCursor() {
    const context = canvas.getContext("2d");
    context.fillStyle = "#e07000";
    context.fillRect(cursor.column, cursor.row, 1, 1);
  }
}

// --- 3 Train here ------------------------------------------------------------------------------

function batches(count) {
  const order = Array.from(tf.util.createShuffledIndices(count));
  return Array.from({ length: Math.floor(count / BATCH) }, (_, k) =>
    order.slice(k * BATCH, (k + 1) * BATCH));
}

function trainOn(network, optimizer, rows) {
  const { labels, pixels } = playground.training;
  const inputs = new Float32Array(rows.length * PIXELS);
  rows.forEach((row, k) => inputs.set(picture({ pixels }, row), k * PIXELS));
  return tf.tidy(() => trainStep(
    network, optimizer, asTensor(inputs), tf.tensor1d(rows.map((row) => labels[row]), "int32")));
}

async function train() {
  forgetTrained();
  // Only now: whoever looks at the page and doesn't train need not wait for them.
  playground.training ??= await unpackedPictures(given.training);
  playground.heldOut ??= await unpackedPictures(given.heldOut);
  const [network, optimizer] = [freshNetwork(), tf.train.adam(LEARNING_RATE)];
  byId("before").textContent = accuracy(network, playground.heldOut).toFixed(3);
  const plan = Array.from({ length: EPOCHS }, () => batches(playground.training.labels.length)).flat();
  const losses = (playground.losses = []);
  let rested = performance.now();
  for (const rows of plan) {
    // The steps grow shorter to the end, as in notebook 06: the last one should not decide by luck.
    optimizer.learningRate = LEARNING_RATE * (1 - losses.length / plan.length);
    losses.push(trainOn(network, optimizer, rows));
    if (performance.now() - rested > (calm.matches ? 400 : 40)) {
      showLosses(losses, plan.length);
      await pause();
      rested = performance.now();
    }
  }
  optimizer.dispose();
  showLosses(losses, plan.length);
  playground.networks.here = network;
  byId("after").textContent = accuracy(network, playground.heldOut).toFixed(3);
}

const calm = matchMedia("(prefers-reduced-motion: reduce)");

// A second training replaces the first; its tensors are given back.
function forgetTrained() {
  const [keras, here] = document.querySelectorAll("[name=network]");
  keras.checked = here.disabled = true;
  playground.networks.here?.dispose();
  delete playground.networks.here;
  byId("after").textContent = "–";
  look();
}

function smoothed(losses) {
  let [mean, weight] = [0, 0];
  return losses.map((loss) => {
    mean = 0.9 * mean + 0.1 * loss;
    weight = 0.9 * weight + 0.1;
    return mean / weight;
  });
}

function showLosses(losses, steps) {
  const top = Math.ceil(Math.max(2.5, ...losses.slice(0, 20)));
  const points = (values) => values.map((v, k) => `${(k + 0.5) / steps},${1 - v / top}`).join(" ");
  const curve = byId("curve");
  const smooth = smoothed(losses);
  const chance = 1 - Math.log(10) / top;
  curve.querySelector(".raw").setAttribute("points", points(losses));
  curve.querySelector(".smooth").setAttribute("points", points(smooth));
  Object.entries({ x1: 0, x2: 1, y1: chance, y2: chance }).forEach(([name, value]) =>
    curve.querySelector(".guide").setAttribute(name, value));
  document.querySelector(".plot .top").textContent = top;
  document.querySelector(".plot .chance").style.top = `${100 * chance}%`;
  byId("progress").value = losses.length / steps;
  byId("step").textContent = `${losses.length} of ${steps}`;
  if (!losses.length) return;
  byId("loss").textContent = smooth.at(-1).toFixed(3);
  curve.setAttribute("aria-label", `The smoothed loss fell from ${smooth[0].toFixed(2)} at the ` +
    `first step to ${smooth.at(-1).toFixed(2)} at step ${losses.length}.`);
}

async function onStart() {
  byId("start").disabled = true;
  byId("training-note").textContent = "Training …";
  await pause();
  await train();
  document.querySelectorAll("[name=network]")[1].disabled = false;
  byId("start").disabled = false;
  byId("start").textContent = "Train again";
  byId("training-note").innerHTML = "Done. Now choose <b>the one trained here</b> in part 2, and " +
    "compare what the two networks say about the same picture.";
}

// --- Start -------------------------------------------------------------------------------------

async function start() {
  tf.enableProdMode();
  await startBackend();
  playground.shown = await unpackedPictures(given.shown);
  playground.networks.keras = await loadedNetwork(given.model);
  playground.view = softmaxView(byId("softmax"), given.classes, Array(10).fill(0));
  showPictures();
  choose(0);
  makeDrawable(byId("canvas"));
  const [training, heldOut] = [given.training, given.heldOut].map(({ labels }) => decoded(labels).length);
  byId("train-count").textContent = training.toLocaleString("en");
  byId("held-out-count").textContent = heldOut.toLocaleString("en");
  showLosses([], EPOCHS * Math.floor(training / BATCH));
  document.querySelectorAll("[name=network]").forEach((each) => each.addEventListener("change", look));
  byId("start").addEventListener("click", onStart);
  byId("source").textContent = byId("network-source").textContent.trim();
  if (given.source === "sketches") {
    byId("pictures-note").textContent =
      "Forty sketches drawn by the course, not Fashion-MNIST, sorted by their true class.";
  }
  const difference = disagreement();
  byId("agreement").innerHTML = "On the forty pictures above, the largest difference between a " +
    `probability computed here and the same one computed by Keras is <b>${difference.toExponential(1)}</b>.`;
  byId("state").textContent =
    `Ready: TensorFlow.js ${tf.version["tfjs-core"]}, backend ${tf.getBackend()}.`;
  document.body.dataset.state = "ready";
}

start().catch((error) => {
  byId("state").textContent = `The page could not start: ${error.message}`;
  document.body.dataset.state = "failed";
});
