/**
 * A call that rings for me: who it is and why, before I pick it up.
 *
 * It is announced once, it rings, and it takes the focus from nobody: `L` takes it, from inside a field with Alt.
 */

import { useEffect, useRef, useState } from "preact/hooks";
import { asking, isCall, myCall, ringing, wayOf, ways } from "../calls";
import { address, useConsole } from "../context";
import { announce } from "../notices";
import { notify, Ringer } from "../ringing";
import type { State } from "../state";
import { spokenEnd, texts, word } from "../texts";
import type { Handover, Way } from "../wire";
import { percent, phoneNumber } from "../words";
import { Button, Elapsed, Field, Remaining, Tag } from "./bits";
import { Icon } from "./icons";

export function Incoming() {
  const { state, phone, preferences } = useConsole();
  const rings = ringing(state, phone.hushed);
  const [first] = rings;
  const call = inHand(state, phone.problem?.id ?? phone.id) ?? first ?? null;
  const sounds = first !== undefined && phone.id === null && phone.problem?.id !== first.id;
  useRinging(sounds ? first : null, preferences.sound, preferences.notifications);
  return (
    <div class="incoming-place">
      {call && <Card call={call} more={rings.filter(({ id }) => id !== call.id).length} key={call.id} />}
      {!call && phone.farewell && <p class="farewell">{spokenEnd(phone.farewell.end)}</p>}
    </div>
  );
}

/** The one that is being taken, or could not be: it stays on the screen until it is mine, or over. */
function inHand(state: State, id: string | null): Handover | null {
  const found = state.handovers.find((one) => one.id === id) ?? null;
  if (!found || !isCall(found) || myCall(state)) {
    return null;
  }
  return found.state === "queued" || found.state === "offered" ? found : null;
}

function useRinging(call: Handover | null, sound: boolean, notifications: boolean): void {
  const { preferences } = useConsole();
  const ringer = useRef<Ringer | null>(null);
  const id = call?.id;
  useEffect(() => {
    if (call) {
      const { incoming, withKey } = texts.calls.announce;
      const said = incoming(call.subject?.title ?? word(texts.reason, call.reason), call.last_words);
      announce(preferences.shortcuts ? `${said} ${withKey}` : said);
    }
    return call && notifications
      ? notify(texts.calls.incoming, call.subject?.title ?? word(texts.reason, call.reason))
      : undefined;
  }, [id]);
  useEffect(() => {
    if (id === undefined || !sound) {
      return;
    }
    ringer.current ??= new Ringer();
    ringer.current.start();
    return () => ringer.current?.stop();
  }, [id, sound]);
}

function Card({ call, more }: { readonly call: Handover; readonly more: number }) {
  const { desk, state, telephone, phone, preferences, prefer } = useConsole();
  // For this call only: what the agent falls back to when the microphone is refused.
  const [once, setOnce] = useState<Way | "">("");
  const [number, setNumber] = useState("");
  const [wrong, setWrong] = useState("");
  const way = wayOf(state, once || preferences.way) ?? "browser";
  const needsNumber = way !== "browser" && !state.me?.phone;
  const busy = phone.id !== null || state.busy.includes(call.id);
  const isAsking = asking(phone, state)?.id === call.id;
  const offered = call.state === "offered";

  function choose(chosen: Way) {
    setOnce("");
    prefer({ way: chosen });
  }
  async function accept(by: Way = way) {
    setWrong("");
    telephone.forget();
    if (by !== "browser" && !state.me?.phone) {
      setOnce(by);
      const problem = number.trim() ? await desk.number(number.trim()) : texts.calls.numberMissing;
      if (problem) {
        setWrong(problem);
        return;
      }
    }
    if (await telephone.accept(call, by)) {
      location.hash = address("queue", call.conversation_id);
    }
  }

  return (
    <section class="incoming" aria-labelledby="incoming-title">
      <header>
        <span class="incoming-icon">
          <Icon name="phone" />
        </span>
        <div class="incoming-who">
          <p class="incoming-kind">
            {offered ? texts.calls.offered : texts.calls.incoming}
            {call.callback_number && <span class="incoming-number">{phoneNumber(call.callback_number)}</span>}
          </p>
          <h2 id="incoming-title">{call.subject?.title ?? word(texts.reason, call.reason)}</h2>
        </div>
        <Elapsed since={call.waiting_since} prefix={texts.queue.waitsFor} />
      </header>
      <About call={call} />
      {phone.stage === "asking" && (
        <p class="incoming-hint" role="status">
          <Icon name="mic" /> {texts.calls.askingMicrophone}
        </p>
      )}
      <Refused call={call} onWay={(by) => void accept(by)} />
      <Ways chosen={way} onChoose={choose} />
      {needsNumber && (
        <Field
          label={texts.calls.number}
          hint={texts.calls.numberHint}
          problem={wrong}
          type="tel"
          autocomplete="off"
          value={number}
          onInput={(event) => setNumber(event.currentTarget.value)}
        />
      )}
      <div class="incoming-end">
        <Button
          kind="primary"
          icon="phone"
          class="answer-call"
          busy={busy}
          {...(preferences.shortcuts ? { shortcut: "L" } : {})}
          id="answer-call"
          onClick={() => void accept()}
        >
          {busy ? texts.calls.accepting : texts.calls.accept}
        </Button>
        <Button kind="quiet" busy={busy && !isAsking} onClick={() => telephone.decline(call)}>
          {offered ? texts.calls.decline : texts.calls.later}
        </Button>
        {offered && call.deadline && (
          <span class="hint">
            <Remaining until={call.deadline} text={texts.queue.offeredFor} />
          </span>
        )}
      </div>
      {more > 0 && <p class="incoming-more">{texts.calls.more(more)}</p>}
    </section>
  );
}

/** What the bot has understood, to be read in two seconds. */
function About({ call }: { readonly call: Handover }) {
  const lines = call.summary.split("\n").filter((line) => line.trim());
  return (
    <>
      <p class="row-tags">
        {call.front && <Tag tone="front">{texts.queue.handedBack}</Tag>}
        {call.priority > 0 && <Tag tone="front">{texts.queue.priority}</Tag>}
        {call.team && <Tag>{call.team}</Tag>}
        <span class="row-reason">{word(texts.reason, call.reason)}</span>
        {call.heard_confidence !== null && (
          <span class="row-reason">{texts.conversation.heard(percent(call.heard_confidence))}</span>
        )}
      </p>
      {call.last_words && (
        <blockquote class="incoming-words" dir="auto">
          <span class="unseen">{`${texts.calls.lastWords}\u00a0: `}</span>«&nbsp;{call.last_words}&nbsp;»
        </blockquote>
      )}
      {lines.length > 0 && (
        <div class="incoming-summary">
          <h3>{texts.calls.summary}</h3>
          <ul>
            {lines.map((line) => (
              <li key={line} dir="auto">
                {line}
              </li>
            ))}
          </ul>
        </div>
      )}
    </>
  );
}

/** Why the call could not be taken, what mends it, and the other ways there are. */
function Refused({ call, onWay }: { readonly call: Handover; readonly onWay: (way: Way) => void }) {
  const { state, phone } = useConsole();
  const { problem } = phone;
  if (problem?.id !== call.id) {
    return null;
  }
  const others = ways(state).filter((way) => way !== "browser");
  return (
    <div class="incoming-problem" role="alert">
      <p>{problem.kind === "server" ? problem.text : texts.calls.microphone[problem.kind]}</p>
      <p class="still-waiting">{texts.calls.stillWaiting}</p>
      {others.length > 0 && (
        <p class="incoming-others">
          {others.map((way) => (
            <Button key={way} small icon={way === "phone" ? "phone" : "transfer"} onClick={() => onWay(way)}>
              {way === "phone" ? texts.calls.withPhone : texts.calls.withTransfer}
            </Button>
          ))}
        </p>
      )}
    </div>
  );
}

interface WaysProps {
  readonly chosen: Way;
  readonly onChoose: (way: Way) => void;
}

/** Shown where there is a choice; what is chosen is remembered. */
function Ways({ chosen, onChoose }: WaysProps) {
  const { state } = useConsole();
  const offered = ways(state);
  return offered.length < 2 ? null : (
    <fieldset class="ways">
      <legend class="unseen">{texts.calls.way}</legend>
      {offered.map((way) => (
        <label key={way}>
          <input type="radio" name="incoming-way" checked={way === chosen} onChange={() => onChoose(way)} />
          <span>{texts.calls.waysShort[way]}</span>
        </label>
      ))}
    </fieldset>
  );
}
