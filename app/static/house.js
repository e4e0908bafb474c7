// Small comforts; every page works without them.
"use strict";
(() => {
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

  // A second press of the same button sends nothing.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "1";
    for (const button of $$("button[type=submit]", form)) button.classList.add("disabled");
  });
  window.addEventListener("pageshow", () => { // back again: the buttons may be pressed again
    for (const form of $$("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of $$("button.disabled", form)) button.classList.remove("disabled");
    }
  });

  // Lines chosen for a deed on many.
  for (const form of $$("form[data-bulk]")) {
    const boxes = $$("input[name=rowid]", form), all = form.querySelector("[data-bulk-all]");
    const bar = form.querySelector("[data-bulk-bar]"), words = form.querySelector("[data-bulk-count]");
    const show = () => {
      const chosen = boxes.filter((box) => box.checked);
      bar.hidden = !chosen.length;
      words.textContent = words.dataset.words.replace("{}", chosen.length);
      all.checked = chosen.length === boxes.length;
      all.indeterminate = chosen.length > 0 && !all.checked;
      for (const box of boxes) box.closest("tr").classList.toggle("ph-on", box.checked);
    };
    all.hidden = false;
    all.addEventListener("change", () => { for (const box of boxes) box.checked = all.checked; show(); });
    form.addEventListener("change", show);
    window.addEventListener("pageshow", show);
    show();
  }

  // Boxes that load their choices as one types, and those that hang on another.
  for (const box of $$("select[data-choices-url]")) {
    if (!window.TomSelect) break;
    const words = box.getAttribute("aria-label") || box.labels[0]?.textContent || box.dataset.placeholder;
    const from = box.dataset.cascadeFrom && document.getElementById(box.dataset.cascadeFrom);
    const made = new window.TomSelect(box, {
      valueField: "value", labelField: "text", searchField: ["text"], placeholder: box.dataset.placeholder,
      preload: "focus", maxOptions: 50, allowEmptyOption: false,
      load(text, done) {
        const address = new URL(box.dataset.choicesUrl, location.href);
        address.searchParams.set("q", text);
        if (from?.value) address.searchParams.set(box.dataset.cascadeName, from.value);
        fetch(address, { credentials: "same-origin" })
          .then((answer) => (answer.ok ? answer.json() : []))
          .then((found) => done(found), () => done());
      },
    });
    // The label now belongs to what is typed into; the select behind it keeps a name of its own.
    for (const part of [box, made.control_input]) part.setAttribute("aria-label", words);
    from?.addEventListener("change", () => { made.clear(); made.clearOptions(); made.loadedSearches = {}; made.load(""); });
  }
})();
