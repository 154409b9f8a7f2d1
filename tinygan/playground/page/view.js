// Draws a frame. Nothing is computed here but places on the canvas: every number is tinygan's.
const TRUE = "#0072B2", FAKE = "#D55E00", SHEET = "#7a5aa6", JUDGE = "#007A59", GREY = "#596270", SIDE = 40, LINES = 15, BINS = 24;
const STOPS = [[103, 0, 31], [178, 24, 43], [214, 96, 77], [244, 165, 130], [253, 219, 199], [247, 247, 247],
  [209, 229, 240], [146, 197, 222], [67, 147, 195], [33, 102, 172], [5, 48, 97]];  // red, white, blue, as in the package's plots
const COLOURS = Array.from({length: 256}, (_, i) => {
  const t = i / 25.5, k = Math.min(9, Math.floor(t));
  return STOPS[k].map((c, j) => c + (STOPS[k + 1][j] - c) * (t - k));
});
const small = document.createElement("canvas");
small.width = small.height = SIDE;
const css = name => getComputedStyle(document.body).getPropertyValue(name).trim();

export function unpack(buffer) {  // the length of the facts, the facts, the arrays; see server.py
  const length = new DataView(buffer).getUint32(0, true);
  const facts = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  let at = 4 + length;
  for (const [name, type, size] of facts.parts) {
    const bytes = type === "u1" ? size : 4 * size;
    facts[name] = type === "u1" ? new Uint8Array(buffer, at, size) : new Float32Array(buffer.slice(at, at + bytes));
    at += bytes;
  }
  return facts;
}

export function places(canvas, reach) {
  const size = canvas.width, scale = size / (2 * reach);
  return {X: x => (x + reach) * scale, Y: y => size - (y + reach) * scale, scale,
    back: (px, py) => [px / scale - reach, (size - py) / scale - reach]};
}

export function plane(canvas, frame, truth, shown, before, part) {
  const c = canvas.getContext("2d"), {X, Y, scale} = places(canvas, frame.reach);
  c.clearRect(0, 0, canvas.width, canvas.height);
  if (shown.heat) heat(c, canvas, frame.heat);
  if (shown.truth && truth) {
    for (const [x, y] of frame.modes) for (const [colour, more] of [["#fff", 2.5], [TRUE, 0]]) {  // white: seen on any colour
      c.strokeStyle = colour; c.lineWidth = 2.5; c.beginPath();
      c.arc(X(x), Y(y), Math.max(10, 3 * frame.std * scale) + more, 0, 7); c.stroke();
    }
    dots(c, truth, TRUE, 1.6, .5, X, Y);
  }
  if (shown.sheet) sheet(c, frame.sheet, X, Y);
  if (shown.fake) {
    const x = before && part < 1 ? frame.fake.map((v, i) => before[i] + (v - before[i]) * part) : frame.fake;
    dots(c, x, FAKE, 2.2, .85, X, Y);
  }
  if (shown.average) dots(c, frame.average, "#111", 1.8, .8, X, Y);
  if (shown.pull) arrows(c, frame, X, Y);
}

function heat(c, canvas, bytes) {
  const pen = small.getContext("2d"), image = pen.createImageData(SIDE, SIDE);
  for (let i = 0; i < SIDE * SIDE; i++) {
    const row = SIDE - 1 - Math.floor(i / SIDE), [r, g, b] = COLOURS[bytes[row * SIDE + i % SIDE]];
    image.data.set([r, g, b, 205], 4 * i);
  }
  pen.putImageData(image, 0, 0);
  c.imageSmoothingEnabled = true;
  c.drawImage(small, 0, 0, canvas.width, canvas.height);
}

function dots(c, x, colour, r, alpha, X, Y) {
  c.fillStyle = colour; c.globalAlpha = alpha;
  for (let i = 0; i < x.length; i += 2) c.fillRect(X(x[i]) - r, Y(x[i + 1]) - r, 2 * r, 2 * r);
  c.globalAlpha = 1;
}

function sheet(c, s, X, Y) {
  c.strokeStyle = SHEET; c.lineWidth = 1.2;
  for (const across of [true, false]) for (let i = 0; i < LINES; i++) {
    c.beginPath();
    for (let j = 0; j < LINES; j++) { const k = 2 * (across ? i * LINES + j : j * LINES + i); c.lineTo(X(s[k]), Y(s[k + 1])); }
    c.stroke();
  }
}

function arrows(c, {pull, fake, reach}, X, Y) {
  const n = pull.length, lengths = [];
  for (let i = 0; i < n; i += 2) lengths.push(Math.hypot(pull[i], pull[i + 1]));
  const long = lengths.sort((a, b) => a - b)[Math.floor(.9 * lengths.length)], most = .3 * reach;
  c.strokeStyle = "rgba(0,0,0,.7)"; c.lineWidth = 1.2; c.beginPath();
  for (let i = 0; i < n; i += 2) {
    const k = Math.min(.2 * reach / (long || 1), most / (Math.hypot(pull[i], pull[i + 1]) || 1));  // a few may be very long
    const x = X(fake[i]), y = Y(fake[i + 1]), u = X(fake[i] + k * pull[i]), v = Y(fake[i + 1] + k * pull[i + 1]);
    const a = Math.atan2(v - y, u - x);
    c.moveTo(x, y); c.lineTo(u, v);
    for (const side of [-.5, .5]) { c.moveTo(u, v); c.lineTo(u - 6 * Math.cos(a + side), v - 6 * Math.sin(a + side)); }
  }
  c.stroke();
}

// Points on a line: above D's verdict and the best D's, below the true density and G's histogram, at the bottom z and G(z).
export function line(canvas, frame, shown) {
  const c = canvas.getContext("2d"), size = canvas.width, {X} = places(canvas, frame.reach), n = frame.density.length;
  const [low, high] = frame.verdicts, D = y => 290 - (Math.min(Math.max(y, low), high) - low) / (high - low || 1) * 220;
  const top = 1.35 * Math.max(...frame.density), P = y => 590 - Math.min(y / top, 1.05) * 240;
  const curve = (ys, Y, colour, dash = []) => {
    c.strokeStyle = colour; c.lineWidth = 3.5; c.setLineDash(dash); c.beginPath();
    ys.forEach((y, i) => c.lineTo(i / (n - 1) * size, Y(y)));
    c.stroke(); c.setLineDash([]);
  };
  const say = (text, x, y, colour, align = "left") => { c.fillStyle = colour; c.textAlign = align; c.fillText(text, x, y); };
  c.clearRect(0, 0, size, size); c.font = "20px system-ui, sans-serif";
  if (shown.heat) {
    say("D", 14, 28, JUDGE);
    if (frame.best) say("the best D for these points (dashed)", 44, 28, GREY);
    say(`real ${high.toPrecision(2)}`, size - 10, D(high) - 10, GREY, "right"); say(`fake ${low.toPrecision(2)}`, size - 10, D(low) + 26, GREY, "right");
    for (const y of [low, (low + high) / 2, high]) { c.fillStyle = "#ddd"; c.fillRect(0, D(y), size, 1); }
    if (frame.best) curve(frame.best, D, GREY, [10, 7]);
    curve(frame.verdict, D, JUDGE);
  }
  c.fillStyle = GREY; c.fillRect(0, P(0), size, 1.5);
  if (shown.fake) {
    c.fillStyle = FAKE; c.globalAlpha = .6;
    frame.histogram.forEach((y, i) => c.fillRect(i / frame.histogram.length * size + 1, P(y), size / frame.histogram.length - 2, P(0) - P(y)));
    c.globalAlpha = 1; say("density of generated points", 250, 340, "#B84E00");
  }
  if (shown.average) for (const x of frame.average) { c.fillStyle = "#111"; c.globalAlpha = .3; c.fillRect(X(x) - 1, P(0) - 12, 2, 12); c.globalAlpha = 1; }
  if (shown.truth) { curve(frame.density, P, TRUE); say("density of true points", 14, 340, TRUE); }
  if (shown.pull) {
    const far = frame.pull.map(Math.abs).sort()[Math.floor(.9 * frame.pull.length)] || 1;
    c.strokeStyle = "rgba(0,0,0,.7)"; c.lineWidth = 1.5; c.beginPath();
    for (let i = 0; i < 40; i++) {
      const x = X(frame.fake[i]), v = frame.pull[i] / far, to = x + 45 * Math.max(-2, Math.min(2, v)), y = P(0) + 8 + 3.5 * (i % 8), s = 5 * Math.sign(v);
      c.moveTo(x, y); c.lineTo(to, y); c.lineTo(to - s, y - 3); c.moveTo(to, y); c.lineTo(to - s, y + 3);
    }
    c.stroke();
  }
  if (shown.sheet) {
    c.strokeStyle = SHEET; c.lineWidth = 1.2; c.beginPath();
    frame.sheet.forEach((x, i) => { c.moveTo((.1 + .8 * i / (frame.sheet.length - 1)) * size, 700); c.lineTo(X(x), P(0)); });
    c.stroke(); say("z from -2 to 2", size / 2, 718, SHEET, "center");
  }
}

// Lines over rounds: columns of `rows` in colours, with marks, such as what the loss is at rest.
export function curves(canvas, rows, lines, marks, range) {
  const c = canvas.getContext("2d"), w = canvas.width - 90, h = canvas.height, n = rows.length / 5;
  c.clearRect(0, 0, canvas.width, h);
  c.font = "20px system-ui, sans-serif"; c.textAlign = "left";
  lines.forEach(([, colour, name], i) => { c.fillStyle = css(colour); c.fillText(name, 8 + 130 * i, 22); });
  if (n < 2) return;
  const all = lines.flatMap(([k]) => Array.from({length: n}, (_, i) => rows[5 * i + k])).sort((a, b) => a - b);
  let [low, high] = range || [all[Math.floor(.01 * all.length)], all[Math.ceil(.99 * all.length) - 1]];
  for (const [y] of marks) { low = Math.min(low, y); high = Math.max(high, y); }
  if (high - low < 1e-6) high = low + 1e-6;
  const first = rows[0], span = rows[5 * (n - 1)] - first || 1;
  const Y = y => h - 8 - (Math.min(Math.max(y, low), high) - low) / (high - low) * (h - 44);
  c.fillStyle = c.strokeStyle = css("--soft"); c.lineWidth = 1;
  for (const [y, text] of marks.length ? marks : [[low, low.toPrecision(2)], [high, high.toPrecision(2)]]) {
    c.setLineDash([4, 6]); c.beginPath(); c.moveTo(0, Y(y)); c.lineTo(w, Y(y)); c.stroke(); c.setLineDash([]);
    c.fillText(text, w + 8, Y(y) + 7);
  }
  lines.forEach(([k, colour, , dash]) => {
    c.strokeStyle = css(colour); c.lineWidth = 2.5; c.setLineDash(dash || []); c.beginPath();
    for (let i = 0; i < n; i++) c.lineTo((rows[5 * i] - first) / span * w, Y(rows[5 * i + k]));
    c.stroke(); c.setLineDash([]);
  });
}

export function bars(canvas, frame) {
  const c = canvas.getContext("2d"), w = canvas.width, h = canvas.height, top = Math.max(...frame.bars, 1), wide = w / BINS;
  c.clearRect(0, 0, w, h); c.globalAlpha = .6;
  ["--t", "--g"].forEach((colour, k) => {
    c.fillStyle = css(colour);
    for (let i = 0; i < BINS; i++) { const v = frame.bars[BINS * k + i] / top * (h - 30); c.fillRect(i * wide, h - 26 - v, wide - 2, v); }
  });
  c.globalAlpha = 1; c.fillStyle = css("--soft"); c.font = "20px system-ui, sans-serif";
  c.textAlign = "left"; c.fillText(`fake ${frame.edges[0].toPrecision(2)}`, 4, h - 5);
  c.textAlign = "right"; c.fillText(`real ${frame.edges[1].toPrecision(2)}`, w - 4, h - 5);
}

export function picture(canvas, words) {  // what is seen, with the numbers below it
  const whole = document.createElement("canvas"), c = whole.getContext("2d");
  whole.width = canvas.width; whole.height = canvas.height + 16 + 22 * words.length;
  c.fillStyle = "#fff"; c.fillRect(0, 0, whole.width, whole.height); c.drawImage(canvas, 0, 0);
  c.fillStyle = "#222"; c.font = "16px system-ui, sans-serif";
  words.forEach((text, i) => c.fillText(text, 10, canvas.height + 26 + 22 * i));
  return whole;
}
