/** My call, in place of the reply: how it stands, for how long, and all that can be done with it. */

import { useEffect, useRef } from "preact/hooks";
import { callsBack, isReached, mayEnd, myCall, type Standing, standing, waitingCalls } from "../calls";
import { address, useConsole } from "../context";
import { placeOf, promiseOf } from "../looks";
import { callerIn, texts } from "../texts";
import type { Handover } from "../wire";
import { phoneNumber } from "../words";
import { Button, Elapsed } from "./bits";
import { Icon, type IconName } from "./icons";

const LEVEL_MS = 120;

/** Above the page, while something else than my call is on the screen. */
export function CallStrip() {
  const { state } = useConsole();
  const call = myCall(state);
  const isOpen = call && [call.conversation_id, placeOf(state, call)].includes(state.open?.id ?? "");
  return call && !isOpen ? <CallBar call={call} strip /> : null;
}

interface Props {
  readonly call: Handover;
  readonly strip?: boolean;
}

export function CallBar({ call, strip = false }: Props) {
  const { desk, state, phone } = useConsole();
  const stands = standing(call, phone);
  const busy = state.busy.includes(call.id);
  const number = state.me?.phone;
  const others = state.me?.takes_calls ? waitingCalls(state).length : 0;
  const isMuted = phone.id === call.id && phone.muted;
  const promise = promiseOf(state, call);
  const who = promise && texts.callbacks.who(promise.name || texts.callbacks.noName, phoneNumber(promise.number));
  const reached = isReached(call);
  // Nobody has waited to be taken whom I call back: what counts is how long we have been speaking.
  const since = call.taken_at ?? (reached ? call.line?.since : null);
  return (
    <section class={`call-bar ${stands} ${strip ? "strip-bar" : ""}`} aria-label={texts.calls.bar}>
      <div class="call-state">
        <span class="call-icon">
          <Icon name={iconOf(stands, isMuted)} />
        </span>
        <div class="call-words">
          <p class="call-standing">
            <strong>
              {stands === "phone_rings" && number
                ? texts.calls.phoneRings(phoneNumber(number))
                : texts.calls.standing[stands]}
            </strong>
            {who && <span class="call-who">{who}</span>}
            {since && <Elapsed since={since} prefix={texts.queue.since} />}
            {phone.id === call.id && stands === "talking" && <Level />}
          </p>
          {strip ? (
            <p class="call-caller">{call.subject?.title ?? texts.channelLong.phone}</p>
          ) : (
            <p class="call-caller">
              {stands === "talking" && isMuted ? texts.calls.mutedCaller : callerIn(stands, call)}
            </p>
          )}
          {phone.silent && phone.id === call.id && stands === "talking" && (
            <p class="call-warning" role="status">
              <Icon name="warning" /> {texts.calls.silent}
            </p>
          )}
          {phone.problem?.id === call.id && (
            <p class="call-warning" role="alert">
              <Icon name="warning" />
              {phone.problem.kind === "server" ? phone.problem.text : texts.calls.microphone[phone.problem.kind]}
            </p>
          )}
        </div>
        {others > 0 && <span class="call-others">{texts.calls.others(others)}</span>}
      </div>
      {/* What ends the call is not held back by a press that is unanswered: it is sent after it, and once. */}
      <div class="call-actions">
        <Sound call={call} stands={stands} strip={strip} />
        {strip ? (
          <a class="button" href={address("queue", placeOf(state, call))}>
            {texts.calls.seeCall}
          </a>
        ) : reached ? (
          <>
            <Button shortcut="B" icon="robot" onClick={() => void desk.giveBack(call)}>
              {texts.calls.giveBack}
            </Button>
            <Button busy={busy} shortcut="T" icon="transfer" onClick={() => desk.dialog("transfer")}>
              {texts.calls.handOn}
            </Button>
          </>
        ) : null}
        {callsBack(call) && promise?.state === "kept" && !strip && (
          <Button busy={busy} title={texts.callbacks.machineMore} onClick={() => void desk.machine(call, promise)}>
            {texts.callbacks.machine}
          </Button>
        )}
        {mayEnd(stands, call) && (
          <Button kind="danger" shortcut="X" icon="hangUp" onClick={() => void desk.finish(call)}>
            {texts.calls.hangUp}
          </Button>
        )}
      </div>
    </section>
  );
}

/** What concerns my own end: its sound, the caller's waiting, and getting it back. */
function Sound({
  call,
  stands,
  strip,
}: {
  readonly call: Handover;
  readonly stands: Standing;
  readonly strip: boolean;
}) {
  const { desk, state, telephone, phone } = useConsole();
  const isOn = stands === "talking" || stands === "held";
  const isHere = phone.id === call.id;
  const held = stands === "held";
  const again = AGAIN[stands];
  return (
    <>
      {again && (
        <Button kind="primary" icon="headset" onClick={() => void telephone.resume()}>
          {texts.calls[again]}
        </Button>
      )}
      {isOn && isHere && (
        <Button
          icon={phone.muted ? "micOff" : "mic"}
          shortcut="I"
          class={phone.muted ? "is-on" : ""}
          onClick={() => telephone.mute()}
        >
          {phone.muted ? texts.calls.unmute : texts.calls.mute}
        </Button>
      )}
      {isOn && (!strip || held) && (
        <Button
          icon={held ? "play" : "pause"}
          shortcut="G"
          class={held ? "is-on" : ""}
          busy={state.busy.includes(call.id)}
          onClick={() => void desk.hold(call, !held)}
        >
          {held ? texts.calls.unhold : texts.calls.hold}
        </Button>
      )}
      {isHere && !strip && (
        <Button
          kind="quiet"
          icon="settings"
          aria-label={texts.calls.devices}
          title={texts.calls.devices}
          onClick={() => desk.dialog("calls")}
        />
      )}
    </>
  );
}

const AGAIN: Partial<Readonly<Record<Standing, "resume" | "resumeHere" | "enableSound">>> = {
  resume: "resume",
  failed: "resume",
  elsewhere: "resumeHere",
  blocked: "enableSound",
};

function iconOf(stands: Standing, isMuted: boolean): IconName {
  if (stands === "held") {
    return "pause";
  }
  return isMuted && stands === "talking" ? "micOff" : "phone";
}

/** How loud my voice goes out: seen at a glance, and drawn without a redraw of the rest. */
function Level() {
  const { telephone } = useConsole();
  const bar = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const timer = setInterval(() => {
      bar.current?.style.setProperty("--level", telephone.level().toFixed(2));
    }, LEVEL_MS);
    return () => clearInterval(timer);
  }, [telephone]);
  return <span class="call-level" ref={bar} aria-hidden="true" />;
}
