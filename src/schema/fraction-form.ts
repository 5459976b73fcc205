/**
 * A whole number that was written with a fraction or an exponent, `1.0` or `1e3`: a decimal, and no integer (RFC 7643
 * section 2.3.4). JavaScript reads it as the same number as `1`, so where the difference matters it is kept in this form
 * until the type of the attribute is known.
 */
export class FractionForm {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }
}

/** What a number of a JSON text stands for where the difference matters. */
export function readNumber(value: number, written: string): number | FractionForm {
  return Number.isInteger(value) && /[.eE]/.test(written) ? new FractionForm(value) : value
}
