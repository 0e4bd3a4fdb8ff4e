/** Builds the pages of the studio and of the demo shop into `.built/web`, from where the server keeps them in memory. */
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const here = fileURLToPath(new URL('.', import.meta.url))

export default defineConfig({
  root: here,
  base: '/studio/',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: fileURLToPath(new URL('../../.built/web', import.meta.url)),
    emptyOutDir: true,
    target: 'es2024',
    modulePreload: { polyfill: false },
    // The pages' CSP allows no data: in scripts and styles.
    assetsInlineLimit: 0,
    rolldownOptions: { input: [`${here}studio.html`, `${here}demo.html`] },
  },
})
