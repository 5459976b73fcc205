/** The admin API over a real database, with a directory that only tells what it was asked. */
import assert from 'node:assert/strict'
import express, { type Express } from 'express'
import supertest from 'supertest'
import { createAdminRouter } from '../../src/admin/router.ts'
import type { Directory } from '../../src/directory/types.ts'
import { createLogger } from '../../src/http/log.ts'
import { createLimits } from '../../src/limits/limits.ts'
import type { LoginEnvironment } from '../../src/login/environment.ts'
import { createOrganizations } from '../../src/organizations/create.ts'
import { ensureOperatorToken } from '../../src/organizations/credentials.ts'
import { openRoom, type Room } from '../organizations/room.ts'

export const operatorToken = 'the-operator-of-tests'

export interface Api extends Room {
  readonly app: () => Express
  /** What was asked of the directory: the function's name and its arguments after the context. */
  readonly asked: (readonly [string, ...unknown[]])[]
  /** What the directory answers, by the function's name; an error is thrown. */
  readonly answers: Map<string, unknown>
  readonly jobsWoken: () => number
  readonly call: (
    method: 'get' | 'post' | 'put' | 'patch' | 'delete' | 'head',
    path: string,
    token?: string,
  ) => supertest.Test
}

export async function openApi(): Promise<Api> {
  const room = await openRoom()
  const asked: Api['asked'] = []
  const answers: Api['answers'] = new Map()
  let woken = 0
  const directory = new Proxy({} as Directory, {
    get:
      (_target, name) =>
      async (_context: unknown, ...rest: unknown[]) => {
        asked.push([String(name), ...rest])
        const answer = answers.get(String(name))
        if (answer instanceof Error) throw answer
        return answer
      },
  })
  const organizations = createOrganizations(room.environment)
  const login: LoginEnvironment = {
    organizations,
    directory,
    providers: { of: async () => Promise.reject(new Error('no provider in this test')) } as never,
    publicUrl: room.environment.publicUrl,
    sandbox: null,
    now: () => new Date(),
  }
  const router = createAdminRouter({
    environment: room.environment,
    organizations,
    directory,
    limits: createLimits(null),
    login,
    log: createLogger('silent'),
    now: () => new Date(),
    wakeJobs: () => {
      woken += 1
    },
  })
  const app = express()
  app.set('query parser', 'simple')
  app.use('/api/v1', router)
  await ensureOperatorToken(room.environment, operatorToken, new Date())
  return {
    ...room,
    app: () => app,
    asked,
    answers,
    jobsWoken: () => woken,
    call: (method, path, token = operatorToken) => {
      const test = supertest(app)[method](`/api/v1${path}`)
      return token === '' ? test : test.set('Authorization', `Bearer ${token}`)
    },
  }
}

/** The answer is a problem document with this status and code. */
export async function isProblem(call: supertest.Test, status: number, code: string): Promise<supertest.Response> {
  const response = await call
  assert.equal(response.status, status, response.text)
  assert.match(String(response.headers['content-type']), /^application\/problem\+json/)
  const problem = JSON.parse(response.text) as Record<string, unknown>
  assert.equal(problem.code, code, response.text)
  assert.equal(problem.status, status)
  for (const member of ['type', 'title', 'detail']) assert.equal(typeof problem[member], 'string')
  response.body = problem
  return response
}
