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

  it('name commands that there are', () => {
    const sources = globSync('src/cli/*.ts', { cwd: root }).map((file) => readFileSync(`${root}${file}`, 'utf8'))
    const commands = new Set([...sources.join('').matchAll(/\.command\('([\w-]+)/g)].map(([, name]) => name))
    const groups = ['organization', 'scim-client', 'token', 'connection', 'decision', 'secrets']
    const pages = ['README.md', ...globSync(['docs/**/*.md', 'deploy/**/*.md'], { cwd: root })].map(readPage)
    const named = [...pages.join('\n').matchAll(/(?:^|`)usher ([a-z][\w-]*)(?: ([a-z][\w-]*))?/gm)]
    assert.ok(named.length > 20)
    const known = ([, first = '', second]: readonly string[]) =>
      commands.has(first) && (!groups.includes(first) || commands.has(second))
    assert.deepEqual(
      named.filter((match) => !known(match)).map(([text]) => text),
      [],
    )
  })

  it('deploy with settings that there are, each of them in one place', () => {
    const settings = new Set([...readPage('docs/settings.md').matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name))
    const deployment = readPage('deploy/helm/usher/templates/deployment.yaml')
    const composed = ['docker-compose.yml', 'docker-compose.replicas.yml'].map(readPage).join('\n')
    const own = [...deployment.matchAll(/- name: ([A-Z_]+)$/gm)].map(([, name = '']) => name)
    const inCompose = [...composed.matchAll(/^ +(?:# )?((?:USHER|MONGODB)_[A-Z_]+):/gm)].map(([, name = '']) => name)
    assert.ok(own.length > 4 && inCompose.length > 4)
    assert.deepEqual(
      [...own, ...inCompose].filter((name) => !settings.has(name)),
      [],
    )
    const [, refused = ''] = /has \$name \(list (.*?)\)/.exec(deployment) ?? []
    assert.deepEqual(refused.replaceAll('"', '').split(' ').sort(), own.sort())
    // Else a service of this name gives each pod variables that are taken for settings, and refused.
    assert.match(deployment, /^ {6}enableServiceLinks: false$/m)
  })
})
