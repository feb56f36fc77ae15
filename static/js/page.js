/* Small comforts on every page. Nothing here is needed: without it, all links and forms work as they are. */

(() => {
  "use strict";

  const openMenu = () => document.querySelector(":is(.account-menu, .save-search)[open]");

  document.addEventListener("click", (event) => {
    const menu = openMenu();
    if (menu && !menu.contains(event.target)) menu.open = false;
  });

  document.addEventListener("keydown", (event) => {
    const menu = openMenu();
    if (event.key === "Escape" && menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // Instants in the reader's own time; the page's text says them in UTC. Formats take long to make: none is made in vain.
  let local;
  const tellTime = () => {
    for (const time of document.querySelectorAll("time[data-instant]")) {
      local ??= new Intl.DateTimeFormat("en-US", {
        month: "short", day: "numeric", year: "numeric", hour: "numeric", minute: "2-digit",
      });
      time.title = time.textContent.trim();
      time.textContent = local.format(new Date(time.dateTime));
      delete time.dataset.instant;
    }
  };
  tellTime();
  document.addEventListener("htmx:afterSettle", tellTime);

  // The zone's name stands in the footer, so the page is shown before it is looked up.
  window.addEventListener("load", () => {
    const zone = new Intl.DateTimeFormat("en-US", { timeZoneName: "short" }).formatToParts();
    for (const place of document.querySelectorAll("[data-zone]")) {
      place.textContent = zone.find(({ type }) => type === "timeZoneName").value;
    }
  });

  // A button that copies the text of the element it names. It is drawn where scripts run and the clipboard is there.
  for (const button of document.querySelectorAll("[data-copies]")) {
    if (!navigator.clipboard) break;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copies).textContent.trim());
      const said = button.textContent;
      button.textContent = "Copied";
      document.getElementById("announcement").textContent = "Copied";
      setTimeout(() => { button.textContent = said; }, 2000);
    });
  }

  // `/` leads to the page's search field, as elsewhere.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, select, textarea, [contenteditable]")) return;
    const search = [...document.querySelectorAll("input[type=search], [data-search]")].find((one) => one.checkVisibility());
    if (!search) return;
    event.preventDefault();
    search.focus();
    search.select?.();
  });

  // htmx is silent when no answer comes at all.
  for (const failure of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(failure, () => {
      const notice = document.createElement("p");
      notice.className = "notice notice-danger";
      notice.dataset.unreachable = "";
      notice.textContent = "HomeShield cannot be reached. Check your connection, then try again.";
      document.getElementById("messages").replaceChildren(notice);
    });
  }

  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.xhr.status) document.querySelector("[data-unreachable]")?.remove();
  });

  // What had the focus may be gone with an answer: then it goes to the nearest neighbour that is still there. (htmx gives
  // it back by itself to an element with the same id.)
  let neighbours = [];
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const focused = document.activeElement;
    neighbours = [];
    if (focused === document.body || !detail.target.contains(focused)) return;
    const places = [...detail.target.querySelectorAll(":is(a, button, input, select)[id]")];
    const isBefore = (place) => place.compareDocumentPosition(focused) & Node.DOCUMENT_POSITION_FOLLOWING;
    neighbours = [...places.filter((place) => !isBefore(place)), ...places.filter(isBefore).reverse()].map(({ id }) => id);
    neighbours.push("main");
  });
  document.addEventListener("htmx:afterSettle", () => {
    for (const id of neighbours) {
      if (document.activeElement !== document.body) return;
      const place = document.getElementById(id);
      if (place?.checkVisibility()) place.focus();
    }
    neighbours = [];
  });

  // A time of day, in the reader's zone.
  const clocks = () => {
    for (const clock of document.querySelectorAll("time[data-clock]")) {
      clock.textContent = new Date(clock.dateTime).toLocaleTimeString("en-US");
      delete clock.dataset.clock;
    }
  };
  clocks();
  document.addEventListener("htmx:afterSettle", clocks);

  // A form that is on its way is not sent twice. (The server holds to that, too.)
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "post" || event.defaultPrevented) return;
    const button = event.submitter;
    if (!button) return;
    setTimeout(() => {
      button.disabled = true;
      button.dataset.sent = "";
    });
  });
  window.addEventListener("pageshow", () => {
    for (const button of document.querySelectorAll("[data-sent]")) button.disabled = false;
  });
})();
