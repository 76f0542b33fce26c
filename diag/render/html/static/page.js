"use strict";
// Filters, links into closed stacks, and a print that hides nothing.
(() => {
  const form = document.getElementById("filters");
  if (form) {
    const [text, stuck, cause] = ["filter-text", "filter-stuck", "filter-cause"].map((id) => document.getElementById(id));
    const count = document.getElementById("filter-count");
    const items = [...document.querySelectorAll(".item")];
    const texts = items.map((item) => item.textContent.toLowerCase());
    const apply = () => {
      const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
      let left = 0;
      items.forEach((item, number) => {
        const fits = words.every((word) => texts[number].includes(word))
          && (!stuck.checked || item.classList.contains("stuck"))
          && (!cause.checked || item.dataset.part === "cause");
        item.hidden = !fits;
        if (fits) left += 1;
      });
      const filtered = words.length > 0 || stuck.checked || cause.checked;
      count.textContent = filtered ? `${left} of ${items.length} rows and stacks shown` : "";
    };
    form.hidden = false;
    form.addEventListener("input", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    apply(); // a reloaded page keeps what was typed
  }

  const openTarget = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (target && target.tagName === "DETAILS") {
      target.hidden = false;
      target.open = true;
      target.querySelector("summary").focus({ preventScroll: true });
      target.scrollIntoView({ block: "center" });
    }
  };
  addEventListener("hashchange", openTarget);
  openTarget();

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const details of closed) details.open = true;
  });
  addEventListener("afterprint", () => { for (const details of closed) details.open = false; });
})();
