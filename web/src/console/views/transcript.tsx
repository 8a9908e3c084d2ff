/** What was said, as the visitor saw it; of a call, as the bot heard and answered. */

import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Answer } from "../../shared/protocol";
import { useConsole } from "../context";
import type { Outgoing } from "../state";
import { texts } from "../texts";
import type { Detail, LogMessage, Turn } from "../wire";
import { date, percent, timeOfDay } from "../words";
import { Button } from "./bits";
import { Icon } from "./icons";
import { Markdown, Outside } from "./markdown";

const SHOWN_AT_FIRST = 60;
const NEAR_THE_END_PX = 80;

interface Props {
  readonly detail: Detail;
  readonly outgoing: readonly Outgoing[];
}

export function Transcript({ detail, outgoing }: Props) {
  const { desk, state } = useConsole();
  const scroller = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const [all, setAll] = useState(false);
  const [behind, setBehind] = useState(false);
  const entries =
    detail.channel === "phone" || detail.messages.length === 0
      ? detail.turns.flatMap((turn) => turnEntries(turn, detail.channel === "phone"))
      : detail.messages.map((message) => <Said key={message.seq} message={message} me={state.me?.name ?? ""} />);
  const hidden = all ? 0 : Math.max(0, entries.length - SHOWN_AT_FIRST);
  const last = entries.length + outgoing.length;

  useEffect(() => {
    follows.current = true;
    setAll(false);
  }, [detail.id]);
  // Follows what is new for who is at the end; leaves in place who reads further up.
  useLayoutEffect(() => {
    if (follows.current) {
      toEnd();
    } else {
      setBehind(true);
    }
  }, [last, detail.id]);

  function toEnd() {
    const box = scroller.current;
    box?.scrollTo({ top: box.scrollHeight });
    setBehind(false);
  }
  function scrolled() {
    const box = scroller.current;
    if (box) {
      follows.current = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_THE_END_PX;
      if (follows.current) {
        setBehind(false);
      }
    }
  }

  return (
    <section class="transcript" aria-label={texts.conversation.log}>
      <div
        class="scroller"
        ref={scroller}
        onScroll={scrolled}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
        tabIndex={0}
      >
        {hidden > 0 && (
          <p class="older">
            <Button small onClick={() => setAll(true)}>
              {texts.conversation.older(hidden)}
            </Button>
          </p>
        )}
        {entries.length + outgoing.length === 0 && <p class="hint centred">{texts.conversation.empty}</p>}
        <ol class="log">
          {entries.slice(hidden)}
          {outgoing.map((message) => (
            <Entry key={message.client_id} side="agent" who={texts.conversation.you} at={null}>
              <p class="plain" dir="auto">
                {message.text}
              </p>
              <p class={`delivery ${message.state}`}>
                {message.state === "failed" ? (
                  <>
                    <Icon name="warning" /> {texts.conversation.failed} {message.problem}{" "}
                    <Button small onClick={() => void desk.say(detail.id, message.text, message.client_id)}>
                      {texts.conversation.resend}
                    </Button>
                  </>
                ) : (
                  texts.conversation[message.state]
                )}
              </p>
            </Entry>
          ))}
        </ol>
      </div>
      {behind && (
        <Button
          small
          kind="primary"
          class="jump"
          onClick={() => {
            follows.current = true;
            toEnd();
          }}
        >
          {texts.conversation.jump}
        </Button>
      )}
    </section>
  );
}

function Said({ message, me }: { readonly message: LogMessage; readonly me: string }) {
  switch (message.type) {
    case "person":
      return (
        <Entry side="visitor" who={texts.conversation.visitor} at={message.at}>
          <p class="plain" dir="auto">
            {message.text}
          </p>
        </Entry>
      );
    case "agent":
      return (
        <Entry side="agent" who={message.name === me ? texts.conversation.you : message.name} at={message.at}>
          <p class="plain" dir="auto">
            {message.text}
          </p>
        </Entry>
      );
    case "handover":
      return (
        <li class="event">
          <span>{message.text}</span> <time dateTime={message.at}>{timeOfDay(message.at)}</time>
        </li>
      );
    default:
      return (
        <Entry side="robot" who={texts.conversation.robot} at={message.at}>
          {message.text && <Markdown text={message.text} />}
          {message.answers.map((answer) => (
            <Given key={answer.id} answer={answer} />
          ))}
          <Choices choices={message.choices} />
        </Entry>
      );
  }
}

function turnEntries(turn: Turn, isCall: boolean): ComponentChildren[] {
  const entries: ComponentChildren[] = [];
  if (turn.heard || turn.key || isCall) {
    const sure = isCall && turn.confidence !== null ? texts.conversation.heard(percent(turn.confidence)) : "";
    entries.push(
      <Entry
        key={`${turn.number}-heard`}
        side="visitor"
        who={isCall ? texts.conversation.caller : texts.conversation.visitor}
        at={turn.at}
        more={sure}
      >
        <p class="plain" dir="auto">
          {turn.key ? texts.conversation.pressed(turn.key) : turn.heard || texts.conversation.noWords}
        </p>
      </Entry>,
    );
  }
  if (turn.spoken || turn.answers.length > 0) {
    entries.push(
      <Entry
        key={`${turn.number}-spoken`}
        side="robot"
        who={texts.conversation.robot}
        at={null}
        more={turn.interrupted ? texts.conversation.interrupted : ""}
      >
        {turn.spoken && (
          <p class="plain" dir="auto">
            {turn.spoken}
          </p>
        )}
        {turn.answers.map((answer) => (
          <Source key={answer.id} answer={answer} />
        ))}
        <Choices choices={turn.choices} />
      </Entry>,
    );
  }
  return entries;
}

interface EntryProps {
  readonly side: "visitor" | "robot" | "agent";
  readonly who: string;
  readonly at: string | null;
  readonly more?: string;
  readonly children: ComponentChildren;
}

function Entry({ side, who, at, more, children }: EntryProps) {
  return (
    <li class={`entry ${side}`}>
      <p class="entry-who">
        {side === "robot" && <Icon name="robot" />}
        <span>{who}</span>
        {at && <time dateTime={at}>{timeOfDay(at)}</time>}
        {more && <span>{more}</span>}
      </p>
      <div class="bubble">{children}</div>
    </li>
  );
}

function Given({ answer }: { readonly answer: Answer }) {
  return (
    <section class="given">
      <h3>{answer.title}</h3>
      <Markdown text={answer.text} />
      <Source answer={answer} />
    </section>
  );
}

export function Source({ answer }: { readonly answer: Pick<Answer, "source" | "source_url" | "verified_on"> }) {
  if (!answer.source) {
    return null;
  }
  return (
    <p class="source">
      <Outside address={answer.source_url}>{answer.source}</Outside>
      {answer.verified_on && <span>{texts.side.verified(date(answer.verified_on))}</span>}
    </p>
  );
}

function Choices({ choices }: { readonly choices: readonly { readonly intent: string; readonly text: string }[] }) {
  return choices.length > 0 ? (
    <ul class="choices" aria-label={texts.conversation.choices}>
      {choices.map((choice) => (
        <li key={choice.intent}>{choice.text}</li>
      ))}
    </ul>
  ) : null;
}
