// The demonstration page: a search in the page itself, the theme and language switches, the line to copy. Without this
// file the page reads the same, with less to press.

"use strict";

(() => {
  const byId = (id) => document.getElementById(id);
  const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

  // Before the widget's script has run, what is asked of it waits in this list.
  window.Guichet ??= [];
  const widget = (...command) => window.Guichet.push(command);
  const THEMES = { contrast: "light" }; // the colours of high contrast are custom properties, in demo.css

  function showSearch() {
    const cards = [...document.querySelectorAll("#liste-fiches article")];
    const field = byId("mots");
    const search = () => {
      const words = fold(field.value).split(/\s+/u).filter(Boolean);
      for (const card of cards) {
        const text = fold(card.textContent);
        card.hidden = !words.every((word) => text.includes(word));
      }
      const count = cards.filter((card) => !card.hidden).length;
      byId("rien").hidden = count > 0;
      const found = count === 0 ? "Aucune fiche trouvée." : count === 1 ? "Une fiche trouvée." : `${count} fiches trouvées.`;
      byId("trouve").textContent = words.length === 0 ? "" : found;
    };
    field.addEventListener("input", search);
    byId("recherche").addEventListener("submit", (event) => {
      event.preventDefault();
      search();
      byId("fiches").focus();
    });
    byId("recherche").hidden = false;
  }

  function showQuestions() {
    for (const place of document.querySelectorAll(".ask")) {
      const button = place.querySelector("button");
      button.addEventListener("click", () => widget("send", button.dataset.question));
      place.hidden = false;
    }
    byId("avec-assistant").hidden = false;
    byId("sans-assistant").hidden = true;
  }

  function showSettings() {
    byId("reglages").addEventListener("change", ({ target }) => {
      if (target.name === "theme") {
        document.documentElement.dataset.theme = target.value;
        document.querySelector("guichet-chat")?.setAttribute("theme", THEMES[target.value] ?? target.value);
      } else {
        widget("setLocale", target.value);
      }
    });
    byId("reglages").hidden = false;
  }

  function showLine() {
    const field = byId("ligne");
    field.value = `<script src="${new URL("widget.js", document.baseURI).href}" async></` + "script>";
    byId("copier").addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(field.value);
        byId("copie").textContent = "La ligne est copiée.";
      } catch {
        field.select();
        byId("copie").textContent = "La ligne est sélectionnée : copiez-la avec le clavier.";
      }
    });
    byId("copier").hidden = false;
  }

  showSearch();
  showSettings();
  showLine();
  // What needs the assistant appears with it: where its script does not come, the telephone stays.
  customElements.whenDefined("guichet-chat").then(showQuestions);
})();
