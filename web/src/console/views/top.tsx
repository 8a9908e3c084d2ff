/** The bar above all: whether I am there, how much I have, how the service stands. */

import { ways } from "../calls";
import { address, useConsole } from "../context";
import { texts } from "../texts";
import { foreignZone, moment } from "../words";
import { Button } from "./bits";
import { Icon } from "./icons";

export function Top() {
  const { desk, state, preferences } = useConsole();
  const takesCalls = state.me?.takes_calls === true;
  const hasCalls = ways(state).length > 0;
  const { me, service } = state;
  const zone = foreignZone(Date.now() + state.clockAhead);
  const isThere = me?.status === "available";
  const colleagues = state.agents.filter(({ id, status }) => id !== me?.id && status === "available").length;
  return (
    <header class="top">
      <h1 class="unseen">{texts.console}</h1>
      <p class="brand">
        <Icon name="web" />
        <span>{texts.title}</span>
      </p>
      {service && (
        <p class={`opening ${service.open ? "is-open" : ""}`}>
          <span class="dot" />
          {service.open
            ? texts.top.open
            : service.next_opening
              ? texts.top.closedUntil(moment(service.next_opening, Date.now() + state.clockAhead))
              : texts.top.closed}
        </p>
      )}
      {zone && (
        <p class="zone" title={texts.admin.zone.long(zone)}>
          <Icon name="history" />
          {texts.admin.zone.label(zone)}
        </p>
      )}
      {me && <p class="colleagues">{texts.top.colleagues(colleagues)}</p>}
      <div class="top-end">
        {me && (
          <>
            <span class="load" title={texts.top.loadLong(me.load, me.capacity)}>
              <span aria-hidden="true">{texts.top.load(me.load, me.capacity)}</span>
              <span class="unseen">{texts.top.loadLong(me.load, me.capacity)}</span>
            </span>
            <button
              type="button"
              role="switch"
              class="presence"
              aria-checked={isThere}
              aria-disabled={state.busy.includes("presence")}
              aria-keyshortcuts="D"
              title={isThere ? texts.top.availableHint : texts.top.awayHint}
              onClick={() => void desk.presence({ status: isThere ? "away" : "available" })}
            >
              <span class="dot" />
              <span aria-hidden="true">{isThere ? texts.top.available : texts.top.away}</span>
              <span class="unseen">{texts.top.available}</span>
            </button>
            {hasCalls && (
              <span class="takes-calls">
                <button
                  type="button"
                  role="switch"
                  class="presence"
                  aria-checked={takesCalls}
                  aria-disabled={state.busy.includes("takes_calls")}
                  title={takesCalls ? texts.calls.takesOn : texts.calls.takesOff}
                  onClick={() =>
                    takesCalls || preferences.callsReady
                      ? void desk.presence({ takes_calls: !takesCalls })
                      : desk.dialog("calls")
                  }
                >
                  <Icon name="headset" />
                  <span aria-hidden="true">{texts.calls.takes}</span>
                  <span class="unseen">{texts.calls.takesLong}</span>
                </button>
                <button
                  type="button"
                  class="calls-settings"
                  aria-label={texts.calls.settings}
                  title={texts.calls.settings}
                  onClick={() => desk.dialog("calls")}
                >
                  <Icon name="more" />
                </button>
              </span>
            )}
          </>
        )}
        <Button
          kind="quiet"
          icon="keyboard"
          aria-label={texts.top.shortcuts}
          title={`${texts.top.shortcuts}${preferences.shortcuts ? " (?)" : ""}`}
          onClick={() => desk.dialog("shortcuts")}
        />
        <Button
          kind="quiet"
          icon="settings"
          aria-label={texts.top.preferences}
          title={texts.top.preferences}
          onClick={() => desk.dialog("preferences")}
        />
        <a class="who" href={address("profile")} title={texts.tabs.profile}>
          {state.account?.agent.name ?? me?.name}
        </a>
      </div>
    </header>
  );
}
