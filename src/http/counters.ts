import { Counter, type Registry } from 'prom-client'

/** Makes a counter: each call of what it gives counts one more, with a value for each label. */
export type MakeCounter = <const Labels extends readonly string[]>(
  name: string,
  help: string,
  ...labels: Labels
) => (...values: { readonly [Label in keyof Labels]: string }) => void

/** Counters that are registered there. */
export function countersOf(registry: Registry): MakeCounter {
  return (name, help, ...labels) => {
    const counter = new Counter({ name, help, labelNames: [...labels], registers: [registry] })
    return (...values) => counter.labels(...values).inc()
  }
}
