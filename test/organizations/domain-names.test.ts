import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readDomainName } from '../../src/organizations/domain-names.ts'
import { refuses } from '../schema/registry-of-tests.ts'

test('a domain is stored in lower case and in its ASCII form', () => {
  assert.equal(readDomainName('Example.COM'), 'example.com')
  assert.equal(readDomainName(' example.com. '), 'example.com')
  assert.equal(readDomainName('bücher.example'), 'xn--bcher-kva.example')
})

test('what is no name of a domain is refused', () => {
  const names = ['', 'localhost', 'com', '127.0.0.1', '::1', 'a..b', '-a.example', 'a b.example', 'x@a.example']
  for (const name of [...names, `${'a'.repeat(64)}.example`, 'https://a.example', '_usher.a.example', '*.a.example']) {
    refuses(() => readDomainName(name), 'validation_failed')
  }
})

test('D4: domains at which anybody can have an address are refused', () => {
  for (const name of ['gmail.com', 'GMX.de', 'outlook.com', 'proton.me']) {
    refuses(() => readDomainName(name), 'validation_failed', /Anybody/)
  }
})
