/** The real process, started and killed by its own id, as an operator or a power cut would. For tests. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { bin } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { bin: { beckon: string } }
const startMsMax = 20_000

export type Live = {
  url: string
  publicKey: string
  secretKey: string
  /** SIGKILL; resolves once it is gone. */
  kill(): Promise<void>
  /** SIGTERM; resolves with its exit code. */
  stop(): Promise<number | null>
}

const started = new Set<ChildProcess>()

/** `beckon start` on a directory, once it says that it is ready. */
export async function startLive(data: string, settings: string, environment: Record<string, string> = {}): Promise<Live> {
  const child = spawn(process.execPath, [bin.beckon, 'start', '--port', '0', '--data', data, '--settings', settings], {
    cwd: root,
    env: { PATH: process.env['PATH'] ?? '', BECKON_LOG: 'error', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.add(child)
  const gone = once(child, 'exit').then(([code]) => {
    started.delete(child)
    return code as number | null
  })
  let said = ''
  const url = await new Promise<string>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`it is not ready after ${startMsMax} ms:\n${said}`)), startMsMax)
    const hear = (chunk: Buffer) => {
      said += chunk.toString()
      const ready = /^ready (\S+)$/m.exec(said)
      if (ready === null) return
      clearTimeout(late)
      resolve(ready[1]!)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    void gone.then((code) => {
      clearTimeout(late)
      reject(new Error(`it ended with ${code}:\n${said}`))
    })
  })
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal)
    return gone
  }
  return {
    url,
    publicKey: /public key\s+(pk_\S+)/.exec(said)![1]!,
    secretKey: /secret key\s+(sk_\S+)/.exec(said)![1]!,
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
  }
}

/** Ends whatever a failed test left running. */
export async function killAll() {
  for (const child of started) {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
}
