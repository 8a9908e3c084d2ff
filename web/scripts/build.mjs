// Builds the widget into bot/web/dist: the script that a page embeds, and beside it what is fetched at first use. What is in which file, and why: docs/decisions/0012-front-end.md.
//
//   node scripts/build.mjs           builds, prints the sizes
//   node scripts/build.mjs --table   … and where the bytes come from, and fails above the budget
//   node scripts/build.mjs --watch   builds again at each change, readable, without a budget
//
// The budgets are of gzip -9. esbuild bundles; terser, which takes longer over it, makes the bundles small.

import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { minify } from "terser";
import { buildConsole, consoleOptions } from "./console.mjs";

const KIB = 1024;
const BUDGETS = {
  "widget.js": 20 * KIB,
  "window.js": 14 * KIB,
  "more.js": 7 * KIB,
  "en.js": 4 * KIB,
  "voice.js": 3 * KIB,
  "listen.js": 2 * KIB,
  "rasa-webchat.js": 23 * KIB,
};
/** What visitors fetch, all in all, at most. */
const JOURNEYS = {
  "a page that embeds it": ["widget.js"],
  "a conversation in French": ["widget.js", "window.js"],
  "… with every option": ["widget.js", "window.js", "more.js"],
  "the same in English": ["widget.js", "window.js", "more.js", "en.js"],
  "… in French, spoken": ["widget.js", "window.js", "more.js", "voice.js", "listen.js"],
};
// Browsers of the last four years. Written down, with the reasons, in docs/decisions/0012-front-end.md.
const TARGET = ["chrome105", "edge105", "firefox104", "safari15.6"];

const web = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const out = path.join(web, "..", "bot", "web", "dist");
const watch = process.argv.includes("--watch");

/** `import text from "./x.css"`: minified, as a string. */
const sheets = {
  name: "sheets",
  setup(build) {
    build.onLoad({ filter: /\.css$/ }, async ({ path: file }) => {
      const source = await readFile(file, "utf8");
      const { code, warnings } = await esbuild.transform(source, { loader: "css", minify: !watch, target: TARGET });
      return { contents: code.trim(), loader: "text", warnings };
    });
  },
};

const version = /^version = "(.+)"$/m.exec(await readFile(path.join(web, "..", "pyproject.toml"), "utf8"))?.[1] ?? "0";

const common = {
  absWorkingDir: web,
  outdir: out,
  bundle: true,
  minify: !watch,
  target: TARGET,
  charset: "utf8",
  legalComments: "none",
  sourcemap: watch ? "inline" : false,
  banner: { js: `/* Guichet ${version}, GPL-3.0-or-later */` },
  metafile: true,
  write: watch,
  logLevel: "warning",
  plugins: [sheets],
};
/** Fetched by `import()`, at an address with their hash. */
const modules = {
  ...common,
  format: "esm",
  entryPoints: {
    window: "src/widget/view/window-file.ts",
    more: "src/widget/more/more.ts",
    en: "src/widget/texts/en.ts",
    voice: "src/widget/voice/voice.ts",
  },
};
/** `files`: where the modules are, from the server's address on. */
const scripts = (files) => ({
  ...common,
  format: "iife",
  entryPoints: {
    widget: "src/widget/main.ts",
    "rasa-webchat": "src/widget/main-rasa-webchat.ts",
    listen: "src/worklet/listen.ts",
  },
  define: { __VERSION__: JSON.stringify(version), __FILES__: JSON.stringify(files) },
});

if (watch) {
  const files = Object.fromEntries(Object.keys(modules.entryPoints).map((name) => [name, `${name}.js`]));
  for (const one of [modules, scripts(files), consoleOptions({ web, out, version, watch })]) {
    await (await esbuild.context({ ...one, logLevel: "info" })).watch();
  }
} else {
  await build();
}

async function build() {
  console.log(row("", "raw", "gzip", "brotli"));
  const fetched = await bundle(modules);
  const addresses = Object.entries(fetched.files).map(([name, { hash }]) => [
    path.parse(name).name,
    `widget/${hash}/${name}`,
  ]);
  const first = await bundle(scripts(Object.fromEntries(addresses)));
  const files = { ...first.files, ...fetched.files };
  const sizes = { ...first.sizes, ...fetched.sizes };
  // All at once, so that whoever is served from here meanwhile misses nothing for long.
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  for (const [name, content] of [...first.written, ...fetched.written]) {
    await writeFile(path.join(out, name), content);
  }
  await writeFile(path.join(out, "manifest.json"), `${JSON.stringify({ version, files }, null, 2)}\n`);
  for (const [journey, names] of Object.entries(JOURNEYS)) {
    const total = names.reduce((sum, name) => sum + sizes[name], 0);
    console.log(`${journey.padEnd(30)}${kib(total)}`);
  }
  await buildConsole({ web, out, version, watch });
  if (process.argv.includes("--table")) {
    table(first.metafile);
    if (Object.entries(BUDGETS).some(([name, budget]) => sizes[name] > budget)) {
      process.exit(1);
    }
  }
}

/** Bundles and makes small; returns what is to be written, with the compressed forms, and what the manifest says. */
async function bundle(options) {
  const { metafile, outputFiles } = await esbuild.build(options);
  const files = {};
  const sizes = {};
  const written = [];
  for (const { path: file, text } of outputFiles) {
    const name = path.basename(file);
    const content = Buffer.from(await squeezed(text, options.format === "esm"));
    const gzip = gzipSync(content, { level: 9 });
    const brotli = brotliCompressSync(content, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length },
    });
    written.push([name, content], [`${name}.gz`, gzip], [`${name}.br`, brotli]);
    const hash = createHash("sha256").update(content).digest("hex").slice(0, 16);
    files[name] = { hash, integrity: `sha384-${createHash("sha384").update(content).digest("base64")}` };
    sizes[name] = gzip.length;
    console.log(row(name, content.length, gzip.length, brotli.length), `budget ${kib(BUDGETS[name])}`);
    if (gzip.length > BUDGETS[name]) {
      console.error(`${name} is ${gzip.length - BUDGETS[name]} bytes above its budget (gzip -9).`);
    }
  }
  return { files, sizes, written, metafile };
}

async function squeezed(text, module) {
  const { code } = await minify(text, {
    ecma: 2020,
    module,
    toplevel: true,
    compress: { passes: 4, unsafe_arrows: true, pure_getters: true, keep_fargs: false },
    format: { comments: /GPL-3/ },
  });
  return code;
}

/** Where the bytes of the widget come from. */
function table(metafile) {
  const [, output] = Object.entries(metafile.outputs).find(([name]) => name.endsWith("widget.js"));
  console.log("\nwidget.js by module, bytes before they are made small:");
  const inputs = Object.entries(output.inputs).sort(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput);
  for (const [name, { bytesInOutput }] of inputs) {
    console.log(`${String(bytesInOutput).padStart(8)}  ${name}`);
  }
}

function row(name, ...sizes) {
  return name.padEnd(16) + sizes.map((size) => (typeof size === "number" ? kib(size) : size).padStart(14)).join("");
}

function kib(bytes) {
  return `${(bytes / 1024).toFixed(2)} KiB`;
}
