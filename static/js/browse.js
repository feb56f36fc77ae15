/* Browse: what is typed is kept, arrow keys go from box to box, names are found as they are typed, and the map ticks what
   the list ticks. Without it every state of the page is a link or a form. */

(() => {
  "use strict";

  // Back brings the page's parts anew, so each is looked for when it is needed.
  const browse = () => document.querySelector(".browse");
  const list = () => document.getElementById("places-list");
  const search = () => document.getElementById("places-search");

  // --- Quantities: kept by place, until they are in the cart. So no filter, reload or sign-in loses them. ---

  const KEY = `wanted ${browse().dataset.user}`;
  let wanted = {};
  try {
    wanted = JSON.parse(sessionStorage.getItem(KEY)) ?? {};
  } catch {
    // Without storage they last as long as the page.
  }

  // Without scripts, the boxes and their button belong to the form of the filter, so that every answer has them filled.
  const ownForm = () => {
    for (const part of document.querySelectorAll("#lines-form [form=filters]")) {
      const names = part.tagName === "BUTTON" ? ["form", "formmethod", "formaction", "name", "value"] : ["form"];
      for (const name of names) part.removeAttribute(name);
    }
  };

  const boxes = () => [...document.querySelectorAll("[data-want]")];

  const keep = (box) => {
    if (box.value.trim()) wanted[box.dataset.want] = box.value;
    else delete wanted[box.dataset.want];
    try {
      sessionStorage.setItem(KEY, JSON.stringify(wanted));
    } catch {
      // The same.
    }
  };

  let timer = 0;
  const quote = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const place = document.getElementById("quote");
      if (!place) return;
      if (boxes().some((box) => box.value.trim())) window.htmx.trigger(place, "quote");
      else place.replaceChildren();
    }, 150);
  };

  const restore = () => {
    let some = false;
    for (const box of boxes()) {
      const kept = wanted[box.dataset.want];
      if (kept !== undefined && !box.value) box.value = kept;
      else if (kept === undefined && box.value) keep(box); // from an address
      if (box.value) some = true;
    }
    if (some) quote();
  };

  document.addEventListener("input", ({ target }) => {
    if (target.matches("[data-want]")) {
      keep(target);
      quote();
    } else if (target.matches("[data-search]")) find();
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-fill]");
    if (!button) return;
    event.preventDefault();
    const quantity = document.getElementById("fill").value;
    for (const box of boxes()) {
      box.value = quantity;
      keep(box);
    }
    quote();
  });

  document.addEventListener("keydown", (event) => {
    const { target, key } = event;
    if (target.id === "fill" && key === "Enter") {
      event.preventDefault();
      document.getElementById("fill-each").click();
    }
    if (!target.matches("[data-want]") || (key !== "ArrowDown" && key !== "ArrowUp")) return;
    event.preventDefault();
    const all = boxes();
    const next = all[all.indexOf(target) + (key === "ArrowDown" ? 1 : -1)];
    next?.focus();
    next?.select();
  });

  // What went into the cart is wanted no more. A refusal leaves all as it was typed.
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.elt.id !== "lines-form" || !detail.successful) return;
    for (const box of boxes()) {
      box.value = "";
      keep(box);
    }
    quote();
  });

  // --- The list of places ---

  const find = () => {
    const typed = search().value.trim().toLowerCase();
    let found = 0;
    for (const choice of list().querySelectorAll("[data-name]")) {
      choice.hidden = Boolean(typed) && !choice.dataset.name.split(" ").some((word) => word.startsWith(typed)) &&
        !choice.dataset.name.startsWith(typed);
      if (!choice.hidden) found += 1;
    }
    const none = list().querySelector("[data-none]");
    if (none) none.hidden = found > 0;
  };

  document.addEventListener("keydown", (event) => {
    if (!event.target.matches("[data-search]")) return;
    if (event.key === "Escape") {
      event.target.value = "";
      find();
    }
    if (event.key !== "Enter" && event.key !== "ArrowDown") return;
    event.preventDefault();
    const first = list().querySelector("[data-name]:not([hidden]) :is(input[name=county], a)");
    if (event.key === "ArrowDown") first?.focus();
    else if (first && event.target.value.trim()) {
      first.click();
      event.target.select();
    }
  });

  // A place that was opened is no longer looked for: its counties show instead.
  document.addEventListener("click", ({ target }) => {
    if (target.closest?.("#places-list a")) search().value = "";
  });

  // A class, an age, a view and a tab go through the form too: it alone holds what was chosen a moment ago, while links
  // know only what the last answer knew.
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element && event.target.closest(".browse [data-set]");
    if (!link || event.shiftKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const form = document.getElementById("filters");
    for (const [name, value] of new URLSearchParams(link.dataset.set)) form.elements[name].value = value;
    window.htmx.trigger(form, "submit");
  }, true);

  // An answer to what was chosen before would take back what is chosen now, until its own request is on its way.
  document.addEventListener("change", ({ target }) => {
    const form = document.getElementById("filters");
    if (target.form === form) window.htmx.trigger(form, "htmx:abort");
  });

  // The map ticks in the list, so that a second click counts while the first is on its way.
  document.addEventListener("click", (event) => {
    const area = event.target instanceof Element && event.target.closest("[data-map] [data-place]");
    if (!area) return;
    const level = area.closest("[data-map]").dataset.map;
    if (level === "state" && !event.shiftKey && !event.ctrlKey && !event.metaKey) return;
    const box = list().querySelector(`input[name=${level}][value="${CSS.escape(area.dataset.place)}"]`);
    if (!box) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    box.click();
    area.toggleAttribute("aria-current", box.checked);
  }, true);

  // --- After each answer ---

  for (const settled of ["htmx:afterSettle", "htmx:historyRestore"]) {
    document.addEventListener(settled, () => {
      ownForm();
      restore();
      if (search()?.value) find();
    });
  }
  ownForm();
  restore();
})();
