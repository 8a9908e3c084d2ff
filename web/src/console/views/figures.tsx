/** How the week went, for who has nothing open. */

import { useEffect, useState } from "preact/hooks";
import { useConsole } from "../context";
import { texts } from "../texts";
import type { Figures as Week } from "../wire";
import { clock } from "../words";
import { Export } from "./export";

const DAYS = 31;

export function Figures() {
  const { desk } = useConsole();
  const [week, setWeek] = useState<Week | null>(null);
  useEffect(() => {
    void desk.figures().then(setWeek);
  }, []);
  if (!week) {
    return null;
  }
  const { handovers, wait_seconds, callbacks } = week;
  const wait = wait_seconds.median === null ? texts.figures.none : clock(wait_seconds.median * 1000);
  const kept = callbacks.promised ? `${callbacks.kept_on_time}/${callbacks.promised}` : texts.figures.none;
  return (
    <section class="figures" aria-label={texts.figures.title}>
      <h2>{texts.figures.title}</h2>
      <dl>
        {(
          [
            [texts.figures.asked, handovers.asked],
            [texts.figures.taken, handovers.taken],
            [texts.figures.wait, wait],
            [texts.figures.callbacks, kept],
          ] as const
        ).map(([what, figure]) => (
          <div key={what}>
            <dt>{what}</dt>
            <dd>{figure}</dd>
          </div>
        ))}
      </dl>
      <Export
        label={texts.admin.exports.figures}
        title={texts.admin.exports.figuresLong}
        path={`/api/desk/figures.csv?days=${DAYS}`}
      />
    </section>
  );
}
