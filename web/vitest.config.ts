import { defineConfig } from "vitest/config";

export default defineConfig({
  define: { __VERSION__: '"test"' },
  test: {
    include: ["test/**/*.test.ts"],
    // No DOM: what is tested here is what needs none. The widget in a real browser is tested in tests/browser.
    environment: "node",
  },
});
