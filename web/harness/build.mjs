// Builds the page that shows the view in every state, without an engine or a server:
//   node harness/build.mjs && node harness/build.mjs --serve     then /harness/index.html?state=queued
// The states are in harness/states.ts; the page's other words are in harness/harness.ts.

import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const options = {
  entryPoints: [path.join(here, "harness.ts")],
  outfile: path.join(here, "dist", "harness.js"),
  bundle: true,
  charset: "utf8",
  logLevel: "warning",
  plugins: [
    {
      name: "sheets",
      setup(build) {
        build.onLoad({ filter: /\.css$/ }, async ({ path: file }) => {
          const source = await readFile(file, "utf8");
          const { code } = await esbuild.transform(source, { loader: "css", target: "chrome105" });
          return { contents: code, loader: "text" };
        });
      },
    },
  ],
};

if (process.argv.includes("--serve")) {
  const context = await esbuild.context(options);
  const { port } = await context.serve({ servedir: path.join(here, ".."), host: "127.0.0.1" });
  console.log(`http://127.0.0.1:${port}/harness/index.html`);
} else {
  await esbuild.build(options);
}
