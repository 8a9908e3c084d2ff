/** The verified answers' small Markdown, read by the widget's reader. Text only ever becomes text. */

import type { ComponentChildren } from "preact";
import { type Inline, parse, safeAddress, typeset } from "../../widget/view/markdown";
import { texts } from "../texts";

export function Markdown({ text }: { readonly text: string }) {
  return (
    <div class="markdown" dir="auto">
      {parse(text).map(({ kind, lines }, place) =>
        kind === "p" ? (
          <p key={place}>
            {lines.map((line, index) => (
              <>
                {index > 0 && <br />}
                {line.map(piece)}
              </>
            ))}
          </p>
        ) : (
          <List key={place} ordered={kind === "ol"}>
            {lines.map((line, index) => (
              <li key={index}>{line.map(piece)}</li>
            ))}
          </List>
        ),
      )}
    </div>
  );
}

function List({ ordered, children }: { readonly ordered: boolean; readonly children: ComponentChildren }) {
  return ordered ? <ol>{children}</ol> : <ul>{children}</ul>;
}

function piece(inline: Inline): ComponentChildren {
  if (typeof inline === "string") {
    return typeset(inline);
  }
  return "bold" in inline ? (
    <strong>{inline.bold.map(piece)}</strong>
  ) : (
    <Outside address={inline.address}>{typeset(inline.label)}</Outside>
  );
}

/** A link out of the console, in a new tab and said to be so; the words alone when the address is none that we open. */
export function Outside({ address, children }: { readonly address: string; readonly children: ComponentChildren }) {
  const href = safeAddress(address);
  if (!href) {
    return <>{children}</>;
  }
  return (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {children}
      <span class="unseen"> ({texts.side.newTab})</span>
    </a>
  );
}
