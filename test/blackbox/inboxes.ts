/** What tests of the inbox ask of an organization's administrators. */
import assert from 'node:assert/strict'
import type { House } from './house.ts'
import type { Answer } from './usher.ts'

type Body = Answer['body']

/** The items that a query finds. */
export async function inbox(home: House, query = ''): Promise<readonly Body[]> {
  return (await home.organization.admin('GET', `/inbox?${query}`)).items
}

/** The only item. */
export async function only(home: House, query = ''): Promise<Body> {
  const items = await inbox(home, query)
  assert.equal(items.length, 1, JSON.stringify(items))
  return items[0]
}

export const answer = (home: House, item: Body, action: string, body: unknown = undefined, token?: string) =>
  home.organization.ask('POST', `/inbox/${item.id}/${action}`, body, token)

/** A key of the organization with these scopes. */
export async function keyFor(
  home: House,
  ...scopes: string[]
): Promise<{ readonly id: string; readonly token: string }> {
  return home.organization.admin('POST', '/api-keys', { name: scopes.join(' '), scopes })
}
