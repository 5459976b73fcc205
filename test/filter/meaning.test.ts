import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseFilter } from '../../src/filter/parse.ts'
import { toElementPredicate } from '../../src/filter/predicate.ts'
import { resolveElementFilter } from '../../src/filter/resolve.ts'
import type { Attribute } from '../../src/schema/types.ts'
import { thing } from './directory.ts'
import { barbara, core, enterprise, finds, nobody, resolve, strict, user } from './people.ts'
import { refusal } from './refusal.ts'

const invalid = (detail?: RegExp) => refusal('invalid_filter', detail)

function yes(...texts: readonly string[]): void {
  for (const text of texts) assert.equal(finds(text), true, text)
}

function no(...texts: readonly string[]): void {
  for (const text of texts) assert.equal(finds(text), false, text)
}

function refused(...texts: readonly string[]): void {
  for (const text of texts) assert.throws(() => resolve(text), invalid(), text)
}

describe('what a filter means', () => {
  test('R158 text compares as caseExact says', () => {
    yes('userName eq "BJENSEN"', 'userName eq " bjensen "', 'externalId eq "BJensen"', `id eq "${barbara.id}"`)
    no('externalId eq "bjensen"', `id eq "${String(barbara.id).toUpperCase()}"`)
  })

  test('R159, row 41: names and URNs are found in any case', () => {
    yes('USERNAME eq "bjensen"', 'Name.FAMILYname pr', `${enterprise.toUpperCase()}:Department pr`)
  })

  test('R160 a URN may stand in front, and an extension attribute without it where that is unambiguous', () => {
    yes(`${core}:userName sw "B"`, `${enterprise}:department eq "sales (eu)"`, `${enterprise}:manager.value sw "2611"`)
    yes('department eq "Sales (EU)"', `${enterprise} pr`, `not (${enterprise} eq null)`)
    refused(`${enterprise} eq "x"`)
  })

  test('R161 quotes and apostrophes within text', () => {
    yes(
      `name.familyName co "o'malley"`,
      String.raw`title eq "A \"quoted\" title"`,
      String.raw`name.givenName eq "B\u0061rbara"`,
    )
  })

  test('R162 any value of a multi-valued attribute may match, and emails means emails.value', () => {
    yes(
      'emails co "home.example"',
      'emails eq "BJ@work.example"',
      'emails.type eq "HOME"',
      'emails.value ew "@work.example"',
    )
    no('emails ew "@example"')
  })

  test('R163, row 40: conditions in brackets meet in one element', () => {
    no('emails[type eq "work" and value co "@home"]')
    yes('emails.type eq "work" and emails.value co "@home"', 'emails[type eq "work" and value ew "@work.example"]')
    yes('emails[type eq "home" and not (primary eq true)]', 'emails[(type eq "x" or type eq "home")]')
  })

  test('R164 a condition behind the brackets is about the same element', () => {
    yes('emails[type eq "work"].value eq "bj@work.example"', 'emails[type eq "work"].primary pr')
    no('emails[type eq "work"].value eq "babs@home.example"')
  })

  test('R165 ne: an unassigned singular attribute differs; of a multi-valued one some element differs', () => {
    assert.equal(finds('title ne "x"', nobody), true)
    assert.equal(finds('emails.type ne "work"', nobody), false)
    yes('emails.type ne "work"', 'not (title ne "A \\"quoted\\" title")')
    no('not (emails.type eq "work")')
    assert.equal(finds('not (title pr)', nobody), true)
  })

  test('R166, row 39: pr wants a value, of a complex attribute any part', () => {
    yes('emails pr', 'name pr', 'emails.primary pr', 'meta pr')
    for (const text of ['emails pr', 'name pr', 'title pr', 'emails.type pr']) assert.equal(finds(text, nobody), false)
    assert.equal(finds('emails pr', { ...nobody, emails: [], name: {}, title: null }), false)
  })

  test('R167, row 39: null means unassigned', () => {
    yes('nickName eq null', 'title ne null', 'name ne null', 'emails ne null')
    no('title eq null', 'nickName ne null', 'emails eq null')
    assert.equal(finds('emails.type eq null', nobody), true)
    refused('title gt null', 'title co null')
  })

  test('R167, row 38: booleans, and the words for them where the dialect takes them', () => {
    yes('active eq true', 'active eq "True"', 'emails[primary eq "true"]', 'active ne false', 'active eq TRUE')
    assert.throws(() => resolve('active eq "true"', { stringBooleans: 'refuse' }), invalid())
    refused('active eq "yes"', 'active eq 1')
  })

  test('R168, row 38: booleans and binaries have no order and booleans no parts', () => {
    refused('active gt true', 'active co "t"', 'x509Certificates.value gt "a"', 'x509Certificates.value le "a"')
    assert.doesNotThrow(() => resolve('x509Certificates.value eq "YQ=="'))
  })

  test('R169, row 38: dates compare as moments, whatever their zone', () => {
    yes('meta.created eq "2011-05-13T04:42:34+02:00"', 'meta.lastModified gt "2011-05-13T04:42:34+02:00"')
    no('meta.created lt "2011-05-13T02:42:34Z"', 'meta.lastModified le "2011-05-13T02:42:35Z"')
    refused(
      'meta.created gt "x"',
      'meta.created gt "2011-02-30T00:00:00Z"',
      'meta.created gt "2011-05-13"',
      'meta.created sw "2011"',
      'meta.created gt 5',
    )
  })

  test('R170 text and numbers do not compare', () => {
    refused('userName eq 5', 'userName eq true')
    assert.equal(finds('userName eq 5', { userName: '5' }, { bareWords: 'accept' }), true)
  })

  test('R171 text is ordered by code point after folding', () => {
    yes('userName gt "BJENSEM"', 'userName ge "bjensen"', 'userName lt "C"', 'externalId lt "a"')
    assert.equal(finds('title gt "\uffff"', { title: '😀' }), true)
  })

  test('R172 schemas, id and meta can be asked for', () => {
    yes(`schemas eq "${enterprise}"`, 'meta.resourceType eq "User"', String.raw`meta.version eq "W/\"3\""`)
  })

  test('R176, row 32: an unknown attribute is refused, or has no value where the dialect says so', () => {
    refused('nonsense eq "x"', 'emails.nonsense pr', 'emails[nonsense eq 1]', 'nonsense[a pr]', 'urn:x:y:z eq 1')
    const noValue = { unknownFilterAttribute: 'noValue' } as const
    for (const text of [
      'nonsense eq "x"',
      'nonsense pr',
      'nonsense[a eq 1]',
      'emails[nonsense eq 1]',
      'nonsense gt 1',
    ]) {
      assert.equal(finds(text, barbara, noValue), false, text)
      assert.equal(finds(`not (${text})`, barbara, noValue), true, text)
    }
    assert.equal(finds('nonsense ne "x" and nonsense eq null', barbara, noValue), true)
    no('userName eq "nobody of this name"')
  })

  test('R177 a complex attribute without sub-attribute is refused', () => {
    refused(
      'name eq "x"',
      'addresses eq "x"',
      'addresses co "x"',
      'name.givenName[value eq "x"]',
      'userName[value eq "x"]',
    )
    yes('name[givenName eq "barbara" and familyName pr]')
  })

  test('R178, row 33: what is never returned cannot be asked for', () => {
    for (const text of [
      'password co "a"',
      'password pr',
      'password eq null',
      'PASSWORD eq "x"',
      `${core}:password pr`,
    ]) {
      assert.throws(() => resolve(text), invalid(/never returned/), text)
      assert.throws(() => resolve(text, { unknownFilterAttribute: 'noValue' }), invalid(/never returned/), text)
    }
  })

  test('R182, rows 34 35: patterns in text are text', () => {
    no('userName co ".*"', 'userName co "%"', 'userName sw "("', String.raw`userName ew "\\"`, 'userName co "(a+)+$"')
    assert.equal(finds('title co ".*"', { title: 'a.*b' }), true)
  })

  test('R185 text compares after NFKC and lower case', () => {
    assert.equal(finds('userName eq "STRASSE"', nobody), false)
    assert.equal(finds('userName eq "STRAßE"', nobody), true)
    assert.equal(finds('title eq "ＫＡＴＥ"', { title: 'kate' }), true)
    assert.equal(finds('title eq "\u212aate"', { title: 'Kate' }), true)
  })

  test('row 30: operators of the database inside a string are text', () => {
    no(String.raw`userName eq "{\"$ne\":null}"`, 'userName eq "$where"')
  })

  test('row 31: names of prototypes are no attributes', () => {
    for (const path of [
      '__proto__.x',
      '__proto__',
      'constructor.name',
      'constructor',
      'toString',
      'emails.constructor',
    ]) {
      assert.throws(() => resolve(`${path} eq "x"`), invalid(), path)
    }
    refused('emails[__proto__ eq "x"]', 'emails[constructor pr]')
  })
})

describe('a filter on one element', () => {
  const element = (attribute: Attribute, text: string) =>
    toElementPredicate(resolveElementFilter(attribute, parseFilter(text), strict))

  test('R147 the sub-attributes are named without their parent', () => {
    const test = element(user.attributesByName.get('emails')!, 'TYPE eq "WORK" and not (primary eq false)')
    assert.equal(test({ type: 'work', value: 'x' }), true)
    assert.equal(test({ type: 'home' }), false)
  })

  test('the elements of a simple multi-valued attribute are called value', () => {
    const test = element(thing.attributesByName.get('tags')!, 'value sw "A" and not (value co "z")')
    assert.deepEqual(['abc', 'az', 'b'].map(test), [true, false, false])
    assert.throws(() => element(thing.attributesByName.get('tags')!, 'other pr'), invalid())
  })
})
