/* The form that changes a price: "Now" of the clock chooses "Takes effect: Now", and a date or time that is chosen or typed
   chooses the other. Without it the form says what does not fit together. */

(() => {
  "use strict";

  document.addEventListener("DOMContentLoaded", () => {
    const form = document.querySelector("#pricerule_form, #dated_form");
    const choice = (value) => form.querySelector(`input[name=when][value=${value}]`);
    const [date, time] = [0, 1].map((part) => form?.querySelector(`input[name=effective_from_${part}]`));
    if (!date || !time) return;

    const chosen = () => {
      if (date.value || time.value) choice("at").checked = true;
    };
    for (const field of [date, time]) {
      field.addEventListener("input", chosen);
      field.addEventListener("focus", chosen); // the calendar and the clock fill a field, and then move there
    }
    choice("now").addEventListener("change", () => {
      date.value = time.value = "";
    });

    // Of another day "Now" is that day's time of day.
    document.addEventListener("click", (event) => {
      const link = event.target.closest?.(".datetimeshortcuts a, .clockbox .timelist a");
      if (!link || link.textContent.trim() !== "Now") return;
      const day = date.value;
      setTimeout(() => {
        if (day && day !== DateTimeShortcuts.now().strftime(get_format("DATE_INPUT_FORMATS")[0])) return;
        date.value = time.value = "";
        choice("now").checked = true;
      });
    }, true);
  });
})();
