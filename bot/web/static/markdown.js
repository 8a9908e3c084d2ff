// The light Markdown of the answers, built as DOM nodes: paragraphs, "- " lists, **bold**, [text](address).
// Text never becomes HTML. An address that is not https:, http:, mailto: or tel: stays plain text.

import { TEXTS } from "./texts.js";

const INLINE = /\*\*(?<bold>[^*]+)\*\*|\[(?<label>[^\][]+)\]\((?<address>[^()\s]+(?:\([^()\s]*\)[^()\s]*)*)\)/gu;
const SAFE_SCHEMES = new Set(["https:", "http:", "mailto:", "tel:"]);

/** A fragment for the whole text. */
export function renderMarkdown(text) {
  const fragment = document.createDocumentFragment();
  let list = null;
  let paragraph = null;
  for (const line of text.replaceAll("\r\n", "\n").split("\n")) {
    const item = /^\s*[-•]\s+(?<content>.*)$/u.exec(line);
    if (item) {
      paragraph = null;
      list ??= fragment.appendChild(document.createElement("ul"));
      const entry = list.appendChild(document.createElement("li"));
      appendInline(entry, item.groups.content);
    } else if (line.trim() === "") {
      list = null;
      paragraph = null;
    } else if (list && /^\s/u.test(line)) {
      list.lastChild.append(" ");
      appendInline(list.lastChild, line.trim());
    } else {
      list = null;
      if (paragraph) {
        paragraph.append(document.createElement("br"));
      } else {
        paragraph = fragment.appendChild(document.createElement("p"));
      }
      appendInline(paragraph, line);
    }
  }
  return fragment;
}

/** A link that opens beside the conversation, or null when the address is not one we open. */
export function safeLink(address, label) {
  let url;
  try {
    url = new URL(address);
  } catch {
    return null;
  }
  if (!SAFE_SCHEMES.has(url.protocol)) {
    return null;
  }
  const link = document.createElement("a");
  link.href = url.href;
  link.rel = "noopener noreferrer";
  link.append(label);
  if (url.protocol.startsWith("http")) {
    link.target = "_blank";
    const note = document.createElement("span");
    note.className = "hidden-text";
    note.textContent = ` ${TEXTS.newTab}`;
    link.append(note);
  }
  return link;
}

/** The same text for the ear: no marks, no addresses. */
export function plainText(text) {
  return text
    .replace(INLINE, (...match) => match.at(-1).bold ?? match.at(-1).label)
    .replace(/^\s*[-•]\s+/gmu, "")
    .replace(/\s*\n+\s*/gu, " ")
    .trim();
}

/** French spacing: a sign never begins a line. */
export function typeset(text) {
  return text.replace(/ (?=[;?!])/gu, "\u202f").replace(/ (?=[:»%€])|(?<=«) /gu, "\u00a0");
}

function appendInline(parent, text) {
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    parent.append(typeset(text.slice(from, match.index)));
    from = match.index + match[0].length;
    const { bold, label, address } = match.groups;
    if (bold !== undefined) {
      const strong = parent.appendChild(document.createElement("strong"));
      appendInline(strong, bold);
    } else {
      parent.append(safeLink(address, typeset(label)) ?? match[0]);
    }
  }
  parent.append(typeset(text.slice(from)));
}
