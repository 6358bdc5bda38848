// Everything works without this. With it: typing ahead, filters that take effect at once, a button to print.
(() => {
  "use strict";
  const root = document.documentElement.lang === "en" ? "/en" : "";

  // Printing.
  for (const button of document.querySelectorAll("button.print")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }

  // On a narrow screen the filters begin closed.
  const filters = document.querySelector("details.filters");
  if (filters && window.matchMedia("(max-width: 56rem)").matches) filters.open = false;

  // Typing ahead: a list of the browser's own, so that keyboard and screen reader know it.
  const field = document.getElementById("q");
  if (field) {
    const list = document.createElement("datalist");
    list.id = "ahead";
    field.after(list);
    field.setAttribute("list", "ahead");
    let timer = 0;
    let asked = "";
    field.addEventListener("input", () => {
      clearTimeout(timer);
      const typed = field.value.trim();
      if (typed.length < 2 || typed === asked) return;
      timer = setTimeout(async () => {
        asked = typed;
        try {
          const answer = await fetch("/vorschlaege?" + new URLSearchParams({ q: typed }));
          if (!answer.ok || field.value.trim() !== typed) return;
          list.replaceChildren(...(await answer.json()).map((text) => {
            const option = document.createElement("option");
            option.value = text;
            return option;
          }));
        } catch { /* Without suggestions one types on. */ }
      }, 150);
    });
  }

  // Filters: the new page is fetched, its hits and counts take the place of the old ones, the focus stays.
  const form = document.getElementById("f");
  if (!form || !window.DOMParser) return;
  const hint = form.querySelector(".hint.live");
  if (hint) hint.hidden = false;
  const voice = document.createElement("p");
  voice.className = "sr";
  voice.setAttribute("role", "status");
  document.querySelector("main").append(voice);
  let going = null;

  const address = () => {
    const pairs = [...new FormData(form)].filter(([name, value]) => {
      if (value === "") return false;
      if (name === "sort" && value === "relevance") return false;
      return !(name === "radius" && form.elements.place.value === "");
    });
    const query = new URLSearchParams(pairs).toString();
    return root + "/suche" + (query ? "?" + query : "");
  };

  const show = async (to, remember) => {
    if (going) going.abort();
    going = new AbortController();
    try {
      const answer = await fetch(to, { signal: going.signal });
      if (!answer.ok) { location.assign(to); return; }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const active = document.activeElement;
      const { name, value, id } = active || {};
      for (const fieldset of page.querySelectorAll(".filters fieldset")) {
        const old = document.getElementById(fieldset.id);
        if (old) old.replaceWith(fieldset);
      }
      document.getElementById("results").replaceWith(page.getElementById("results"));
      const old = document.getElementById("pick");
      const pick = page.getElementById("pick");
      if (old && pick) old.replaceWith(pick);
      else if (old) old.remove();
      else if (pick) form.after(pick);
      document.title = page.title;
      if (remember) history.pushState(null, "", to);
      voice.textContent = document.getElementById("found").textContent;
      if (active && !active.isConnected) {
        const same = id ? document.getElementById(id)
          : [...form.querySelectorAll("input")].find((input) => input.name === name && input.value === value);
        if (same) same.focus();
      }
    } catch (fault) {
      if (fault.name !== "AbortError") location.assign(to);
    }
  };

  form.addEventListener("change", (event) => {
    if (event.target.closest(".filters fieldset") || event.target.id === "sort") show(address(), true);
  });
  window.addEventListener("popstate", () => location.reload());
})();
