/** As much of an OpenTelemetry SDK as tests need: spans are kept, and contexts follow promises. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'
import {
  type Attributes,
  type Context,
  type ContextManager,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type SpanStatus,
  SpanStatusCode,
  type TextMapPropagator,
  type Tracer,
  trace,
} from '@opentelemetry/api'

/** A span as a test looks at it. */
export interface KeptSpan {
  readonly name: string
  readonly parent: string | undefined
  readonly context: SpanContext
  readonly attributes: Attributes
  readonly status: SpanStatus
  readonly ended: boolean
}

class RecordedSpan implements Span, KeptSpan {
  name: string
  readonly parent: string | undefined
  readonly context: SpanContext
  attributes: Attributes = {}
  status: SpanStatus = { code: SpanStatusCode.UNSET }
  ended = false

  constructor(name: string, parent: SpanContext | undefined, attributes: Attributes = {}) {
    this.name = name
    this.parent = parent?.spanId
    const traceId = parent?.traceId ?? randomBytes(16).toString('hex')
    this.context = { traceId, spanId: randomBytes(8).toString('hex'), traceFlags: 1 }
    this.attributes = attributes
  }

  spanContext = () => this.context
  isRecording = () => !this.ended
  setAttribute = (name: string, value: unknown) => this.setAttributes({ [name]: value } as Attributes)
  addEvent = () => this
  addLink = () => this
  addLinks = () => this
  recordException = () => undefined

  setAttributes(attributes: Attributes) {
    this.attributes = { ...this.attributes, ...attributes }
    return this
  }

  setStatus(status: SpanStatus) {
    this.status = status
    return this
  }

  updateName(name: string) {
    this.name = name
    return this
  }

  end() {
    this.ended = true
  }
}

/** Registers the SDK for the process; gives the spans that have begun, in their order. */
export function keepSpans(): readonly KeptSpan[] {
  const spans: RecordedSpan[] = []
  const tracer: Tracer = {
    startSpan(name, options, within = context.active()) {
      const span = new RecordedSpan(name, trace.getSpanContext(within), options?.attributes)
      spans.push(span)
      return span
    },
    startActiveSpan() {
      throw new Error('not needed here')
    },
  }
  trace.setGlobalTracerProvider({ getTracer: () => tracer })
  context.setGlobalContextManager(contexts())
  propagation.setGlobalPropagator(w3c)
  return spans
}

function contexts(): ContextManager {
  const storage = new AsyncLocalStorage<Context>()
  const manager: ContextManager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (within, work, self, ...given) => storage.run(within, () => work.call(self as never, ...given)),
    bind: (_within, target) => target,
    enable: () => manager,
    disable: () => manager,
  }
  return manager
}

/** W3C Trace Context. */
const w3c: TextMapPropagator = {
  fields: () => ['traceparent'],
  extract(within, carrier, getter) {
    const [, traceId, spanId] = /^00-(\w{32})-(\w{16})-01$/.exec(String(getter.get(carrier, 'traceparent'))) ?? []
    if (traceId === undefined || spanId === undefined) return within
    const parent = { traceId, spanId, traceFlags: 1, isRemote: true }
    return trace.setSpanContext(within, parent)
  },
  inject(within, carrier, setter) {
    const found = trace.getSpanContext(within)
    if (found) setter.set(carrier, 'traceparent', `00-${found.traceId}-${found.spanId}-01`)
  },
}
