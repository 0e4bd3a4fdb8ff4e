/** Builds the pages of the studio and of the demo shop into `.built/web`, from where the server keeps them in memory. */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { defineConfig } from 'vite'

const here = fileURLToPath(new URL('.', import.meta.url))

/** Beside every text compressed ones, so that the server never has to; browsers ask for Brotli over https only. */
const compressed = {
  name: 'compressed',
  writeBundle({ dir }: { dir?: string }) {
    for (const entry of readdirSync(dir!, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      if (!entry.isFile() || !/\.(html|js|css|svg)$/.test(path)) continue
      const text = readFileSync(path)
      writeFileSync(`${path}.br`, brotliCompressSync(text))
      writeFileSync(`${path}.gz`, gzipSync(text, { level: 9 }))
    }
  },
}

export default defineConfig({
  root: here,
  base: '/studio/',
  publicDir: `${here}demo/pictures`,
  plugins: [compressed],
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
