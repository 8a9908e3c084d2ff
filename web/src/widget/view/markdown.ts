/**
 * The small Markdown of the answers: paragraphs, lists, **bold**, [text](address) and bare web addresses.
 *
 * Reading it (pure) is apart from showing it (nodes with text in them). An address that is not http, https, mailto
 * or tel, or that hides its host behind a user name, stays the plain text it was written as.
 */

import type { Texts } from "../texts";
import { h, hidden } from "./dom";

export type Inline =
  | string
  | { readonly bold: readonly Inline[] }
  | { readonly label: string; readonly address: string };

export interface Block {
  readonly kind: "p" | "ul" | "ol";
  /** The lines of a paragraph, or the entries of a list. */
  readonly lines: Inline[][];
}

const INLINE =
  /\*\*([^*]+)\*\*|\[([^\][]+)\]\(([^()\s]+(?:\([^()\s]*\)[^()\s]*)*)\)|\bhttps?:\/\/[^\s<>()[\]"«»]*[^\s<>()[\]"«».,;:!?…’']/gu;
const SCHEMES = new Set(["https:", "http:", "mailto:", "tel:"]);

export function parse(text: string): Block[] {
  const blocks: Block[] = [];
  let open: Block | undefined;
  for (const line of text.split(/\r?\n/u)) {
    const entry = /^\s*(?:[-•*]|(\d{1,3})[.)])\s+(.*)$/u.exec(line);
    const kind = entry ? (entry[1] ? "ol" : "ul") : "p";
    const content = inline(entry?.[2] ?? line.trim());
    if (!line.trim()) {
      open = undefined;
    } else if (open && !entry && open.kind !== "p" && /^\s/u.test(line)) {
      open.lines.at(-1)?.push(" ", ...content);
    } else if (open?.kind === kind) {
      open.lines.push(content);
    } else {
      open = { kind, lines: [content] };
      blocks.push(open);
    }
  }
  return blocks;
}

/** The same for the ear: no marks, no addresses, and an end to every piece. */
export function plainText(text: string): string {
  return parse(text)
    .flatMap((block) => block.lines.map((line) => line.map(bare).join("").trim()))
    .map((line) => (/[\p{L}\p{N})»]$/u.test(line) ? `${line}.` : line))
    .join(" ");
}

/** The address in full, or null when it is not one that we open. */
export function safeAddress(address: string): string | null {
  try {
    const url = new URL(address);
    return SCHEMES.has(url.protocol) && !url.username && !url.password ? url.href : null;
  } catch {
    return null;
  }
}

/** French spacing: a sign never begins a line. */
export function typeset(text: string): string {
  return text
    .replace(/ (?=[;?!])/gu, "\u202f")
    .replace(/ (?=[:»%€])/gu, "\u00a0")
    .replace(/« /gu, "«\u00a0");
}

export function render(text: string, texts: Texts): DocumentFragment {
  const fragment = document.createDocumentFragment();
  for (const { kind, lines } of parse(text)) {
    if (kind === "p") {
      const pieces = lines.flatMap((line, index) => [index ? h("br") : null, ...nodes(line, texts)]);
      fragment.append(h("p", { dir: "auto" }, ...pieces));
    } else {
      fragment.append(h(kind, { dir: "auto" }, ...lines.map((line) => h("li", ...nodes(line, texts)))));
    }
  }
  return fragment;
}

/** A link that opens beside the conversation, and says so; plain text when the address is not one that we open. */
export function link(address: string, label: string, texts: Texts): Node {
  const href = safeAddress(address);
  if (!href) {
    return document.createTextNode(label);
  }
  const isPage = href.startsWith("http");
  const target = isPage ? "_blank" : null;
  return h("a", { href, target, rel: "noopener noreferrer" }, label, isPage ? hidden(` ${texts.newTab}`) : null);
}

function inline(text: string): Inline[] {
  const found: Inline[] = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, bold, label, address] = match;
    found.push(text.slice(from, match.index));
    from = match.index + whole.length;
    if (bold) {
      found.push({ bold: inline(bold) });
    } else {
      found.push(safeAddress(address ?? whole) ? { label: label ?? whole, address: address ?? whole } : whole);
    }
  }
  found.push(text.slice(from));
  return found.filter((piece) => piece !== "");
}

function bare(piece: Inline): string {
  return typeof piece === "string" ? piece : "bold" in piece ? piece.bold.map(bare).join("") : piece.label;
}

function nodes(pieces: readonly Inline[], texts: Texts): Node[] {
  return pieces.map((piece) => {
    if (typeof piece === "string") {
      return document.createTextNode(typeset(piece));
    }
    return "bold" in piece
      ? h("strong", ...nodes(piece.bold, texts))
      : link(piece.address, typeset(piece.label), texts);
  });
}
