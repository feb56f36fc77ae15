/* The map: its line says what is under the pointer or has the focus, and arrow keys go from place to place. Without
   this, each place is a link with a title. */

(() => {
  "use strict";

  const areaOf = (node) => node instanceof Element && node.closest("[data-map] .area");

  const say = (map, text) => {
    const line = map.querySelector("[data-map-said]");
    const count = map.querySelector("[data-map-count]");
    line.hidden = Boolean(text);
    count.hidden = !text;
    count.textContent = text;
  };

  for (const event of ["pointerover", "focusin"]) {
    document.addEventListener(event, ({ target }) => {
      const area = areaOf(target);
      if (area) say(area.closest("[data-map]"), area.getAttribute("aria-label"));
    });
  }

  for (const event of ["pointerout", "focusout"]) {
    document.addEventListener(event, ({ target, relatedTarget }) => {
      const area = areaOf(target);
      if (area && !areaOf(relatedTarget)) say(area.closest("[data-map]"), "");
    });
  }

  // One stop for the Tab key: from there, arrow keys reach every place.
  const settle = () => {
    for (const map of document.querySelectorAll("[data-map]")) {
      const areas = [...map.querySelectorAll(".area")];
      if (!areas.length) continue;
      const first = areas.find((area) => area.matches("[aria-current]")) ?? areas[0];
      for (const area of areas) area.setAttribute("tabindex", area === first ? "0" : "-1");
    }
  };
  settle();

  // Who opens a state with the keyboard goes on among its counties: the shape that had the focus is gone.
  let opened = false;
  document.addEventListener("keydown", ({ key, target }) => {
    opened = key === "Enter" && Boolean(areaOf(target));
  });
  document.addEventListener("pointerdown", () => {
    opened = false;
  });
  document.addEventListener("htmx:afterSettle", () => {
    settle();
    if (!opened || areaOf(document.activeElement)) return;
    opened = false;
    document.querySelector("[data-map] .area[tabindex='0']")?.focus({ preventScroll: true });
  });

  const middle = (area) => {
    const box = area.getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };

  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  document.addEventListener("keydown", (event) => {
    const from = areaOf(document.activeElement);
    const step = steps[event.key];
    if (!from || !step) return;
    event.preventDefault();
    const [x, y] = middle(from);
    let nearest = null;
    let least = Infinity;
    for (const area of from.closest("[data-map]").querySelectorAll(".area")) {
      const [dx, dy] = [middle(area)[0] - x, middle(area)[1] - y];
      const along = dx * step[0] + dy * step[1];
      const aside = Math.abs(dx * step[1]) + Math.abs(dy * step[0]);
      const distance = along + 2 * aside;
      if (area !== from && along > 1 && distance < least) [nearest, least] = [area, distance];
    }
    if (!nearest) return;
    from.setAttribute("tabindex", "-1");
    nearest.setAttribute("tabindex", "0");
    nearest.focus();
  });
})();
