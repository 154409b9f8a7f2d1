// The diagram of a step. Slow motion lights its parts one after the other.
const BOXES = {z: [4, 76], G: [62, 76], "x fake": [120, 76], "x real": [120, 10], D: [186, 43], score: [244, 43], loss: [302, 43]};
const ARROWS = {"z G": "M50 91H62", "G x": "M108 91H120", "x D": "M166 91C180 91 176 63 186 63", "real D": "M166 25C180 25 176 53 186 53",
  "D score": "M232 58H244", "score loss": "M290 58H302", "back D": "M325 73V96H209V73", "back G": "M325 73V122H85V106"};
export const PHASES = {
  D: [[["z", "G", "x fake", "z G", "G x"], "G makes points out of noise."],
    [["x fake", "x real", "D", "score", "x D", "real D", "D score"], "D gives each point a score."],
    [["score", "loss", "score loss"], "D's loss says how wrong these scores are."],
    [["loss", "D", "back D"], "The gradient of the loss goes back into D, and no further."],
    [["D"], "D moves. The colours of the plane change."]],
  G: [[["z", "G", "x fake", "z G", "G x"], "G makes points out of noise."],
    [["x fake", "D", "score", "x D", "D score"], "D gives these points a score. D stays as it is."],
    [["score", "loss", "score loss"], "G's loss is small where D is deceived."],
    [["loss", "D", "x fake", "G", "back G"], "The gradient goes back through D to the points, and into G."],
    [["G"], "G moves. Its points follow the arrows."]]};

export function flow(svg, text, who, k) {
  const [on, words] = who ? PHASES[who][k] : [[], "Slow motion shows each phase of a step."];
  const lit = name => on.includes(name) ? `on ${who.toLowerCase()}` : "";
  svg.innerHTML = Object.entries(ARROWS).map(([name, path]) => `<path d="${path}" class="${lit(name)}"/>`).join("") +
    Object.entries(BOXES).map(([name, [x, y]]) => `<rect x="${x}" y="${y}" width="46" height="30" rx="5" class="${lit(name)}"/>` +
      `<text x="${x + 23}" y="${y + 19}">${name}</text>`).join("");
  text.textContent = who ? `${who}, ${k + 1} of 5. ${words}` : words;
}
