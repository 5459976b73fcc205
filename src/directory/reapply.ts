/** A login of before, decided once more because the settings have changed, and executed without anybody signing in. */
import type { RequestContext } from '../context.ts'
import { lookups } from '../provisioning/lookups.ts'
import type { Decision } from '../provisioning/types.ts'
import { StoreConflict } from '../store/store.ts'
import { planOperations, repeatOnConflict } from './apply.ts'
import { loginContext, loginEffects, operationsOf } from './arrive.ts'
import { commit } from './commit.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { evaluate } from './evaluate.ts'
import { linkUser } from './hold-user.ts'
import { guardLastHolders } from './privilege.ts'
import { countRemovals } from './removal-windows.ts'
import { shadowValues } from './sources.ts'
import type { ArrivalInput } from './types.ts'
import { Workspace } from './workspace.ts'

/**
 * See `Directory.reapply`. The connection is the source of what is written, and whoever asks is its actor. No decision
 * is recorded, since nobody has signed in.
 */
export async function reapply(
  environment: DirectoryEnvironment,
  context: RequestContext,
  input: ArrivalInput,
): Promise<Decision> {
  const acting = { ...loginContext(context, input), actor: context.source }
  const { subject } = lookups(input.connection, input.login, [])
  const queue = [`${context.organization.id}|${input.connection.id}|${subject}`]
  return environment.queue.run(queue, () =>
    repeatOnConflict(environment, () => attempt(environment, acting, input), decideAgain),
  )
}

async function attempt(
  environment: DirectoryEnvironment,
  context: RequestContext,
  input: ArrivalInput,
): Promise<Decision> {
  const { decision, reading } = await evaluate(environment, context, input)
  const { linked } = reading.snapshot
  const before = linked === null ? undefined : reading.documents.get(linked.id)
  // A first link, and a new user, are for the person to ask for: by signing in.
  if (decision.effects === null || before === undefined) return decision
  const { version } = decision.effects
  const effects = loginEffects({ ...decision.effects, provenEmail: null })
  const workspace = new Workspace(context, { groups: reading.groups })
  await planOperations(environment, workspace, operationsOf(environment, decision.operations), effects)
  countRemovals(workspace, input, decision, reading.removals)
  const draft = workspace.users.get(before._id)
  if (draft !== undefined && draft.before?.version !== version) throw new StoreConflict(null)
  const writer = { source: context.source, at: context.now }
  if (draft === undefined && shadowValues(before.sources, effects.shadowed, writer) !== before.sources) {
    await linkUser(environment, workspace, before, effects)
  }
  if (workspace.isEmpty) return decision
  await guardLastHolders(environment, workspace)
  await commit(environment, workspace, null)
  return decision
}

function decideAgain(): void {}
