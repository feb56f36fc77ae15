/* Small comforts on every page. Nothing here is needed: without it, all links and forms work as they are. */

(() => {
  "use strict";

  const openMenu = () => document.querySelector(".account-menu[open]");

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

  // htmx is silent when no answer comes at all.
  for (const failure of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(failure, () => {
      const notice = document.createElement("p");
      notice.className = "notice notice-danger";
      notice.dataset.unreachable = "";
      notice.textContent = "HomeShield cannot be reached. Check the connection, then try again.";
      document.getElementById("messages").replaceChildren(notice);
    });
  }

  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.xhr.status) document.querySelector("[data-unreachable]")?.remove();
  });

  // What is bought is what the page shows: a quantity that was typed but not taken over yet goes first, and Buy waits
  // for another click, on the new total.
  document.addEventListener(
    "submit",
    (event) => {
      if (event.target.id !== "buy") return;
      const typed = [...document.querySelectorAll(".quantity input[type=number]")].find(
        (input) => input.value !== input.defaultValue,
      );
      if (!typed) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      typed.focus();
      if (typed.reportValidity()) typed.form.requestSubmit();
    },
    true,
  );

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
