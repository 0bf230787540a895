"use strict";

// Probabilities of logits at a temperature, the largest subtracted first so that nothing overflows.
function softmax(logits, temperature) {
  const scaled = logits.map((logit) => logit / temperature);
  const largest = Math.max(...scaled);
  const exponentials = scaled.map((value) => Math.exp(value - largest));
  const sum = exponentials.reduce((total, value) => total + value, 0);
  return exponentials.map((value) => value / sum);
}

const signed = (number, digits) => number.toFixed(digits).replace("-", "−");

// e to the power, as text. Made from the power itself, so that it is right where e^power overflows.
function exponentialText(power) {
  if (!Number.isFinite(power)) return "–";
  const decimal = power / Math.LN10;
  if (decimal > -3 && decimal < 2.9) return Math.exp(power).toPrecision(3);
  if (decimal > 0 && decimal < 4) return Math.exp(power).toFixed(0);
  let exponent = Math.floor(decimal);
  let digits = (10 ** (decimal - exponent)).toFixed(1);
  if (digits === "10.0") [digits, exponent] = ["1.0", exponent + 1];
  return `${digits}·10<sup>${signed(exponent, 0)}</sup>`;
}

const escaped = (text) => text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);

const probabilityText = (value) => (value > 0 && value < 0.0005 ? "< 0.001" : value.toFixed(3));

// Part 2 of the page, and the explorer of the notebooks: scores, their exponentials, their shares.
// classes: [{name, light, dark}], the colours for light and for dark.
function softmaxView(root, classes, firstLogits) {
  let [start, logits, temperature] = [firstLogits, [...firstLogits], 1];
  let [low, high, lit] = [-10, 10, 0];
  let announcement;

  const rows = classes.map(({ name }) => `<tr class="class">
    <th scope="row"><span class="dot"></span>${escaped(name)}</th>
    <td><div class="cell"><input class="score" type="range" step="0.1"
      aria-label="Score of ${escaped(name)}"><data></data></div></td>
    <td><div class="cell"><div class="bar"><div></div></div><data></data></div></td>
    <td><div class="cell"><div class="bar"><div></div></div><data></data></div></td></tr>`);
  const terms = classes.map(() => `<span class="term class"></span>`);
  root.innerHTML = `
    <div class="formula" role="img"></div>
    <div class="controls">
      <label>Temperature <var>T</var> <input class="temperature" type="range"
        min="0.1" max="5" step="0.05" value="1"><output>1.00</output></label>
      <button type="button" class="cool">T = 1</button>
      <button type="button" class="shift">All scores + 1</button>
      <button type="button" class="reset">Reset scores</button>
    </div>
    <table class="softmax">
      <caption class="unseen">Scores, their exponentials, and the probabilities</caption>
      <thead><tr><th scope="col">class</th><th scope="col">score <var>z</var></th>
        <th scope="col">→ <var>e</var><sup><var>z</var>/<var>T</var></sup></th>
        <th scope="col">→ ÷ sum = <span
        class="wide">probability</span> <var>p</var></th></tr></thead>
      <tbody>${rows.join("")}</tbody>
      <tfoot><tr><th scope="row">sum</th><td></td>
        <td><div class="cell"><span></span><data class="total"></data></div></td>
        <td><div class="cell"><span></span><data class="one"></data></div></td></tr></tfoot>
    </table>
    <p class="unseen" role="status"></p>`;

  const find = (selector) => root.querySelector(selector);
  const [formula, slider] = [find(".formula"), find(".temperature")];
  const bodyRows = [...root.querySelectorAll("tbody tr")];
  bodyRows.forEach((row, k) => paintClass(row, classes[k]));

  function drawFormula(probabilities) {
    const power = (k) => `<var>e</var><sup>${signed(logits[k] / temperature, 1)}</sup>`;
    formula.innerHTML = `<span><var>p</var><sub>${escaped(classes[lit].name)}</sub> =</span>
      <span class="fraction"><span><span class="term class lit">${power(lit)}</span></span>
      <span>${terms.join(" + ")}</span></span>
      <span>= <b>${probabilityText(probabilities[lit])}</b></span>`;
    const [numerator, ...denominator] = formula.querySelectorAll(".term");
    paintClass(numerator, classes[lit]);
    denominator.forEach((term, k) => {
      term.innerHTML = power(k);
      term.classList.toggle("lit", k === lit);
      paintClass(term, classes[k]);
    });
    formula.setAttribute("aria-label", `The probability of ${classes[lit].name} is e to the ` +
      `${signed(logits[lit] / temperature, 1)}, divided by the sum of all ${classes.length} ` +
      `exponentials: ${probabilityText(probabilities[lit])}`);
  }

  function drawRow(row, k, probability, largest) {
    const [score, exponential, share] = row.querySelectorAll("data");
    const [exponentialBar, shareBar] = row.querySelectorAll(".bar > div");
    const handle = row.querySelector("input");
    Object.assign(handle, { min: low, max: high, value: logits[k] });
    handle.style.setProperty("--f", (logits[k] - low) / (high - low));
    handle.style.setProperty("--zero-f", -low / (high - low));
    handle.setAttribute("aria-valuetext",
      `${signed(logits[k], 2)}, probability ${probabilityText(probability)}`);
    setNumber(score, logits[k], signed(logits[k], 2));
    setNumber(exponential, logits[k] / temperature, exponentialText(logits[k] / temperature));
    setNumber(share, probability, probabilityText(probability));
    exponentialBar.style.setProperty("--f", Math.exp((logits[k] - largest) / temperature));
    shareBar.style.setProperty("--f", probability);
    row.classList.toggle("lit", k === lit);
  }

  function draw() {
    const probabilities = softmax(logits, temperature);
    const largest = Math.max(...logits);
    const sum = probabilities.reduce((total, value) => total + value, 0);
    bodyRows.forEach((row, k) => drawRow(row, k, probabilities[k], largest));
    drawFormula(probabilities);
    const logSum = largest / temperature - Math.log(Math.max(...probabilities));
    setNumber(find(".total"), logSum, exponentialText(logSum));
    setNumber(find(".one"), sum, sum.toFixed(3));
    slider.value = temperature;
    find("output").textContent = temperature.toFixed(2);
    slider.setAttribute("aria-valuetext", `${temperature.toFixed(2)}`);
    announceSoon(probabilities, sum);
  }

  // A screen reader hears the result once the hand has come to rest, not every step on the way.
  function announceSoon(probabilities, sum) {
    clearTimeout(announcement);
    announcement = setTimeout(() => {
      const order = [...classes.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
      const best = order.slice(0, 2).map((k) =>
        `${escaped(classes[k].name)} ${probabilityText(probabilities[k])}`);
      say(find("[role=status]"),
        `Temperature ${temperature.toFixed(2)}: ${best.join(", ")}; sum ${sum.toFixed(3)}.`);
    }, 600);
  }

  function setLimits() {
    low = Math.min(-10, Math.floor(Math.min(...logits)));
    high = Math.max(10, Math.ceil(Math.max(...logits)));
  }

  // The scores that "Reset scores" goes back to; the class with the largest one is pointed at.
  function setLogits(newLogits) {
    [start, logits] = [newLogits, [...newLogits]];
    lit = logits.indexOf(Math.max(...logits));
    setLimits();
    draw();
  }

  function point(k) {
    lit = k;
    draw();
  }

  bodyRows.forEach((row, k) => {
    row.addEventListener("pointerenter", () => point(k));
    row.addEventListener("focusin", () => point(k));
    row.querySelector("input").addEventListener("input", (event) => {
      logits[k] = Number(event.target.value);
      draw();
    });
  });
  slider.addEventListener("input", () => {
    temperature = Number(slider.value);
    draw();
  });
  find(".cool").addEventListener("click", () => {
    temperature = 1;
    draw();
  });
  find(".shift").addEventListener("click", () => {
    logits = logits.map((logit) => logit + 1);
    setLimits();
    draw();
  });
  find(".reset").addEventListener("click", () => setLogits(start));
  setLogits(firstLogits);
  return { setLogits };
}

function paintClass(element, { light, dark }) {
  element.style.setProperty("--light", light);
  element.style.setProperty("--dark", dark);
}

// A screen reader would read the same words again.
function say(status, words) {
  if (status.innerHTML !== words) status.innerHTML = words;
}

// What a reader sees is rounded; the whole number stands beside it for programs.
function setNumber(element, value, text) {
  element.value = value;
  element.innerHTML = text;
}
