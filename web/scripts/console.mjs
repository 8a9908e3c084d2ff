// Builds the agents' console into bot/web/dist: one script and one style sheet, for this server's own page only.
// Called by build.mjs; by itself (`node scripts/console.mjs`) it builds the console alone.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

// Agents' machines are the administration's own: newer than visitors', and known.
const TARGET = ["chrome123", "edge123", "firefox120", "safari17.5"];

export function consoleOptions({ web, out, version, watch }) {
  return {
    absWorkingDir: web,
    entryPoints: { console: "src/console/main.tsx", "console-style": "src/console/console.css" },
    outdir: out,
    entryNames: "[name]",
    bundle: true,
    format: "iife",
    target: TARGET,
    charset: "utf8",
    legalComments: "eof",
    minify: !watch,
    sourcemap: watch ? "inline" : false,
    jsx: "automatic",
    jsxImportSource: "preact",
    banner: { js: `/* Guichet ${version}, GPL-3.0-or-later; Preact, MIT */` },
    logLevel: "warning",
  };
}

export async function buildConsole(place) {
  await esbuild.build(consoleOptions(place));
  for (const file of ["console.js", "console-style.css"]) {
    const content = await readFile(path.join(place.out, file));
    const gzip = gzipSync(content, { level: 9 });
    await writeFile(path.join(place.out, `${file}.gz`), gzip); // served as it is
    console.log(`${file.padEnd(18)}${kib(content.length)} ${kib(gzip.length)} gzip`);
  }
}

function kib(bytes) {
  return `${(bytes / 1024).toFixed(2)} KiB`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const web = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
  const out = path.join(web, "..", "bot", "web", "dist");
  const project = await readFile(path.join(web, "..", "pyproject.toml"), "utf8");
  await mkdir(out, { recursive: true });
  await buildConsole({ web, out, version: /^version = "(.+)"$/m.exec(project)?.[1] ?? "0", watch: false });
}
