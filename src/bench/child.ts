/** Starts what a measure needs as processes of their own, and ends them: nothing outlives the benchmark. */
import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('../..', import.meta.url))
const running = new Set<ChildProcess>()
const directories = new Set<string>()

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))

/** A new directory beside the data of a real server: on a real disk, not in memory as /tmp may be. */
export function makeDirectory(): string {
  mkdirSync(join(root, 'data'), { recursive: true })
  const directory = mkdtempSync(join(root, 'data', 'bench-'))
  directories.add(directory)
  return directory
}

export function removeDirectory(directory: string) {
  rmSync(directory, { recursive: true, force: true })
  directories.delete(directory)
}

export type Running = {
  pid: number
  /** Resolves with the first line on stdout that matches; rejects when the process ends before. */
  line(pattern: RegExp): Promise<RegExpExecArray>
  /** SIGTERM, then waits for its end. */
  stop(): Promise<void>
  /** As a crash would. */
  kill(): Promise<void>
  ended: Promise<number | null>
}

export type How = { env?: Record<string, string>; nodeArgs?: string[]; quiet?: boolean }

export function start(command: string, args: readonly string[], how: How = {}): Running {
  const child = spawn(command, args, { cwd: root, env: { ...process.env, ...how.env }, stdio: ['ignore', 'pipe', how.quiet ? 'ignore' : 'inherit'] })
  running.add(child)
  const lines: string[] = []
  const waiting = new Set<() => void>()
  let isOver = false
  const ended = once(child, 'close').then(([code]) => {
    running.delete(child)
    isOver = true
    for (const look of waiting) look()
    return code as number | null
  })
  createInterface({ input: child.stdout! }).on('line', (line) => {
    lines.push(line)
    for (const look of waiting) look()
  })
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    await ended
  }
  return {
    pid: child.pid!,
    ended,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          for (const line of lines) {
            const match = pattern.exec(line)
            if (match === null) continue
            waiting.delete(look)
            return resolve(match)
          }
          if (isOver) reject(new Error(`${command} ${args[0] ?? ''} ended before it said ${String(pattern)}:\n${lines.slice(-5).join('\n')}`))
        }
        waiting.add(look)
        look()
      }),
  }
}

/** Starts `src/bench/NAME.ts` with its configuration as JSON. */
export const startScript = (name: string, config: object, how: How = {}): Running =>
  start(process.execPath, [...(how.nodeArgs ?? []), join(here, `${name}.ts`), JSON.stringify(config)], how)

/** Runs `src/bench/NAME.ts` to its end; what it answered. */
export async function runScript<T>(name: string, config: object, how: How = {}): Promise<T> {
  const script = startScript(name, config, how)
  const [, json] = await script.line(/^answer (.*)$/)
  await script.ended
  return JSON.parse(json!) as T
}

/** In a script: its configuration, and how it answers. */
export const configOf = <T>(): T => JSON.parse(process.argv[2] ?? '{}') as T
export const answer = (value: object) => process.stdout.write(`answer ${JSON.stringify(value)}\n`)

export type Beckon = Running & { url: string; publicKey: string; secretKey: string; readyMs: number }

/** A real server, as a shop starts it. */
export async function startBeckon(dataDir: string, how: How & { settings?: string } = {}): Promise<Beckon> {
  const begun = performance.now()
  const args = [
    ...(how.nodeArgs ?? ['--max-old-space-size=1024']),
    join(root, 'src/cli/beckon.js'),
    'start',
    '--port',
    '0',
    '--data',
    dataDir,
    '--settings',
    how.settings ?? '',
  ]
  const server = start(process.execPath, args, { ...how, env: { BECKON_LOG: 'error', ...how.env } })
  const [, url] = await server.line(/^ready (http\S+)/)
  const readyMs = performance.now() - begun
  const [, publicKey] = await server.line(/public key\s+(pk_\S+)/)
  const [, secretKey] = await server.line(/secret key\s+(sk_\S+)/)
  const stop = async () => {
    await server.stop()
    if ((await server.ended) !== 0) throw new Error('the server did not stop cleanly')
  }
  return { ...server, stop, url: url!, publicKey: publicKey!, secretKey: secretKey!, readyMs }
}

/** Memory of a process, MB: now, and the most it ever had. */
export function memoryOf(pid: number): { rssMb: number; peakMb: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kb = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0)
  return { rssMb: kb('VmRSS') / 1_024, peakMb: kb('VmHWM') / 1_024 }
}

/** CPU seconds a process has used so far. */
export function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** CPU seconds of the whole machine so far, and of this process with those of its children that have ended. */
export function cpuOfAll(): { machine: number; ours: number } {
  const [user, nice, system, , , irq, softirq] = /^cpu +(.*)$/m.exec(readFileSync('/proc/stat', 'utf8'))![1]!.split(' ').map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const own = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]!.split(' ').slice(11, 15).map(Number)
  return { machine: (user + nice + system + irq + softirq) / 100, ours: own.reduce((sum, ticks) => sum + ticks, 0) / 100 }
}

/** Of the redis-server on this machine; null when there is none. */
export function redisVersion(): string | null {
  try {
    return /v=(\S+)/.exec(execFileSync('redis-server', ['--version'], { encoding: 'utf8' }))?.[1] ?? null
  } catch {
    return null
  }
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
export const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
