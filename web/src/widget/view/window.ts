/**
 * The window of one language: header, transcript, composer, the way to a person; and the launcher beside it.
 *
 * On a large screen it is a dialog beside the page, which stays usable. On a small one it fills the screen as a
 * native modal dialog, so that nobody wanders into the page that cannot be seen behind it. In the page itself
 * (`inline`) it is a plain section.
 */

import type { Files } from "../files";
import type { Actions, Model, Problem } from "../model";
import type { ViewOptions } from "../options";
import { textsOf } from "../texts";
import { capital, fill } from "../texts/words";
import { createAnnouncer } from "./announcer";
import { createComposer } from "./composer";
import { attribute, button, h, icon, show, words } from "./dom";
import { CLOSE, INFO, MENU } from "./icons";
import { createLater } from "./later";
import { unreadText } from "./launcher";
import { createPerson } from "./person";
import type { Surroundings } from "./shell";
import { createTranscript } from "./transcript";

/** As in widget.css. */
const SMALL = "(max-width: 30em), (max-height: 30em)";
const LOW = "(max-height: 22em)";

export interface ChatWindow {
  readonly locale: Model["locale"];
  readonly draft: string;
  render(model: Model): void;
  focusMenu(): void;
  destroy(): void;
}

export function createWindow(
  { place, launcher, outside, takePressed }: Surroundings,
  actions: Actions,
  options: ViewOptions,
  files: Files,
  locale: Model["locale"],
  draft: string,
): ChatWindow {
  const texts = textsOf(locale, options.texts[locale]);
  const root = place.getRootNode() as ShadowRoot;
  attribute(place, "dir", texts.direction); // its own, also in a page that runs the other way
  const small = matchMedia(SMALL);
  const low = matchMedia(LOW);
  const canType = matchMedia("(pointer: fine)");
  const { inline } = options;

  let model: Model | null = null;
  let isShown = false;
  /** Until the connection is back, by way of "connecting". */
  let wasCut = false;
  let returnTo: HTMLElement | null = null;

  const inside = createAnnouncer();
  const say = (text: string) => text && (isShown || inline ? inside : outside).say(text);
  // On a low screen the field may be out of sight: there the focus brings what it is on.
  const focus = (node: HTMLElement) => node.focus({ preventScroll: !low.matches });
  const takeFocus = () => (canType.matches ? focus(composer.field) : transcript.focus());

  const later = createLater(
    files,
    actions,
    () => {
      const copy = () => about.cloneNode(true) as HTMLElement;
      const behind = [transcript.node, dock];
      return { root, texts, actions, toggle: menu, behind, field: composer, about: copy, say, takeFocus };
    },
    () => {
      if (model?.problem === "not_fetched") {
        actions.dismissProblem();
      }
      model && render(model);
    },
  );
  const { need } = later;

  /** For a button that is about to disappear. */
  const leave = (act: () => void) => {
    takeFocus();
    act.call(actions);
  };

  // Header
  const title = h("h2", { id: "title" });
  const subtitle = h("span");
  const linkText = h("span");
  const link = h("span.link", h("i"), linkText);
  const close = button("round", icon(CLOSE), () => actions.close(), { "aria-label": texts.close });

  // The notice, at the beginning and in the menu
  const kept = h("p");
  const about = h("div", h("h3", texts.noticeTitle), h("p", texts.notice), kept, h("p", texts.careful));
  const notice = h("div.notice", { id: "notice" }, icon(INFO), about);

  const scroller = () => (low.matches ? panel : transcript.node);
  const transcript = createTranscript({ texts, actions, say, takeFocus, need }, notice, scroller);
  const composer = createComposer(texts, actions, options.placeholder, say, need);
  composer.field.value = draft;

  const problemText = h("p");
  const retry = button("button", texts.retry, () =>
    leave(model?.problem === "not_fetched" ? later.again : actions.reconnect),
  );
  const dismiss = button("round", icon(CLOSE), () => leave(actions.dismissProblem), { "aria-label": texts.hide });
  const problem = h("div.bar.warn", { hidden: true }, problemText, retry, dismiss);

  const dock = h("div.dock");
  const person = createPerson(texts, actions, say, takeFocus, need);
  const menu = button("round", icon(MENU), () => need((one) => one.menu.toggle()), {
    "aria-label": texts.menu,
    "aria-expanded": "false",
  });
  dock.append(transcript.newer, problem, person.bar, composer.node);

  const header = h(
    "div.top",
    h("div.names", title, h("p", subtitle, link)),
    h("div.menu-place", menu),
    inline ? null : close,
  );
  const panel = h(
    inline ? "section.panel" : "dialog.panel",
    {
      tabindex: "-1",
      "aria-labelledby": "title",
      "aria-describedby": inline ? null : "notice",
      onkeydown: (event: KeyboardEvent) => onKey(event),
      oncancel: (event: Event) => {
        event.preventDefault();
        goBack();
      },
      onclose: () => model?.isOpen && !isOpenNow() && actions.close(),
    },
    header,
    transcript.node,
    dock,
    person.foot,
    inside.node,
  );
  // Keys pressed here are not shortcuts of the page, which sees this element only, not the field in it.
  for (const type of ["keyup", "keypress"]) {
    panel.addEventListener(type, (event) => event.stopPropagation());
  }
  panel.addEventListener("scroll", transcript.onScroll, { capture: true, passive: true });

  place.append(panel);

  // What is at the end stays in sight when the field grows or a bar appears.
  const resized = new ResizeObserver(() => transcript.settle());
  resized.observe(dock);
  small.addEventListener("change", onMode);
  low.addEventListener("change", keepFocusSeen);
  const seen = window.visualViewport;
  seen?.addEventListener("resize", fitScreen);
  seen?.addEventListener("scroll", fitScreen);

  /** Above the keyboard of a telephone, which covers the page without changing its size. Not under a magnifier. */
  function fitScreen(): void {
    if (seen && seen.scale === 1) {
      panel.style.setProperty("--seen-height", `${seen.height}px`);
      panel.style.setProperty("--seen-top", `${seen.offsetTop}px`);
    }
  }

  function isOpenNow(): boolean {
    return !(panel instanceof HTMLDialogElement) || panel.open;
  }

  function unfold(): void {
    fitScreen();
    if (panel instanceof HTMLDialogElement) {
      // `show()` would move the focus, even when nobody asked for the window.
      small.matches ? panel.showModal() : panel.setAttribute("open", "");
    }
  }

  function fold(): void {
    if (panel instanceof HTMLDialogElement && panel.open) {
      panel.close();
    }
  }

  /** From large to small or back while open: the other kind of dialog, the same focus. */
  function onMode(): void {
    if (isShown && !inline) {
      const focused = root.activeElement;
      fold();
      unfold();
      if (focused instanceof HTMLElement) {
        focused.focus({ preventScroll: true });
      }
      transcript.settle();
    }
  }

  /** Something else scrolls now: a keyboard has come up, or the page was magnified. */
  function keepFocusSeen(): void {
    if (isShown) {
      root.activeElement?.scrollIntoView({ block: "nearest" });
    }
  }

  /** The focus follows the visitor who opened the window, and nobody else: not a reload that opens it again. */
  function open(): void {
    const isByVisitor = takePressed() || navigator.userActivation?.isActive === true;
    const before = document.activeElement;
    returnTo = before instanceof HTMLElement && before !== document.body && before !== root.host ? before : null;
    isShown = true;
    later.fetchEarly();
    unfold();
    transcript.settle();
    if (isByVisitor || panel.contains(root.activeElement)) {
      const toField = isByVisitor && canType.matches && !low.matches;
      (toField ? composer.field : panel).focus({ preventScroll: true });
    }
  }

  function shut(): void {
    const hadFocus = panel.contains(root.activeElement);
    isShown = false;
    later.forget();
    later.more?.menu.escape();
    later.more?.closeSheet();
    fold();
    if (hadFocus) {
      (launcher.hidden ? returnTo : launcher)?.focus({ preventScroll: true });
    }
  }

  function goBack(): void {
    if (
      !(later.more?.menu.escape() || later.more?.care.escape() || person.escape() || later.more?.closeSheet()) &&
      !inline
    ) {
      actions.close();
    }
  }

  function onKey(event: KeyboardEvent): void {
    event.stopPropagation();
    if (event.key === "Escape" && !event.isComposing && !event.defaultPrevented) {
      event.preventDefault();
      goBack();
    }
  }

  function renderHeader({ service, link: state, person: now }: Model): void {
    words(title, capital(options.title || service?.service || texts.title));
    words(subtitle, (now.state === "active" && now.agent) || options.subtitle || texts.bot);
    words(linkText, texts.link[state]);
    attribute(link, "data-state", state);
    const days = service?.keep_days;
    words(kept, days ? `${texts.kept} ${texts.count(texts.keptFor, days)}` : texts.kept);
  }

  function problemWords(kind: Problem): string {
    return (texts.problem as Partial<Record<Problem, string>>)[kind] ?? later.more?.voiceProblem(kind) ?? "";
  }

  function renderProblem({ problem: kind, link: state }: Model, before: Model | null): void {
    if (kind !== (before?.problem ?? null)) {
      words(problemText, kind ? problemWords(kind) : "");
      const canRetry = kind === "service_down" || kind === "connection_lost" || kind === "not_fetched";
      if (!kind && problem.contains(root.activeElement)) {
        takeFocus();
      }
      show(retry, canRetry);
      show(dismiss, !canRetry);
      show(problem, kind !== null);
      say(problemText.textContent ?? "");
    }
    if (state === "waiting") {
      wasCut = true;
    } else if (wasCut && (state === "live" || state === "polling")) {
      wasCut = false;
      say(texts.linkBack);
    }
  }

  function sayUnread(now: Model, before: Model | null): void {
    if (!now.isOpen && now.unread > (before?.unread ?? 0)) {
      say(fill(texts.says, { who: title.textContent ?? "", text: unreadText(now) }));
    }
  }

  function render(now: Model): void {
    const before = model;
    model = now;
    renderHeader(now);
    if (now.isOpen && !isShown) {
      open();
    } else if (!now.isOpen && isShown) {
      shut();
    }
    show(panel, !inline || now.isOpen);
    // The buttons to listen come with more.js.
    transcript.render(later.more ? now : { ...now, voice: { ...now.voice, canSpeak: false } });
    composer.render(now);
    person.render(now);
    later.more?.render(now);
    renderProblem(now, before);
    sayUnread(now, before);
  }

  return {
    locale,
    get draft() {
      return composer.field.value;
    },
    focusMenu: () => menu.focus(),
    render,
    destroy() {
      later.forget();
      resized.disconnect();
      small.removeEventListener("change", onMode);
      low.removeEventListener("change", keepFocusSeen);
      seen?.removeEventListener("resize", fitScreen);
      seen?.removeEventListener("scroll", fitScreen);
      panel.remove();
    },
  };
}
