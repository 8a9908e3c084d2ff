/** What visitors wrote while nobody could answer. */

import { useState } from "preact/hooks";
import { address, useConsole } from "../context";
import { texts } from "../texts";
import type { WrittenMessage } from "../wire";
import { moment, phoneNumber } from "../words";
import { Button, Field } from "./bits";
import { Icon } from "./icons";
import { Lists } from "./lists";

export function Messages() {
  const { state } = useConsole();
  const fresh = state.messages.filter(({ state: is }) => is === "new");
  const done = state.messages.filter(({ state: is }) => is === "done");
  return (
    <Lists
      texts={texts.messages}
      icon="mail"
      groups={[
        [texts.messages.new, fresh],
        [texts.messages.done, done],
      ]}
      card={Card}
    />
  );
}

function Card({ row }: { readonly row: WrittenMessage }) {
  const { desk, state } = useConsole();
  const [note, setNote] = useState("");
  const now = Date.now() + state.clockAhead;
  const busy = state.busy.includes(row.id);
  const name = row.name || texts.messages.noName;
  return (
    <li class={`card ${row.state === "done" ? "kept" : ""}`}>
      <div class="card-top">
        <h4 dir="auto">{name}</h4>
      </div>
      <p class="card-when">
        <Icon name="history" />
        <span>{texts.messages.received(moment(row.received_at, now))}</span>
      </p>
      <p class="plain message-text" dir="auto">
        {row.text}
      </p>
      <p class="card-more">
        <Contact contact={row.contact} />
        <a href={address("messages", row.conversation_id)}>
          {texts.callbacks.conversation}
          <span class="unseen"> ({name})</span>
        </a>
      </p>
      {row.note && <p class="card-note plain">{row.note}</p>}
      {row.state === "new" ? (
        <div class="card-result">
          <Field label={texts.messages.note} value={note} onInput={(event) => setNote(event.currentTarget.value)} />
          <div class="card-end">
            <Button
              kind="primary"
              icon="check"
              busy={busy}
              aria-label={`${texts.messages.markDone} : ${name}`}
              onClick={() => void desk.message(row, "done", note.trim())}
            >
              {texts.messages.markDone}
            </Button>
          </div>
        </div>
      ) : (
        <div class="card-end">
          {row.done_at && <p class="hint">{texts.messages.by(row.agent?.name ?? "", moment(row.done_at, now))}</p>}
          <Button small busy={busy} onClick={() => void desk.message(row, "reopen")}>
            {texts.messages.reopen}
          </Button>
        </div>
      )}
    </li>
  );
}

/** A link only when it is plainly an address or a number: what a visitor typed is never an address to open. */
function Contact({ contact }: { readonly contact: string }) {
  if (/^[^\s@<>"'?&]+@[^\s@<>"'?&]+\.[^\s@<>"'?&]+$/u.test(contact)) {
    return <a href={`mailto:${contact}`}>{contact}</a>;
  }
  if (/^\+?[\d .()-]{6,20}$/u.test(contact)) {
    const number = contact.replace(/[^\d+]/gu, "");
    return <a href={`tel:${number}`}>{phoneNumber(number)}</a>;
  }
  return <span dir="auto">{contact}</span>;
}
