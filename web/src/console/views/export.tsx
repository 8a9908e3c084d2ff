/** The button that takes a table away: how far it is, how to stop it, and what became of it. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Refused } from "../api";
import { useConsole } from "../context";
import { fetchTable, save } from "../exporting";
import { texts } from "../texts";
import { Button } from "./bits";
import { Wrong } from "./forms";

const { exports: words } = texts.admin;

interface Props {
  readonly label: string;
  readonly title: string;
  readonly path: string;
  readonly disabled?: boolean;
  readonly children?: ComponentChildren;
}

export function Export({ label, title, path, disabled = false, children }: Props) {
  const { desk } = useConsole();
  const [rows, setRows] = useState<number | null>(null);
  const [said, setSaid] = useState("");
  const [problem, setProblem] = useState("");
  const stopper = useRef<AbortController | null>(null);
  useEffect(() => () => stopper.current?.abort(), []);
  async function run() {
    const stop = new AbortController();
    stopper.current = stop;
    setRows(0);
    setSaid("");
    setProblem("");
    try {
      const table = await fetchTable(desk.api, path, stop.signal, setRows);
      save(table);
      setSaid(words.done(table.rows));
    } catch (error) {
      if (stop.signal.aborted) {
        setSaid(words.stopped);
      } else {
        setProblem(error instanceof Refused ? error.message : words.broken);
      }
    }
    setRows(null);
  }
  const isRunning = rows !== null;
  return (
    <div class="export">
      {children}
      <Button
        small
        icon="download"
        title={title}
        busy={isRunning || disabled}
        aria-busy={isRunning}
        onClick={() => void run()}
      >
        {isRunning ? words.running(rows) : label}
      </Button>
      {isRunning && (
        <Button small kind="quiet" onClick={() => stopper.current?.abort()}>
          {words.stop}
        </Button>
      )}
      <p class="hint" role="status">
        {isRunning ? "" : said}
      </p>
      <Wrong text={problem} />
    </div>
  );
}
