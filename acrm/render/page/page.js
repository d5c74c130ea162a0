"use strict";
for (const [id, found] of Object.entries(JSON.parse(document.getElementById("charts").textContent).charts)) {
  const { options } = JSON.parse(document.getElementById("charts").textContent);
  const figure = document.getElementById(id);
  const still = figure.querySelector(".still");
  const live = document.createElement("div");
  live.className = "live";
  still.after(live);
  const spec = found.narrow && figure.clientWidth < 600 ? found.narrow : found.spec;
  vegaEmbed(live, spec, options).then(() => {
    const [drawn, named] = [live.querySelector("svg"), still.querySelector("svg")];
    drawn.setAttribute("role", "img");
    drawn.setAttribute("aria-labelledby", named.getAttribute("aria-labelledby"));
    drawn.classList.add("chart");
    figure.classList.add("drawn");
  }, () => live.remove());
}
