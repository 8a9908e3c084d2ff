/** The reply: a field that grows, and why there is none when the conversation is not ours. */

import { useLayoutEffect, useRef } from "preact/hooks";
import { useConsole } from "../context";
import { canWrite } from "../looks";
import { texts } from "../texts";
import { Button } from "./bits";
import { whyNot } from "./conversation";

const TALLEST_PX = 220;

export function Composer() {
  const { desk, state, preferences } = useConsole();
  const field = useRef<HTMLTextAreaElement>(null);
  const id = state.open?.id ?? "";
  const draft = state.drafts[id] ?? "";
  useLayoutEffect(() => {
    const box = field.current;
    if (box) {
      box.style.height = "auto";
      box.style.height = `${Math.min(box.scrollHeight + 2, TALLEST_PX)}px`;
    }
  }, [draft]);

  if (!canWrite(state)) {
    return <p class="composer-off">{whyNot(state)}</p>;
  }

  function send() {
    void desk.say(id, draft);
    field.current?.focus();
  }
  function pressed(event: KeyboardEvent) {
    if (event.key !== "Enter" || event.isComposing) {
      return;
    }
    if (preferences.enterSends ? !event.shiftKey && !event.altKey : event.ctrlKey || event.metaKey) {
      event.preventDefault();
      send();
    }
  }

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <label class="unseen" for="reply">
        {texts.composer.label}
      </label>
      <textarea
        id="reply"
        ref={field}
        rows={2}
        value={draft}
        placeholder={texts.composer.placeholder}
        aria-describedby="reply-hint"
        dir="auto"
        onInput={(event) => desk.draft(id, event.currentTarget.value)}
        onKeyDown={pressed}
      />
      <div class="composer-end">
        <p class="hint" id="reply-hint">
          {preferences.enterSends ? texts.composer.enterSends : texts.composer.enterBreaks}
        </p>
        <Button type="submit" kind="primary" icon="send" busy={!draft.trim()}>
          {texts.composer.send}
        </Button>
      </div>
    </form>
  );
}
