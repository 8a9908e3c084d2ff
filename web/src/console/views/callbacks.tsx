/** People who were promised a call: the most urgent first, called with a click, kept or missed with another. */

import { useState } from "preact/hooks";
import { wayBack, waysBack } from "../calls";
import { address, useConsole } from "../context";
import { texts, word } from "../texts";
import type { Callback, Way } from "../wire";
import { moment, phoneNumber, slot } from "../words";
import { Button, Field, Tag } from "./bits";
import { Icon } from "./icons";
import { Lists } from "./lists";

export function Callbacks() {
  const { state } = useConsole();
  const due = state.callbacks.filter(({ state: is }) => is === "promised" || is === "dialling");
  const done = state.callbacks.filter(({ state: is }) => is !== "promised" && is !== "dialling").reverse();
  return (
    <Lists
      texts={texts.callbacks}
      icon="callback"
      groups={[
        [texts.callbacks.due, due],
        [texts.callbacks.done, done],
      ]}
      card={Card}
    >
      {state.service?.can_dial && <How />}
    </Lists>
  );
}

/** Who will speak with the person, said before anybody is called. */
function How() {
  const { desk, state, preferences, prefer } = useConsole();
  const way = wayBack(state, preferences.way);
  const choice = state.me?.takes_calls ? waysBack(state) : [];
  const number = state.me?.phone;
  return (
    <div class="how-back" id="how-back">
      <h3>{texts.callbacks.how}</h3>
      <p>
        {way === null
          ? texts.callbacks.howBot
          : way === "browser"
            ? texts.callbacks.howBrowser
            : number
              ? texts.callbacks.howPhone(phoneNumber(number))
              : texts.calls.numberMissing}
      </p>
      {choice.length > 1 && (
        <fieldset class="ways">
          <legend class="unseen">{texts.callbacks.howWay}</legend>
          {choice.map((one) => (
            <label key={one}>
              <input type="radio" name="way-back" checked={one === way} onChange={() => prefer({ way: one })} />
              <span>{texts.calls.waysShort[one]}</span>
            </label>
          ))}
        </fieldset>
      )}
      {((way === null && waysBack(state).length > 0) || (way === "phone" && !number)) && (
        <Button small icon="headset" onClick={() => desk.dialog("calls")}>
          {texts.calls.settings}
        </Button>
      )}
    </div>
  );
}

function Card({ row }: { readonly row: Callback }) {
  const { desk, state, telephone, phone, preferences } = useConsole();
  const [note, setNote] = useState("");
  const now = Date.now() + state.clockAhead;
  const busy = state.busy.includes(row.id) || phone.id === row.id;
  const way = wayBack(state, preferences.way);
  const mine = row.agent?.id === state.me?.id;
  const canDial = state.service?.can_dial ?? false;
  const remark = note.trim() ? { note: note.trim() } : {};
  const name = row.name || texts.callbacks.noName;

  async function callBack(by: Way) {
    if (by === "phone" && !state.me?.phone) {
      desk.tell(texts.calls.numberMissing, "error");
      desk.dialog("calls");
    } else if (await telephone.callBack(row, by)) {
      location.hash = address("callbacks", row.conversation_id);
    }
  }

  return (
    <li class={`card ${row.state} ${row.overdue ? "overdue" : ""}`}>
      <div class="card-top">
        <h4 dir="auto">{name}</h4>
        {row.overdue && <Tag tone="late">{texts.callbacks.overdue}</Tag>}
        {row.state !== "promised" && <Tag tone={row.state}>{texts.callbacks.stateName[row.state]}</Tag>}
      </div>
      <p class="card-when">
        <Icon name="history" />
        <span>
          {row.slot
            ? slot(row.slot.from, row.slot.to, now)
            : `${texts.callbacks.noSlot(moment(row.promised_at, now))}, ${texts.callbacks.dueBy(moment(row.due_at, now))}`}
        </span>
      </p>
      <p>
        <a class="number" href={`tel:${row.number}`}>
          <Icon name="phone" />
          {phoneNumber(row.number)}
        </a>
      </p>
      <p class="card-more">
        <span>{word(texts.reason, row.reason)}</span>
        {row.attempts > 0 && <span>{texts.callbacks.attempts(row.attempts)}</span>}
        {row.on_time !== null && <span>{row.on_time ? texts.callbacks.onTime : texts.callbacks.late}</span>}
        {row.agent && row.state !== "dialling" && <span>{row.agent.name}</span>}
        <a href={address("callbacks", row.conversation_id)}>
          {texts.callbacks.conversation}
          <span class="unseen"> ({name})</span>
        </a>
      </p>
      {row.summary && (
        <p class="card-summary" dir="auto">
          {row.summary.split("\n").join(" · ")}
        </p>
      )}
      {row.note && (
        <p class="card-note plain" dir="auto">
          {row.note}
        </p>
      )}
      {phone.problem?.id === row.id && (
        <p class="call-warning" role="alert">
          <Icon name="warning" />
          {phone.problem.kind === "server" ? phone.problem.text : texts.calls.microphone[phone.problem.kind]}
        </p>
      )}
      {phone.id === row.id && phone.stage === "asking" && (
        <p class="incoming-hint" role="status">
          <Icon name="mic" /> {texts.calls.askingMicrophone}
        </p>
      )}
      {row.state === "promised" && (
        <div class="card-end">
          {canDial && (
            <Button
              small
              kind="primary"
              icon="phone"
              busy={busy}
              aria-describedby="how-back"
              {...(way === null ? { title: texts.callbacks.dialLine } : {})}
              aria-label={`${way === null ? texts.callbacks.dial : texts.callbacks.callBack} ${name}`}
              onClick={() => void (way === null ? desk.callback(row, "dial") : callBack(way))}
            >
              {way === null ? texts.callbacks.dial : texts.callbacks.callBack}
            </Button>
          )}
          <Button
            small
            {...(canDial ? {} : { kind: "primary" as const })}
            busy={busy}
            onClick={() => void desk.callback(row, "dial", { by_hand: true })}
          >
            {texts.callbacks.byHand}
          </Button>
          {row.attempts > 0 && (
            <Button small busy={busy} onClick={() => void desk.callback(row, "missed")}>
              {texts.callbacks.missed}
            </Button>
          )}
          <Button small kind="quiet" busy={busy} onClick={() => void desk.callback(row, "cancel")}>
            {texts.callbacks.cancel}
          </Button>
        </div>
      )}
      {row.state === "dialling" && (
        <div class="card-result">
          <p class="calling" role="status">
            <Icon name="phone" />
            {mine ? texts.callbacks.diallingYou : texts.callbacks.dialling(row.agent?.name ?? "")}
          </p>
          {mine && !row.call_id && (
            <>
              <Field
                label={texts.callbacks.note}
                value={note}
                onInput={(event) => setNote(event.currentTarget.value)}
              />
              <div class="card-end">
                <Button small kind="primary" busy={busy} onClick={() => void desk.callback(row, "kept", remark)}>
                  {texts.callbacks.kept}
                </Button>
                <Button small busy={busy} onClick={() => void desk.callback(row, "missed", remark)}>
                  {texts.callbacks.missed}
                </Button>
              </div>
            </>
          )}
        </div>
      )}
      {row.state === "missed" && (
        <div class="card-end">
          <Button small busy={busy} onClick={() => void desk.callback(row, "again")}>
            {texts.callbacks.again}
          </Button>
        </div>
      )}
    </li>
  );
}
