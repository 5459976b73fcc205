import SCIMMY from 'scimmy'
import type { Answer } from './answer.ts'
import type { ScimCall, ScimService } from './call.ts'
import { answerOf, operate } from './operate.ts'

/**
 * What the router hands to a resource. The classes below are declared once for the whole process, as scimmy keeps them,
 * so everything that belongs to one application or one request comes in here.
 */
export interface ResourceCall {
  readonly service: ScimService
  readonly call: ScimCall
}

type Body = Readonly<Record<string, unknown>> | undefined

/**
 * A resource of scimmy's router that does nothing by itself: it gives `read`, `write`, `patch` and `dispose` to our
 * operations and returns their `Answer`, for refusals as well, since whatever a resource throws would become a 404.
 * Ingress, egress, filters, lists and patches of scimmy are never reached.
 */
abstract class DirectoryResource extends SCIMMY.Types.Resource {
  readonly #id: string | undefined

  constructor(id?: string | object) {
    // Nothing that it could parse: the id would be put into a filter as text.
    super()
    this.#id = typeof id === 'string' ? id : undefined
  }

  /** Name of the resource type. */
  protected abstract readonly typeName: string

  // The declared results are scimmy's own messages. The router passes them to `response.send` without a look, where
  // ours are expected.
  override read<Context>(context?: Context): Promise<never> {
    return this.#run('GET', undefined, context) as Promise<never>
  }

  override write<Context>(body: unknown, context?: Context): Promise<never> {
    return this.#run(this.#id === undefined ? 'POST' : 'PUT', body, context) as Promise<never>
  }

  override patch<Context>(body: unknown, context?: Context): Promise<never> {
    return this.#run('PATCH', body, context) as Promise<never>
  }

  override dispose<Context>(context?: Context): Promise<never> {
    return this.#run('DELETE', undefined, context) as Promise<never>
  }

  #run(method: string, body: unknown, context: unknown): Promise<Answer> {
    const { service, call } = context as ResourceCall
    return answerOf(service, call, () =>
      operate(service, call, {
        method,
        type: service.registry.resourceType(this.typeName),
        id: this.#id,
        body: body as Body,
      }),
    )
  }
}

class UserResource extends DirectoryResource {
  static override readonly endpoint = '/Users'
  static override readonly schema = SCIMMY.Schemas.User
  /** Locations depend on the organization, which a static cannot know: the answers hold them already. */
  static override readonly basepath = (): string => ''
  protected override readonly typeName = 'User'
}

class GroupResource extends DirectoryResource {
  static override readonly endpoint = '/Groups'
  static override readonly schema = SCIMMY.Schemas.Group
  static override readonly basepath = (): string => ''
  protected override readonly typeName = 'Group'
}

/** The resource types that scimmy's router serves. Other types are URNs and endpoints that it does not know. */
export const routedTypes: ReadonlySet<string> = new Set(['User', 'Group'])

SCIMMY.Resources.declare(UserResource, 'User')
SCIMMY.Resources.declare(GroupResource, 'Group')
