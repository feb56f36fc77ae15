/* The list of the API's operations, drawn from its own description. */

(() => {
  "use strict";

  const night = window.matchMedia("(prefers-color-scheme: dark)");
  const dress = () => document.documentElement.classList.toggle("dark-mode", night.matches);
  night.addEventListener("change", dress);
  dress();

  const place = document.getElementById("api-docs");

  // What Swagger UI draws without names, or out of the keyboard's reach.
  const complete = () => {
    for (const select of place.querySelectorAll("select:not([aria-label])")) {
      const row = select.closest("[data-param-name]");
      select.setAttribute("aria-label", row ? row.dataset.paramName : select.title || "Media type");
    }
    for (const region of place.querySelectorAll("table[role=region]:not([aria-label])")) {
      const operation = region.closest(".opblock").querySelector(".opblock-summary-path");
      region.setAttribute("aria-label", `Answers of ${operation.dataset.path}, ${region.id}`);
    }
    for (const code of place.querySelectorAll(".microlight:not([tabindex])")) {
      code.setAttribute("tabindex", "0");
    }
  };
  new MutationObserver(complete).observe(place, { childList: true, subtree: true });

  window.SwaggerUIBundle({
    domNode: place,
    url: place.dataset.openapi,
    presets: [window.SwaggerUIBundle.presets.apis],
    // The page has a heading of its own. A link within the button that opens an operation is out of reach as well.
    plugins: [() => ({ wrapComponents: { InfoContainer: () => () => null } })],
    layout: "BaseLayout",
    deepLinking: false,
    defaultModelsExpandDepth: 0,
    validatorUrl: null,
  });
})();
