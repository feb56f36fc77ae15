/* The table of leads: a name opens the rest of its lead below, a number is copied. Without this, a name is a link to the
   page of its lead. */

(() => {
  "use strict";

  const ready = () => {
    for (const link of document.querySelectorAll("[data-opens]:not([aria-expanded])")) {
      link.setAttribute("role", "button");
      link.setAttribute("aria-expanded", "false");
      link.setAttribute("aria-controls", link.dataset.opens);
    }
    if (navigator.clipboard) for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
  };
  ready();
  document.addEventListener("htmx:afterSettle", ready);

  const turn = (link) => {
    const rest = document.getElementById(link.dataset.opens);
    const opens = rest.hidden;
    rest.hidden = !opens;
    link.setAttribute("aria-expanded", String(opens));
    if (opens && !rest.querySelector(".lead")) htmx.trigger(link, "opens");
  };

  document.addEventListener("click", async (event) => {
    const link = event.target.closest?.("[data-opens]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      turn(link);
      return;
    }
    const button = event.target.closest?.("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });

  document.addEventListener("keydown", (event) => {
    const link = event.target.closest?.("[data-opens]");
    if (link && event.key === " ") {
      event.preventDefault();
      turn(link);
    }
  });
})();
