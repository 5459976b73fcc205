import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { assertFinds, type Case } from './finding.ts'
import { enterpriseUrn } from './patching.ts'
import { group, startUsher, user } from './usher.ts'

const usher = await startUsher({ USHER_SCHEMAS_DIR: fileURLToPath(new URL('../fixtures/schemas/', import.meta.url)) })
const coreUrn = 'urn:ietf:params:scim:schemas:core:2.0:User'

const organization = await usher.organization()
const client = await organization.scimClient()
const kim = await client.must('POST', '/Users', user('kim', { externalId: 'KIM-1', active: true }))
const bjensen = await client.must(
  'POST',
  '/Users',
  user('bjensen', {
    externalId: 'b-1',
    name: { familyName: "O'Malley", givenName: 'Barbara' },
    displayName: 'Babs "B" Jensen',
    title: 'Tour Guide',
    emails: [
      { value: 'bjensen@example.com', type: 'work', primary: true },
      { value: 'babs@jensen.example', type: 'home' },
    ],
    addresses: [{ type: 'work', locality: 'Hollywood', country: 'US' }],
    [enterpriseUrn]: { department: 'Tours', employeeNumber: '701984', manager: { value: kim.id } },
  }),
)
const jsmith = await client.must(
  'POST',
  '/Users',
  user('JSmith', {
    externalId: 'B-1',
    active: false,
    name: { familyName: 'Straße', givenName: 'Ren\u00e9' },
    nickName: '100%_*.\\x',
    title: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!',
    emails: [
      { value: 'jsmith@jensen.example', type: 'work' },
      { value: 'smith@example.com', type: 'home' },
    ],
    roles: [{ value: 'editor', primary: true }],
  }),
)

const users = (...cases: readonly Case[]) => assertFinds(client, '/Users', 'userName', cases)
const all = ['bjensen', 'JSmith', 'kim']

/** RFC 7644 section 3.4.2.2. */
describe('filters', () => {
  it('R155 every operator, and keywords in any case', () =>
    users(
      ['userName eq "kim"', ['kim']],
      ['userName ne "kim"', ['bjensen', 'JSmith']],
      ['userName co "m"', ['JSmith', 'kim']],
      ['userName sw "b"', ['bjensen']],
      ['userName ew "n"', ['bjensen']],
      ['title pr', ['bjensen', 'JSmith']],
      ['userName gt "bjensen"', ['JSmith', 'kim']],
      ['userName ge "bjensen"', all],
      ['userName lt "jsmith"', ['bjensen']],
      ['userName le "jsmith"', ['bjensen', 'JSmith']],
      ['userName EQ "kim" Or NOT (title PR) aNd active Eq true', ['kim']],
    ))

  it('R156 grouping binds before not, not before and, and before or', () =>
    users(
      ['userName eq "kim" or userName eq "jsmith" and title eq "x"', ['kim']],
      ['(userName eq "kim" or userName eq "jsmith") and title eq "x"', []],
      ['not (userName eq "kim") and title pr', ['bjensen', 'JSmith']],
      ['not (userName eq "kim" and title pr)', all],
    ))

  it('R157 nested parentheses, with and without blanks', () =>
    users(
      ['((userName eq "kim") or ((userName eq "jsmith")))', ['kim', 'JSmith']],
      ['not(title pr)', ['kim']],
      ['not  (title pr)', ['kim']],
      ['  userName   eq   "kim"  ', ['kim']],
    ))

  it('R158 R54 texts are compared by the case rule of their attribute', () =>
    users(
      ['userName eq "BJENSEN"', ['bjensen']],
      ['emails.value eq "BJENSEN@EXAMPLE.COM"', ['bjensen']],
      ['externalId eq "b-1"', ['bjensen']],
      ['externalId eq "B-1"', ['JSmith']],
      [`id eq "${kim.id}"`, ['kim']],
      [`id eq "${kim.id.toUpperCase()}"`, kim.id === kim.id.toUpperCase() ? ['kim'] : []],
    ))

  it('R159 row 41 names of attributes and URNs are found in any case', () =>
    users(
      ['USERNAME eq "kim"', ['kim']],
      ['Emails.VALUE eq "bjensen@example.com"', ['bjensen']],
      [`${enterpriseUrn.toUpperCase()}:DEPARTMENT eq "tours"`, ['bjensen']],
    ))

  it('R160 the URN of a schema in front of an attribute, and extension attributes without it', () =>
    users(
      [`${coreUrn}:userName sw "J"`, ['JSmith']],
      [`${coreUrn}:name.familyName eq "Straße"`, ['JSmith']],
      [`${enterpriseUrn}:department eq "Tours"`, ['bjensen']],
      [`${enterpriseUrn}:manager.value eq "${kim.id}"`, ['bjensen']],
      ['department eq "Tours"', ['bjensen']],
      [`${enterpriseUrn} pr`, ['bjensen']],
    ))

  it('R161 texts are JSON strings, with their escapes', () =>
    users(
      [`name.familyName co "O'Malley"`, ['bjensen']],
      ['displayName eq "Babs \\"B\\" Jensen"', ['bjensen']],
      ['name.givenName eq "Ren\\u00e9"', ['JSmith']],
      ['nickName ew "\\\\x"', ['JSmith']],
    ))

  it('R162 of a list any element may match, and the list alone means its value', () =>
    users(
      ['emails co "example.com"', ['bjensen', 'JSmith']],
      ['emails.value co "example.com"', ['bjensen', 'JSmith']],
      ['emails.type eq "work"', ['bjensen', 'JSmith']],
      ['emails eq "babs@jensen.example"', ['bjensen']],
    ))

  it('R163 row 40 conditions in brackets are about one element, without brackets about any', () =>
    users(
      ['emails[type eq "work" and value co "@example.com"]', ['bjensen']],
      ['emails.type eq "work" and emails.value co "@example.com"', ['bjensen', 'JSmith']],
      ['emails[type eq "work" and value ew "@jensen.example"]', ['JSmith']],
      ['emails[not (type eq "work") and value ew "@example.com"]', ['JSmith']],
    ))

  it('R164 a sub-attribute may follow the brackets', () =>
    users(
      ['emails[type eq "work"].value eq "bjensen@example.com"', ['bjensen']],
      ['emails[type eq "home"].value eq "bjensen@example.com"', []],
      ['emails[type eq "work"].primary pr', ['bjensen']],
    ))

  it('R165 ne is true of what is unassigned, and on a list of an element that differs', () =>
    users(
      ['title ne "Tour Guide"', ['JSmith', 'kim']],
      ['not (title pr)', ['kim']],
      ['emails.type ne "work"', ['bjensen', 'JSmith']],
      ['not (emails.type eq "home")', ['kim']],
      ['not (title eq "Tour Guide") and title pr', ['JSmith']],
      ['not (title gt "a")', ['kim']],
    ))

  it('R166 row 39 pr asks for a value that is not empty', async () => {
    await users(
      ['name pr', ['bjensen', 'JSmith']],
      ['emails pr', ['bjensen', 'JSmith']],
      ['addresses pr', ['bjensen']],
      ['addresses.locality pr', ['bjensen']],
      ['ims pr', []],
      ['userName pr', all],
    )
    const other = await (await usher.organization()).scimClient()
    await other.must('POST', '/Users', user('empty', { emails: [], title: null, name: {}, nickName: '' }))
    for (const name of ['emails', 'title', 'name', 'nickName']) {
      await assertFinds(other, '/Users', 'userName', [[`${name} pr`, []]])
    }
  })

  it('R167 rows 38 and 39 null is unassigned, booleans are words or texts', () =>
    users(
      ['title eq null', ['kim']],
      ['title ne null', ['bjensen', 'JSmith']],
      ['emails eq null', ['kim']],
      ['active eq true', ['bjensen', 'kim']],
      ['active eq false', ['JSmith']],
      ['active eq "true"', ['bjensen', 'kim']],
      ['active eq "False"', ['JSmith']],
      ['roles[primary eq "True"].value eq "editor"', ['JSmith']],
    ))

  it('R169 dates are compared as moments, with any offset', async () => {
    const created = new Date(kim.meta.created)
    const elsewhere = `${new Date(created.getTime() + 2 * 3_600_000).toISOString().slice(0, -1)}+02:00`
    await users(
      ['meta.lastModified gt "2011-05-13T04:42:34+02:00"', all],
      ['meta.lastModified lt "2011-05-13T04:42:34Z"', []],
      [`userName eq "kim" and meta.created eq "${elsewhere}"`, ['kim']],
      [`meta.created gt "${elsewhere}"`, ['bjensen', 'JSmith']],
      [`meta.created le "${elsewhere}"`, ['kim']],
    )
  })

  it('R170 numbers are compared as numbers, with sign and exponent', async () => {
    const extension = 'urn:ietf:params:scim:schemas:extension:test:2.0:TestResource'
    for (const integerAttr of [-10, 9, 100]) {
      await client.must('POST', '/TestResources', {
        schemas: ['urn:ietf:params:scim:schemas:test:2.0:TestResource', extension],
        identifier: `n${integerAttr}`,
        integerAttr,
        [extension]: { extRequired: 'yes' },
      })
    }
    await assertFinds(client, '/TestResources', 'identifier', [
      ['integerAttr gt 9', ['n100']],
      ['integerAttr le 9', ['n9', 'n-10']],
      ['integerAttr eq -10', ['n-10']],
      ['integerAttr ge 1e2', ['n100']],
      ['integerAttr eq 100.0', ['n100']],
      ['integerAttr gt -1E1', ['n9', 'n100']],
    ])
  })

  it('R171 texts have the order of their characters, by the case rule of the attribute', () =>
    users(
      ['userName gt "JSMITH"', ['kim']],
      ['userName gt "j"', ['JSmith', 'kim']],
      ['externalId lt "b"', ['JSmith', 'kim']],
      ['externalId ge "b"', ['bjensen']],
    ))

  it('R172 schemas, id and meta', async () => {
    const { meta } = await client.must('GET', `/Users/${bjensen.id}`)
    await users(
      [`schemas eq "${enterpriseUrn}"`, ['bjensen']],
      [`schemas eq "${coreUrn}"`, all],
      ['schemas eq "urn:usher:scim:schemas:provisioning:1.0:User"', all],
      [`id eq "${jsmith.id}"`, ['JSmith']],
      ['meta.resourceType eq "User"', all],
      ['meta.resourceType eq "Group"', []],
      [`meta.version eq ${JSON.stringify(meta.version)} and userName eq "bjensen"`, ['bjensen']],
      ['meta.version eq "other"', []],
      ['meta.location pr', all],
      [`meta.location eq "${bjensen.meta.location}"`, ['bjensen']],
      [`meta.location ne "${bjensen.meta.location}"`, ['JSmith', 'kim']],
      [`meta.location eq "${bjensen.meta.location.replace('/Users/', '/Groups/')}"`, []],
      [`meta.location eq "${bjensen.id}"`, []],
      [`meta.created eq "${bjensen.meta.created}"`, ['bjensen']],
    )
  })

  it('R176 a query at the root takes an attribute that a type does not have as unassigned', async () => {
    const find = (filter: string) => client.must('GET', `/?filter=${encodeURIComponent(filter)}`)
    assert.equal((await find('userName eq "kim"')).totalResults, 1)
    assert.equal((await find('unknownAttribute eq "kim"')).totalResults, 0)
    await client.must('POST', '/Groups', group('Team'))
    assert.equal((await find('meta.resourceType eq "Group"')).totalResults, 1)
    assert.equal((await find('displayName eq "team"')).totalResults, 1)
  })

  it('R179 an attribute that got its default compares as it is shown', async () => {
    assert.equal(bjensen.active, true)
    await users(['userName eq "bjensen" and active eq true', ['bjensen']], ['active pr', all])
  })

  it('R182 rows 34 and 35 what means something to a pattern is compared as it is written', () =>
    users(
      ['userName co ".*"', []],
      ['userName sw "("', []],
      ['userName co "%"', []],
      ['nickName co "%_*."', ['JSmith']],
      ['nickName co "."', ['JSmith']],
      ['nickName sw "100%_*.\\\\"', ['JSmith']],
      ['nickName ew ".\\\\x"', ['JSmith']],
      ['title co "(a+)+$"', []],
      ['title co "a!"', ['JSmith']],
      ['externalId co "."', []],
      ['externalId ew "1"', all],
      ['externalId co "\\u2028"', []],
    ))

  it('row 30 operators of a database inside of a text are text', () =>
    users(
      ['userName eq "{\\"$ne\\":null}"', []],
      ['userName co "$where"', []],
      ['title eq "$title"', []],
      ['userName eq "unknown"', []],
    ))

  it('R185 texts are compared after NFKC and lower case, and no further', () =>
    users(
      ['userName eq "\uff2b\uff29\uff2d"', ['kim']],
      ['userName eq "\u212aim"', ['kim']],
      ['name.familyName eq "STRA\u00dfE"', ['JSmith']],
      ['name.familyName eq "STRASSE"', []],
      ['name.givenName eq "RENE\u0301"', ['JSmith']],
    ))

  it('R213 a filter in a SearchRequest means the same', async () => {
    const body = { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'], filter: 'emails pr' }
    const answer = await client.must('POST', '/Users/.search', body)
    assert.equal(answer.totalResults, 2)
  })
})
