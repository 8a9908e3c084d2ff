/** How I take calls: whether, in which way, at which number, with which microphone; and whether all that works. */

import { useEffect, useId, useRef, useState } from "preact/hooks";
import { wayOf, ways } from "../calls";
import { useConsole } from "../context";
import { type Devices, devices, Meter, NoMicrophone, openMicrophone, release } from "../microphone";
import { askToNotify, Ringer } from "../ringing";
import { texts } from "../texts";
import { Button, Check, Dialog, Field } from "./bits";

const LEVEL_MS = 100;
// As loud as this, it is a voice and not the room.
const VOICE = 0.12;

export function CallsDialog() {
  const { desk, state, preferences, prefer } = useConsole();
  const offered = ways(state);
  const way = wayOf(state, preferences.way);
  const takes = state.me?.takes_calls === true;
  const [problem, setProblem] = useState("");
  const id = useId();

  async function toggle() {
    if (!takes && way !== "browser" && !state.me?.phone) {
      setProblem(texts.calls.numberMissing);
      return;
    }
    prefer({ callsReady: true });
    if (await desk.presence({ takes_calls: !takes })) {
      desk.dialog(null);
    }
  }

  return (
    <Dialog title={texts.calls.settingsTitle} onClose={() => desk.dialog(null)}>
      <p class="hint">{texts.calls.settingsIntro}</p>
      {offered.length > 1 && (
        <fieldset class="way-choice">
          <legend>{texts.calls.way}</legend>
          {offered.map((one) => (
            <label class="check" key={one}>
              <input type="radio" name={id} checked={one === way} onChange={() => prefer({ way: one })} />
              <span>
                {texts.calls.ways[one]}
                <span class="hint">{texts.calls.wayHints[one]}</span>
              </span>
            </label>
          ))}
        </fieldset>
      )}
      {way === "browser" ? <Headset /> : <OwnNumber problem={problem} onChange={() => setProblem("")} />}
      <Notice />
      <div class="dialog-end">
        <Button
          {...(takes ? {} : { kind: "primary" })}
          busy={state.busy.includes("takes_calls")}
          onClick={() => void toggle()}
        >
          {takes ? texts.calls.stop : texts.calls.start}
        </Button>
      </div>
    </Dialog>
  );
}

function OwnNumber({ problem, onChange }: { readonly problem: string; readonly onChange: () => void }) {
  const { desk, state } = useConsole();
  const kept = state.me?.phone ?? "";
  const [number, setNumber] = useState(kept);
  const [refused, setRefused] = useState("");
  const [saved, setSaved] = useState(false);
  async function save(event: Event) {
    event.preventDefault();
    const answer = await desk.number(number.trim());
    setRefused(answer);
    setSaved(answer === "");
    onChange();
  }
  return (
    <form class="with-button" onSubmit={(event) => void save(event)}>
      <Field
        label={texts.calls.number}
        hint={texts.calls.numberHint}
        problem={refused || problem}
        type="tel"
        value={number}
        onInput={(event) => {
          setNumber(event.currentTarget.value);
          setSaved(false);
        }}
      />
      <Button type="submit">{texts.calls.numberSave}</Button>
      <p class="hint" role="status">
        {saved && texts.calls.numberSaved}
      </p>
    </form>
  );
}

/** The microphone is opened by a press only, and closed with the dialog. */
function Headset() {
  const { telephone, preferences, prefer } = useConsole();
  const [known, setKnown] = useState<Devices>({ microphones: [], speakers: [] });
  const [stream, setStream] = useState<MediaStream | null>(null);
  const [problem, setProblem] = useState("");
  const opened = useRef<MediaStream | null>(null);
  const isGone = useRef(false);

  useEffect(() => {
    const look = () => void devices().then(setKnown);
    look();
    navigator.mediaDevices?.addEventListener("devicechange", look);
    return () => navigator.mediaDevices?.removeEventListener("devicechange", look);
  }, [stream]);
  useEffect(
    () => () => {
      isGone.current = true;
      release(opened.current);
    },
    [],
  );

  function keep(next: MediaStream | null) {
    release(opened.current);
    opened.current = next;
    setStream(next);
  }
  async function listen(device: string) {
    setProblem("");
    try {
      const next = await openMicrophone(device);
      if (isGone.current) {
        release(next); // allowed after the dialog was closed
      } else {
        keep(next);
      }
    } catch (error) {
      keep(null);
      setProblem(texts.calls.microphone[error instanceof NoMicrophone ? error.fault : "other"]);
    }
  }
  function choose(microphone: string) {
    prefer({ microphone });
    void telephone.microphone(microphone);
    if (stream) {
      void listen(microphone);
    }
  }

  return (
    <>
      <Choice
        label={texts.calls.microphoneLabel}
        among={known.microphones}
        value={preferences.microphone}
        onChoose={choose}
      />
      <Choice
        label={texts.calls.speakerLabel}
        among={known.speakers}
        value={preferences.speaker}
        onChoose={(speaker) => {
          prefer({ speaker });
          telephone.speaker(speaker);
        }}
      />
      <div class="try-microphone">
        <Button icon="mic" onClick={() => (stream ? keep(null) : void listen(preferences.microphone))}>
          {stream ? texts.calls.stopTrying : texts.calls.tryMicrophone}
        </Button>
        {stream && <Loudness stream={stream} key={stream.id} />}
      </div>
      <p class="wrong" role="alert">
        {problem}
      </p>
    </>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly among: readonly MediaDeviceInfo[];
  readonly value: string;
  readonly onChoose: (device: string) => void;
}

function Choice({ label, among, value, onChoose }: ChoiceProps) {
  const id = useId();
  const isThere = among.some(({ deviceId }) => deviceId === value);
  return among.length === 0 ? null : (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={isThere ? value : ""} onChange={(event) => onChoose(event.currentTarget.value)}>
        <option value="">{texts.calls.systemChoice}</option>
        {among
          .filter(({ deviceId }) => deviceId !== "default")
          .map((one) => (
            <option key={one.deviceId} value={one.deviceId}>
              {one.label}
            </option>
          ))}
      </select>
    </div>
  );
}

function Loudness({ stream }: { readonly stream: MediaStream }) {
  const [level, setLevel] = useState(0);
  const [heard, setHeard] = useState(false);
  useEffect(() => {
    const meter = new Meter(stream);
    const timer = setInterval(() => {
      const now = meter.level() ?? 0;
      setLevel(now);
      if (now > VOICE) {
        setHeard(true);
      }
    }, LEVEL_MS);
    return () => {
      clearInterval(timer);
      meter.close();
    };
  }, [stream]);
  return (
    <div class="loudness">
      <meter min={0} max={1} value={level} aria-label={texts.calls.level} />
      <p class={heard ? "well" : "hint"} role="status">
        {heard ? texts.calls.heard : texts.calls.speak}
      </p>
    </div>
  );
}

/** What draws my attention to a call; its sound is that of all requests. */
function Notice() {
  const { preferences, prefer } = useConsole();
  const [refused, setRefused] = useState(false);
  const ringer = useRef(new Ringer());
  useEffect(() => () => ringer.current.stop(), []);
  async function change(on: boolean) {
    const notifications = on && (await askToNotify());
    setRefused(on && !notifications);
    prefer({ notifications });
  }
  return (
    <>
      <div class="choice-row">
        <Check label={texts.preferences.sound} checked={preferences.sound} onChange={(sound) => prefer({ sound })} />
        <Button small onClick={() => ringer.current.try()}>
          {texts.preferences.trySound}
        </Button>
      </div>
      <Check label={texts.calls.notifications} checked={preferences.notifications} onChange={(on) => void change(on)} />
      <p class="wrong" role="alert">
        {refused && texts.calls.notificationsRefused}
      </p>
    </>
  );
}
