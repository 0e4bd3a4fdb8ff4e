/** The studio's routes about bounces and complaints: what came back, asked of the reader, and how the ways back are set up. */
import type { FastifyInstance } from 'fastify'
import type { Clock } from '../core/world.ts'
import { sendRefusal } from '../gateway/answer.ts'
import type { BounceSetup } from './api-bounces.ts'
import type { Reader } from './reader.ts'

export function addBounceRoutes(scope: FastifyInstance, { reader, clock, setup }: { reader: Reader; clock: Clock; setup: () => BounceSetup }) {
  scope.get('/bounces', async (_request, reply) => {
    const told = await reader.askText('bounces', { now: clock.now() })
    return typeof told === 'string' ? reply.type('application/json; charset=utf-8').send(told) : sendRefusal(reply, told)
  })
  scope.get('/bounces/setup', (_request, reply) => reply.send(setup()))
}
