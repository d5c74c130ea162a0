"use strict";
const { charts, options } = JSON.parse(document.querySelector('script[type="application/json"]').textContent);
for (const [id, found] of Object.entries(charts)) {
  const figure = document.getElementById(id);
  const still = figure.querySelector(".still");
  const live = document.createElement("div");
  live.className = "live";
  still.after(live);
  const spec = matchMedia("(max-width: 700px)").matches ? found.small : found.large;
  vegaEmbed(live, spec, options).then(() => {
    const [drawn, named] = [live.querySelector("svg"), still.querySelector("svg")];
    drawn.setAttribute("role", "img");
    drawn.setAttribute("aria-labelledby", named.getAttribute("aria-labelledby"));
    drawn.classList.add("chart");
    figure.classList.add("drawn");
  }, () => live.remove());
}
