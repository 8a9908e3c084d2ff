/** One conversation: who it is, what can be done, what was said, and the reply. */

import { useEffect, useRef } from "preact/hooks";
import { isCall } from "../calls";
import { address, useConsole } from "../context";
import { canWrite, currentHandover, isMine, viewers } from "../looks";
import { texts, word } from "../texts";
import type { Handover } from "../wire";
import { phoneNumber } from "../words";
import { Button, Elapsed, Problem, Tag } from "./bits";
import { CallBar } from "./callbar";
import { Composer } from "./composer";
import { Icon } from "./icons";
import { Transcript } from "./transcript";
import { WrapUp } from "./wrapup";

export function Conversation({ onSide }: { readonly onSide: () => void }) {
  const { state } = useConsole();
  const heading = useRef<HTMLHeadingElement>(null);
  const { open } = state;
  const handover = currentHandover(state);
  const id = open?.id;
  // Opening a conversation is an act of the agent's: the focus goes where it is read.
  useEffect(() => heading.current?.focus({ preventScroll: true }), [id]);
  if (!open) {
    return null;
  }
  const channel = handover?.channel ?? open.detail?.channel ?? "web";
  const toWrapUp = handover?.state === "wrap_up" && isMine(state, handover);
  const onCall = handover?.state === "active" && isMine(state, handover) && isCall(handover);
  return (
    <article class="conversation" aria-labelledby="conversation-title">
      <header class="conversation-head">
        <a class="button quiet back" href={address(state.tab)} aria-label={texts.conversation.back}>
          <Icon name="back" />
        </a>
        <div class="conversation-who">
          <h2 id="conversation-title" tabIndex={-1} ref={heading}>
            <span class={`channel ${channel}`}>
              <Icon name={channel === "phone" ? "phone" : "web"} />
            </span>
            {handover?.subject?.title ?? texts.channelLong[channel]}
          </h2>
          <p class="conversation-state">
            {handover && <Standing handover={handover} />}
            {handover?.subject && <span>{texts.channelLong[channel]}</span>}
          </p>
        </div>
        {handover && <Actions handover={handover} />}
        <Button small icon="robot" class="side-toggle" onClick={onSide}>
          {texts.side.show}
        </Button>
      </header>
      <Company />
      {open.problem && !open.detail ? (
        <Problem text={open.problem} />
      ) : open.detail ? (
        <Transcript detail={open.detail} outgoing={open.outgoing} />
      ) : (
        <p class="loading" role="status">
          {texts.conversation.loading}
        </p>
      )}
      {toWrapUp && handover ? (
        <WrapUp handover={handover} key={handover.id} />
      ) : onCall ? (
        <CallBar call={handover} key={handover.id} />
      ) : (
        open.detail && <Composer key={open.id} />
      )}
    </article>
  );
}

function Actions({ handover }: { readonly handover: Handover }) {
  const { desk, state, take } = useConsole();
  const busy = state.busy.includes(handover.id);
  const mine = isMine(state, handover);
  const maySupervise = state.me?.role === "supervisor" || state.me?.role === "administrator";
  const waits = handover.state === "queued" || handover.state === "requested";
  return (
    <div class="actions">
      {(waits || (handover.state === "offered" && mine)) && (
        <Button
          small
          kind="primary"
          shortcut="P"
          busy={busy || handover.state === "requested"}
          onClick={() => void take(handover)}
        >
          {isCall(handover) ? texts.calls.accept : texts.conversation.take}
        </Button>
      )}
      {handover.state === "offered" && mine && (
        <Button small busy={busy} onClick={() => void desk.decline(handover)}>
          {texts.conversation.decline}
        </Button>
      )}
      {handover.state === "active" && mine && !isCall(handover) && (
        <>
          <Button small busy={busy} shortcut="B" icon="robot" onClick={() => void desk.giveBack(handover)}>
            {texts.conversation.giveBack}
          </Button>
          <Button small busy={busy} shortcut="T" icon="transfer" onClick={() => desk.dialog("transfer")}>
            {texts.conversation.transfer}
          </Button>
          <Button small kind="primary" busy={busy} shortcut="X" icon="check" onClick={() => void desk.finish(handover)}>
            {texts.conversation.finish}
          </Button>
        </>
      )}
      {(handover.state === "active" || handover.state === "offered") && !mine && maySupervise && (
        <Button small busy={busy} onClick={() => void take(handover)}>
          {texts.conversation.takeOver}
        </Button>
      )}
    </div>
  );
}

function Standing({ handover }: { readonly handover: Handover }) {
  const { state } = useConsole();
  const waits = handover.state === "queued" || handover.state === "requested" || handover.state === "offered";
  return (
    <>
      <Tag tone={handover.state}>{texts.state[handover.state]}</Tag>
      {waits && <Elapsed since={handover.waiting_since} prefix={texts.queue.waitsFor} />}
      {handover.state === "active" && handover.taken_at && (
        <Elapsed since={handover.taken_at} prefix={texts.queue.since} />
      )}
      <span>{word(texts.reason, handover.reason)}</span>
      {handover.agent && !isMine(state, handover) && <span>{texts.conversation.owner(handover.agent.name)}</span>}
      {isCall(handover) && waits && <span>{texts.calls.onLine}</span>}
      {handover.phase && !isCall(handover) && <span>{word(texts.phase, handover.phase)}</span>}
      {handover.callback_number && (
        <a href={`tel:${handover.callback_number}`}>
          {texts.conversation.number} {phoneNumber(handover.callback_number)}
        </a>
      )}
    </>
  );
}

/** Who else is here, and who writes: two people must not answer the same visitor. */
function Company() {
  const { state } = useConsole();
  const others = viewers(state);
  const typing = state.open?.typing ?? [];
  if (others.length === 0 && typing.length === 0) {
    return null;
  }
  const names = texts.list(others.map(({ name }) => name));
  return (
    <p class="company" role="status">
      <Icon name="eye" />
      {typing.length > 0
        ? typing.map(({ name }) => texts.conversation.typing(name)).join(", ")
        : others.length > 1
          ? texts.conversation.viewersMany(names)
          : texts.conversation.viewers(names)}
    </p>
  );
}

/** Why there is nothing to write into, in the words of how things stand. */
export function whyNot(state: ReturnType<typeof useConsole>["state"]): string | null {
  const handover = currentHandover(state);
  if (canWrite(state)) {
    return null;
  }
  switch (handover?.state) {
    case undefined:
      return texts.composer.bot;
    case "active":
      return isMine(state, handover)
        ? texts.composer.call
        : (isCall(handover) ? texts.calls.composerOther : texts.composer.other)(
            handover.agent?.name ?? texts.conversation.robot,
          );
    case "offered":
      return isCall(handover)
        ? texts.calls.composer
        : isMine(state, handover)
          ? texts.composer.offered
          : texts.composer.waiting;
    case "queued":
    case "requested":
      return isCall(handover)
        ? texts.calls.composer
        : handover.channel === "phone"
          ? texts.composer.call
          : texts.composer.waiting;
    default:
      return texts.composer.over;
  }
}
