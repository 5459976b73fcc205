/**
 * Spans by the OpenTelemetry API. It does nothing, and costs next to nothing, until somebody registers an SDK in the
 * process; the ways in and out are those of the propagator that comes with it (W3C Trace Context as a rule).
 *
 * An attribute says what kind of thing was done: never a path, a query, an id, or anything about a person.
 */
import type { IncomingHttpHeaders } from 'node:http'
import {
  type Attributes,
  context,
  isSpanContextValid,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'

const tracer = trace.getTracer('usher')

/** The span of a request that is being answered. */
export interface RequestSpan {
  /** Undefined when nothing is traced. */
  readonly traceId: string | undefined
  /** Runs what answers the request: its spans, and those of whatever it waits for, belong to this one. */
  within<T>(work: () => T): T
  /** @param route the template of the route */
  end(answer: { readonly method: string; readonly route: string; readonly status: number }): void
}

/** Begins the span of a request; it belongs to the trace that its headers name. */
export function beginRequestSpan(headers: IncomingHttpHeaders): RequestSpan {
  const parent = propagation.extract(context.active(), headers)
  const span = tracer.startSpan('request', { kind: SpanKind.SERVER }, parent)
  const inside = trace.setSpan(parent, span)
  return {
    traceId: traceIdOf(span),
    within: (work) => context.with(inside, work),
    end({ method, route, status }) {
      if (span.isRecording()) {
        span.updateName(`${method} ${route}`)
        span.setAttributes({
          'http.request.method': method,
          'http.route': route,
          'http.response.status_code': status,
        })
        if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
      }
      span.end()
    },
  }
}

/** Begins a span within the present one; gives how to work in it, and what ends it. */
export function beginSpan(name: string): Pick<RequestSpan, 'within'> & { readonly end: () => void } {
  const span = tracer.startSpan(name)
  const inside = trace.setSpan(context.active(), span)
  return { within: (work) => context.with(inside, work), end: () => span.end() }
}

/** Does the work in a span of its own, which says whether it failed and by which kind of error. */
export function traced<T>(name: string, work: () => Promise<T>): Promise<T> {
  return inSpan(tracer.startSpan(name), work)
}

/** The same for work that another server does. `attributes` are made only when somebody looks at them. */
export function tracedCall<T>(
  name: string,
  attributes: () => Attributes,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  const span = tracer.startSpan(name, call)
  if (span.isRecording()) span.setAttributes(attributes())
  return inSpan(span, work)
}

const call = { kind: SpanKind.CLIENT }

async function inSpan<T>(span: Span, work: (span: Span) => Promise<T>): Promise<T> {
  try {
    return await context.with(trace.setSpan(context.active(), span), work, undefined, span)
  } catch (error) {
    // Not the message: a driver's may hold values.
    span.setAttribute('error.type', typeOf(error))
    span.setStatus({ code: SpanStatusCode.ERROR })
    throw error
  } finally {
    span.end()
  }
}

/** What a request to another server carries of the present trace. Baggage stays here: it is for nobody else. */
export function outgoingTraceHeaders(): Readonly<Record<string, string>> {
  const carrier: Record<string, string> = {}
  propagation.inject(propagation.deleteBaggage(context.active()), carrier)
  return carrier
}

/** The id of the trace that the present work belongs to; undefined when nothing is traced. */
export function presentTraceId(): string | undefined {
  const span = trace.getActiveSpan()
  return span && traceIdOf(span)
}

function traceIdOf(span: Span): string | undefined {
  const spanContext = span.spanContext()
  return isSpanContextValid(spanContext) ? spanContext.traceId : undefined
}

function typeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
