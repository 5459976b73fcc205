import { UsherError } from '../errors.ts'
import { logFailure, toUsherError } from '../http/problem.ts'
import type { ResourceType } from '../schema/types.ts'
import type { Answer } from './answer.ts'
import type { ScimCall, ScimService } from './call.ts'
import { create } from './create.ts'
import { refusalAnswer } from './errors.ts'
import { get } from './get.ts'
import { list } from './list.ts'
import { readParameters } from './parameters.ts'
import { patch } from './patch.ts'
import { remove } from './remove.ts'
import { replace } from './replace.ts'

/** What a request wants done with a collection (no id) or a resource. */
export interface Target {
  readonly method: string
  readonly type: ResourceType
  readonly id: string | undefined
  readonly body: Readonly<Record<string, unknown>> | undefined
}

/** Runs the operation that method and target name. */
export function operate(service: ScimService, call: ScimCall, { method, type, id, body }: Target): Promise<Answer> {
  if (id === undefined) {
    if (method === 'POST') return create(service, call, type, body)
    return list(service, call.context, type, readParameters(call.rawQuery, call.context.dialect))
  }
  switch (method) {
    case 'PUT':
      return replace(service, call, type, id, body)
    case 'PATCH':
      return patch(service, call, type, id, body)
    case 'DELETE':
      return remove(service, call, type, id)
    case 'GET':
    case 'HEAD':
      return get(service, call, type, id)
    default:
      throw new UsherError('method_not_allowed', `${method} is not possible here.`)
  }
}

/** The answer of an operation, or that of its failure: never throws. */
export async function answerOf(
  { log }: ScimService,
  call: ScimCall,
  operation: () => Answer | Promise<Answer>,
): Promise<Answer> {
  try {
    return await operation()
  } catch (thrown) {
    logFailure(log, call.context.requestId, thrown)
    return refusalAnswer(toUsherError(thrown))
  }
}
