/* The order's page while its requests are under way. Without it nothing is bought that the page did not show: the server
   sees to that. With it no click and no number that was typed is lost to an answer that comes in between. */

(() => {
  "use strict";

  // Back brings the page's parts anew, so each is looked for when it is needed.
  const cart = () => document.getElementById("order");
  const on = (type, handle) => document.addEventListener(type, (event) => {
    if (cart()?.contains(event.target)) handle(event);
  });
  const quantities = () => [...cart().querySelectorAll("input[inputmode=numeric]")];
  const isQuantity = (element) => element.inputMode === "numeric";
  let pressed = false; // a button is held down: its click comes when it is let go
  let action = null; // the last button's request, until it is answered

  // While a button is pressed or its request is under way, a quantity that was typed before waits for that answer, and
  // no other answer puts a new button in the place of the pressed one. Buy takes all quantities with it.
  on("pointerdown", (event) => {
    pressed = event.button === 0 && event.target.closest("button") !== null;
  });
  for (const release of ["pointerup", "pointercancel"]) {
    document.addEventListener(release, () => {
      // The click comes after this event.
      if (pressed) setTimeout(() => {
        pressed = false;
        if (!action) send(quantities().filter((field) => field.value !== field.defaultValue));
      });
    });
  }

  const send = (fields) => {
    for (const field of fields) field.dispatchEvent(new Event("change", { bubbles: true }));
  };

  // A step counts at once, and is sent as if it had been typed.
  on("click", (event) => {
    const button = event.target.closest("[data-step]");
    if (!button) return;
    event.preventDefault();
    const field = button.parentElement.querySelector("input");
    const quantity = Number(field.value.replaceAll(",", "")) + Number(button.dataset.step);
    if (!(quantity >= 1 && quantity <= 1000)) return;
    field.value = quantity;
    if (!pressed) send([field]);
  });

  on("keydown", (event) => {
    const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!step || !isQuantity(event.target)) return;
    event.preventDefault();
    event.target.parentElement.querySelector(`[data-step="${step}"]`).click();
  });

  on("htmx:beforeRequest", (event) => {
    if (!isQuantity(event.detail.elt)) action = event.detail.xhr;
    else if (pressed || action) event.preventDefault();
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.xhr === action) action = null;
  });

  on("htmx:beforeSwap", (event) => {
    const { xhr, requestConfig, target } = event.detail;
    if (target !== cart()) return;
    const isOvertaken = !requestConfig.elt.isConnected; // another answer has been put in its place
    if (isOvertaken || pressed || (action && action !== xhr)) {
      event.detail.shouldSwap = false;
      return;
    }
    // What was typed since the request was sent stays, and follows it.
    const typed = quantities().filter(
      (field) => field.value !== field.defaultValue && field.value !== requestConfig.formData.get(field.name),
    );
    if (!typed.length) return;
    cart().addEventListener("htmx:afterSettle", () => {
      action = null;
      send(typed.flatMap((old) => {
        const field = document.getElementById(old.id);
        if (!field || field.value === old.value) return [];
        field.value = old.value;
        return [field];
      }));
    }, { once: true });
  });
})();
