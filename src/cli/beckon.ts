#!/usr/bin/env node
/** The command line. It looks at Node's version before anything native is loaded: the SQLite addon needs a new one. */
const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  process.stderr.write(`beckon: this is Node ${process.versions.node} and Beckon needs Node 26: run it with \`npm start\`, which brings its own. [node.too_old]\n`)
  process.exit(1)
}
const { run } = await import('./run.ts')
await run(process.argv)
