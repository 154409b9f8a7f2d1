/* A button that copies a program, without prompts and answers; and a line of each page that the search finds. */
function program(block) {
  const text = block.querySelector("pre").textContent, lines = text.split("\n");
  if (!lines.some(line => line.startsWith(">>> "))) return text;
  return lines.filter(line => /^(>>>|\.\.\.)( |$)/.test(line)).map(line => line.slice(4)).join("\n") + "\n";
}

function copied(text) {
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");  /* the newer way is refused on pages from the file system */
  area.remove();
  return done;
}

function addButtons() {
  for (const block of document.querySelectorAll("article div.highlight")) {
    const button = document.createElement("button");
    button.className = "copy";
    button.type = "button";
    button.textContent = "Copy";
    button.onclick = () => { button.textContent = copied(program(block)) ? "Copied" : "Not copied"; };
    block.append(button);
  }
}

function addExcerpts() {
  const results = document.getElementById("search-results");
  if (!results || typeof EXCERPTS === "undefined") return;
  const root = new URL(document.documentElement.dataset.content_root ?? ".", location.href).href;
  new MutationObserver(() => {
    for (const link of results.querySelectorAll("ul.search > li > a:not(.seen)")) {
      link.classList.add("seen");
      const name = decodeURI(link.href.slice(root.length)).replace(/\.html.*/, "");
      if (EXCERPTS[name]) link.parentNode.append(Object.assign(document.createElement("p"), {textContent: EXCERPTS[name]}));
    }
  }).observe(results, {childList: true, subtree: true});
}

function scrollToEntry() {  /* the list of pages is long: the entry of this page comes to its middle */
  const box = document.querySelector(".sidebar-scroll"), entry = document.querySelector(".sidebar-tree a.current[href='#']");
  const below = box && entry && entry.getBoundingClientRect().top - box.getBoundingClientRect().top - box.clientHeight / 2;
  if (below) box.scrollBy({top: below, behavior: "instant"});  /* the theme would move it slowly */
}

document.addEventListener("DOMContentLoaded", () => { addButtons(); addExcerpts(); scrollToEntry(); });
window.addEventListener("load", scrollToEntry);  /* once more: now the styles have given every line its height */
