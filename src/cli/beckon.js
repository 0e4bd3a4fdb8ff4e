#!/usr/bin/env node
// The command line's first file is JavaScript: an old Node must get as far as the sentence that names it, and neither
// TypeScript nor the SQLite addon would let it.
const major = Number(process.versions.node.split('.')[0])
if (major < 26) {
  process.stderr.write(
    `beckon: this is Node ${process.versions.node}, and Beckon needs Node 26: run it with \`npm start\`, which brings its own. [node.too_old]\n`,
  )
  process.exit(1)
}
const { run } = await import('./run.ts')
await run(process.argv)
