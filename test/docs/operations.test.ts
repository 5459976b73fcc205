import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readPage } from './blocks.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

describe('The pages of operations', () => {
  it('name every rule that a verification looks at', () => {
    const source = globSync('src/**/*.ts', { cwd: root }).map((file) => readFileSync(`${root}${file}`, 'utf8'))
    const [, part = ''] = /^\| Rule \|.*\n\|[-|]+\n((?:\|.*\n)+)/m.exec(readPage('docs/operations/backup.md')) ?? []
    const rules = part.split('\n').flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`(\w+)`/g)])
    assert.ok(rules.length > 5)
    const unknown = rules.filter(([, rule]) => !source.some((text) => text.includes(`'${rule}'`)))
    assert.deepEqual(
      unknown.map(([, rule]) => rule),
      [],
    )
  })

  it('describe a replica set whose members are those that Usher asks', () => {
    const compose = readPage('docker-compose.replicas.yml')
    const [, hosts = ''] = /mongodb:\/\/([^/]+)\/usher\?replicaSet=rs0/.exec(compose) ?? []
    const members = [...compose.matchAll(/host: '([\w:]+)'/g)].map(([, host = '']) => host)
    assert.equal(members.length, 3)
    assert.deepEqual(hosts.split(','), members)
    for (const member of members) assert.match(compose, new RegExp(`^  ${member.split(':')[0]}:$`, 'm'))
  })

  it('name every value of the chart', () => {
    const values = [...readPage('deploy/helm/usher/values.yaml').matchAll(/^(\w+):/gm)].map(([, name = '']) => name)
    const page = readPage('deploy/helm/usher/README.md')
    assert.ok(values.length > 10)
    assert.deepEqual(
      values.filter((name) => !new RegExp(`\`${name}[\`.]`).test(page)),
      [],
    )
  })
})
