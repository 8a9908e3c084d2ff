/** What opens above the page: shortcuts, preferences, to whom to pass a conversation on, a callback to promise. */

import { useEffect, useId, useState } from "preact/hooks";
import { ways } from "../calls";
import { address, useConsole } from "../context";
import { SHORTCUTS } from "../keys";
import { currentHandover } from "../looks";
import { ring } from "../notices";
import { texts } from "../texts";
import type { Slot } from "../wire";
import { slot as slotInWords } from "../words";
import { Button, Check, Dialog, Field } from "./bits";
import { CallsDialog } from "./calls";

const MOST_AT_ONCE = 12;

export function Dialogs({ onSignOut }: { readonly onSignOut: () => void }) {
  const { state } = useConsole();
  switch (state.dialog) {
    case "shortcuts":
      return <Shortcuts />;
    case "preferences":
      return <PreferencesDialog onSignOut={onSignOut} />;
    case "transfer":
      return <Transfer />;
    case "promise":
      return <Promised />;
    case "calls":
      return <CallsDialog />;
    default:
      return null;
  }
}

function Shortcuts() {
  const { desk, preferences, prefer } = useConsole();
  return (
    <Dialog title={texts.shortcuts.title} onClose={() => desk.dialog(null)} wide>
      <Check
        label={texts.shortcuts.on}
        checked={preferences.shortcuts}
        onChange={(shortcuts) => prefer({ shortcuts })}
      />
      <p class="hint">{texts.shortcuts.hint}</p>
      <dl class={`shortcuts ${preferences.shortcuts ? "" : "is-off"}`}>
        {SHORTCUTS.map(([keys, what]) => (
          <div key={what}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{texts.shortcuts.what[what]}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

function PreferencesDialog({ onSignOut }: { readonly onSignOut: () => void }) {
  const { desk, state, preferences, prefer } = useConsole();
  const id = useId();
  const { me } = state;
  return (
    <Dialog title={texts.preferences.title} onClose={() => desk.dialog(null)}>
      <div class="choice-row">
        <Check label={texts.preferences.sound} checked={preferences.sound} onChange={(sound) => prefer({ sound })} />
        <Button small onClick={() => ring("waiting")}>
          {texts.preferences.trySound}
        </Button>
      </div>
      <Check
        label={texts.preferences.windowTitle}
        checked={preferences.title}
        onChange={(title) => prefer({ title })}
      />
      <Check
        label={texts.preferences.shortcuts}
        checked={preferences.shortcuts}
        onChange={(shortcuts) => prefer({ shortcuts })}
      />
      <Check
        label={texts.preferences.enterSends}
        checked={preferences.enterSends}
        onChange={(enterSends) => prefer({ enterSends })}
      />
      {me && (
        <div class="field inline">
          <label for={`${id}-capacity`}>{texts.preferences.capacity}</label>
          <select
            id={`${id}-capacity`}
            value={String(me.capacity)}
            onChange={(event) => void desk.presence({ capacity: Number(event.currentTarget.value) })}
          >
            {Array.from({ length: Math.max(MOST_AT_ONCE, me.capacity) }, (_, index) => index + 1).map((count) => (
              <option key={count} value={String(count)}>
                {count}
              </option>
            ))}
          </select>
        </div>
      )}
      {ways(state).length > 0 && (
        <p>
          <Button icon="headset" onClick={() => desk.dialog("calls")}>
            {texts.calls.settings}
          </Button>
        </p>
      )}
      <p class="hint">{texts.preferences.kept}</p>
      <div class="dialog-end">
        <a href={address("profile")} onClick={() => desk.dialog(null)}>
          {texts.tabs.profile}
        </a>
        <Button onClick={onSignOut}>{texts.preferences.signOut}</Button>
      </div>
    </Dialog>
  );
}

function Transfer() {
  const { desk, state } = useConsole();
  const [to, setTo] = useState("");
  const [note, setNote] = useState("");
  const [problem, setProblem] = useState("");
  const id = useId();
  const handover = currentHandover(state);
  if (!handover) {
    return null;
  }
  const colleagues = state.agents.filter((agent) => agent.id !== state.me?.id);
  const teams = (state.service?.teams ?? []).filter((team) => team !== handover.team);
  async function submit(event: Event) {
    event.preventDefault();
    if (!handover || !to) {
      setProblem(texts.transfer.choose);
      return;
    }
    const [kind, name] = [to.slice(0, 1), to.slice(2)];
    if (await desk.transfer(handover, kind === "a" ? { agent_id: name } : { team: name }, note)) {
      desk.dialog(null);
    }
  }
  return (
    <Dialog title={texts.transfer.title} onClose={() => desk.dialog(null)}>
      <form onSubmit={(event) => void submit(event)}>
        <fieldset>
          <legend>{texts.transfer.toAgent}</legend>
          {colleagues.length === 0 && <p class="hint">{texts.transfer.nobody}</p>}
          {colleagues.map((agent) => (
            <label class="check" key={agent.id}>
              <input type="radio" name={id} checked={to === `a:${agent.id}`} onChange={() => setTo(`a:${agent.id}`)} />
              <span>
                {agent.name}{" "}
                <span class={`hint ${agent.status}`}>
                  {agent.status === "available" ? texts.top.available : texts.top.away},{" "}
                  {texts.transfer.load(agent.load, agent.capacity)}
                </span>
              </span>
            </label>
          ))}
        </fieldset>
        {teams.length > 0 && (
          <fieldset>
            <legend>{texts.transfer.toTeam}</legend>
            {teams.map((team) => (
              <label class="check" key={team}>
                <input type="radio" name={id} checked={to === `t:${team}`} onChange={() => setTo(`t:${team}`)} />
                <span>{team}</span>
              </label>
            ))}
          </fieldset>
        )}
        <div class="field">
          <label for={`${id}-note`}>{texts.transfer.note}</label>
          <textarea id={`${id}-note`} rows={2} value={note} onInput={(event) => setNote(event.currentTarget.value)} />
        </div>
        <p class="wrong" role="alert">
          {problem}
        </p>
        <div class="dialog-end">
          <Button type="submit" kind="primary" busy={state.busy.includes(handover.id)}>
            {texts.transfer.submit}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Promised() {
  const { desk, state } = useConsole();
  const [name, setName] = useState("");
  const [number, setNumber] = useState(currentHandover(state)?.callback_number ?? "");
  const [slots, setSlots] = useState<readonly Slot[]>([]);
  const [slot, setSlot] = useState("");
  const id = useId();
  useEffect(() => {
    void desk.slots().then(setSlots);
  }, []);
  async function submit(event: Event) {
    event.preventDefault();
    if (state.open && (await desk.promise(state.open.id, name, number, slot))) {
      desk.dialog(null);
    }
  }
  const now = Date.now() + state.clockAhead;
  return (
    <Dialog title={texts.callbacks.promiseTitle} onClose={() => desk.dialog(null)}>
      <form onSubmit={(event) => void submit(event)}>
        <Field label={texts.callbacks.name} value={name} onInput={(event) => setName(event.currentTarget.value)} />
        <Field
          label={texts.callbacks.number}
          type="tel"
          required
          value={number}
          onInput={(event) => setNumber(event.currentTarget.value)}
        />
        <div class="field">
          <label for={`${id}-slot`}>{texts.callbacks.when}</label>
          <select id={`${id}-slot`} value={slot} onChange={(event) => setSlot(event.currentTarget.value)}>
            <option value="">{texts.callbacks.noPreference}</option>
            {slots.map((one) => (
              <option key={one.id} value={one.id}>
                {slotInWords(one.from, one.to, now)}
              </option>
            ))}
          </select>
        </div>
        <div class="dialog-end">
          <Button type="submit" kind="primary" busy={state.busy.includes("promise")}>
            {texts.callbacks.promiseSubmit}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
