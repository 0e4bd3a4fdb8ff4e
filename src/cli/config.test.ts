import { afterEach, expect, test, vi } from 'vitest'
import { readConfig } from './config.ts'

afterEach(() => vi.unstubAllEnvs())

const read = () => readConfig({ port: 0, host: '127.0.0.1', data: '/nowhere', settings: '' })

test('signing in is asked for by one word, and a misspelt one is no open door', () => {
  expect(read().signIn).toBe(false)
  vi.stubEnv('BECKON_SIGN_IN', 'required')
  expect(read().signIn).toBe(true)
  vi.stubEnv('BECKON_SIGN_IN', 'yes')
  expect(read).toThrow(expect.objectContaining({ code: 'usage', message: expect.stringContaining('BECKON_SIGN_IN is "yes"') }))
})
