// xsd:dateTime with a year of four digits; every part has a fixed width, so that matching is linear
const form = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(Z|[+-]\d\d:\d\d)?$/

/**
 * The moment that a dateTime of RFC 7643 section 2.3.5 names, in milliseconds since 1970; undefined if it is not one.
 * A text without a zone is taken as UTC. A leap second, a day that its month does not have and a text without a time
 * are refused.
 */
export function parseDateTime(text: string): number | undefined {
  const parts = form.exec(text)
  if (parts === null) return undefined
  const [, year, month, day, hour, minute, second, zone] = parts
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  if (Number(month) < 1 || Number(month) > 12) return undefined
  if (Number(day) < 1 || Number(day) > daysOf(Number(year), Number(month))) return undefined
  const moment = Date.parse(zone === undefined ? `${text}Z` : text)
  return Number.isNaN(moment) ? undefined : moment
}

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}
