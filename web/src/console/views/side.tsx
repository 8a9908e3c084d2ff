/** Beside the conversation: what helps to answer, what the bot made of it, what colleagues should know. */

import { useState } from "preact/hooks";
import { useConsole } from "../context";
import { titleOf } from "../looks";
import { texts, word } from "../texts";
import type { Detail, Turn } from "../wire";
import { date, moment, percent, timeOfDay } from "../words";
import { Button } from "./bits";
import { Help } from "./help";
import { Markdown } from "./markdown";
import { Source } from "./transcript";

export type SideTab = "help" | "botView" | "notes";
const TABS: readonly SideTab[] = ["help", "botView", "notes"];

interface Props {
  readonly tab: SideTab;
  readonly onTab: (tab: SideTab) => void;
  readonly onClose: () => void;
}

export function Side({ tab, onTab, onClose }: Props) {
  const { state } = useConsole();
  const detail = state.open?.detail;
  if (!state.open) {
    return null;
  }
  const notes = detail?.notes.length ?? 0;
  function arrows(event: KeyboardEvent) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by) {
      event.preventDefault();
      const to = TABS[(TABS.indexOf(tab) + by + TABS.length) % TABS.length] ?? tab;
      onTab(to);
      document.getElementById(`side-tab-${to}`)?.focus();
    }
  }
  return (
    <aside class="side" aria-label={texts.side.label}>
      <div class="side-head">
        <div class="side-tabs" role="tablist" aria-label={texts.side.label} onKeyDown={arrows}>
          {TABS.map((one) => (
            <button
              key={one}
              type="button"
              role="tab"
              id={`side-tab-${one}`}
              aria-selected={one === tab}
              aria-controls="side-panel"
              tabIndex={one === tab ? 0 : -1}
              onClick={() => onTab(one)}
            >
              {texts.side[one]}
              {one === "notes" && notes > 0 && <span class="count"> {notes}</span>}
            </button>
          ))}
        </div>
        <Button kind="quiet" icon="close" class="side-close" aria-label={texts.preferences.close} onClick={onClose} />
      </div>
      <div class="side-panel" role="tabpanel" id="side-panel" aria-labelledby={`side-tab-${tab}`}>
        {tab === "help" && <Help key={state.open.id} />}
        {tab === "botView" && detail && <BotView detail={detail} />}
        {tab === "notes" && detail && <Notes detail={detail} key={detail.id} />}
      </div>
    </aside>
  );
}

function BotView({ detail }: { readonly detail: Detail }) {
  const { state } = useConsole();
  const { payload } = detail;
  return (
    <>
      {payload?.summary && (
        <section>
          <h3>{texts.side.summary}</h3>
          <ul class="summary">
            {payload.summary
              .split("\n")
              .filter(Boolean)
              .map((line) => (
                <li key={line} dir="auto">
                  {line}
                </li>
              ))}
          </ul>
        </section>
      )}
      <section>
        <h3>{texts.side.understood}</h3>
        {payload && payload.ranking.length > 0 ? (
          <Ranking ranking={payload.ranking} />
        ) : (
          <p class="hint">{texts.side.nothingUnderstood}</p>
        )}
        {payload?.heard_confidence != null && (
          <p class="hint">
            {texts.side.heardConfidence} : {percent(payload.heard_confidence)}
          </p>
        )}
      </section>
      <section>
        <h3>{texts.side.given}</h3>
        {payload && payload.answers.length > 0 ? (
          <ul class="given-list">
            {payload.answers.map((answer) => (
              <li key={`${answer.id}-${answer.turn}`}>
                <p>
                  <strong>{answer.title}</strong>
                </p>
                <Source answer={answer} />
              </li>
            ))}
          </ul>
        ) : (
          <p class="hint">{texts.side.noneGiven}</p>
        )}
      </section>
      {payload && Object.keys(payload.slots).length > 0 && (
        <section>
          <h3>{texts.side.slots}</h3>
          <dl class="slots">
            {Object.entries(payload.slots).map(([name, value]) => (
              <div key={name}>
                <dt>{name.replaceAll("_", " ")}</dt>
                <dd dir="auto">{typeof value === "string" ? value : JSON.stringify(value)}</dd>
              </div>
            ))}
          </dl>
        </section>
      )}
      {detail.turns.length > 0 && (
        <section>
          <h3>{texts.side.turns}</h3>
          {detail.turns.map((turn) => (
            <TurnView key={turn.number} turn={turn} title={titleOf(state.subjects, turn.intent)} />
          ))}
        </section>
      )}
      <Annotations detail={detail} />
      <section>
        <h3>{texts.side.history}</h3>
        <ol class="history">
          {detail.history.map((entry, index) => (
            <li key={index}>
              <time dateTime={entry.at}>{timeOfDay(entry.at)}</time>
              <span>
                {entry.agent?.name} {word(texts.events, entry.kind)}
                {entry.detail && <span class="hint"> {entry.detail}</span>}
              </span>
            </li>
          ))}
        </ol>
      </section>
    </>
  );
}

function Ranking({ ranking }: { readonly ranking: readonly { intent: string; title: string; confidence: number }[] }) {
  return (
    <ul class="ranking">
      {ranking.map(({ intent, title, confidence }) => (
        <li key={intent}>
          <span>{title || intent}</span>
          <span class="share">{percent(confidence)}</span>
          <progress max={1} value={confidence} aria-hidden="true" />
        </li>
      ))}
    </ul>
  );
}

function TurnView({ turn, title }: { readonly turn: Turn; readonly title: string }) {
  const { state } = useConsole();
  return (
    <details class="turn">
      <summary>
        <span class="turn-number">{turn.number}</span>
        <span class="turn-words" dir="auto">
          {turn.heard || (turn.key ? texts.conversation.pressed(turn.key) : texts.conversation.noWords)}
        </span>
        <span class="share">{percent(turn.intent_confidence)}</span>
      </summary>
      <p>
        {title && <strong>{title} · </strong>}
        {word(texts.side.outcome, turn.outcome)}
      </p>
      {turn.ranking.length > 0 && (
        <Ranking
          ranking={turn.ranking.slice(0, 5).map((one) => ({ ...one, title: titleOf(state.subjects, one.intent) }))}
        />
      )}
      {turn.readings.length > 0 && (
        <>
          <p class="hint">{texts.side.readings}</p>
          <ul class="readings">
            {turn.readings.map((reading) => (
              <li key={reading.text} dir="auto">
                {reading.text} <span class="share">{percent(reading.confidence)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      {turn.answers.map((answer) => (
        <div key={answer.id} class="turn-answer">
          <Markdown text={answer.text} />
          <Source answer={answer} />
        </div>
      ))}
    </details>
  );
}

function Annotations({ detail }: { readonly detail: Detail }) {
  const { state } = useConsole();
  if (detail.annotations.length === 0) {
    return null;
  }
  return (
    <section>
      <h3>{texts.side.annotations}</h3>
      <ul class="note-list">
        {detail.annotations.map((one) => (
          <li key={one.id}>
            <p class="note-who">
              {one.agent.name} · {moment(one.at, Date.now() + state.clockAhead)}
            </p>
            <p>
              {texts.wrapUp.verdict[one.verdict]}
              {one.intent && ` → ${titleOf(state.subjects, one.intent)}`}
            </p>
            {one.note && <p dir="auto">{one.note}</p>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Notes({ detail }: { readonly detail: Detail }) {
  const { desk, state } = useConsole();
  const [text, setText] = useState("");
  const busy = state.busy.includes(`note:${detail.id}`);
  async function save(event: Event) {
    event.preventDefault();
    if (text.trim() && (await desk.note(detail.id, text))) {
      setText("");
    }
  }
  return (
    <>
      <form class="note-form" onSubmit={(event) => void save(event)}>
        <div class="field">
          <label for="note">{texts.side.addNote}</label>
          <textarea
            id="note"
            rows={3}
            dir="auto"
            value={text}
            aria-describedby="note-hint"
            onInput={(event) => setText(event.currentTarget.value)}
          />
          <p class="hint" id="note-hint">
            {texts.side.noteHint}
          </p>
        </div>
        <Button type="submit" small busy={busy || !text.trim()}>
          {texts.side.saveNote}
        </Button>
      </form>
      {detail.notes.length === 0 ? (
        <p class="hint">{texts.side.noNotes}</p>
      ) : (
        <ul class="note-list">
          {[...detail.notes].reverse().map((note) => (
            <li key={note.id} class="private">
              <p class="note-who">
                {note.agent.name} · {moment(note.at, Date.now() + state.clockAhead)}
              </p>
              <p class="plain" dir="auto">
                {note.text}
              </p>
            </li>
          ))}
        </ul>
      )}
      {detail.desk_messages.map((message) => (
        <p key={message.id} class="hint">
          {texts.messages.received(date(message.received_at.slice(0, 10)))} : {message.text}
        </p>
      ))}
      <Button small icon="callback" onClick={() => desk.dialog("promise")}>
        {texts.callbacks.promise}
      </Button>
    </>
  );
}
