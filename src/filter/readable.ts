import type { Attribute } from '../schema/types.ts'

/** Whether the value is ever shown: what is not must not be found out by a filter or an order either. */
export function isReadable(attribute: Attribute): boolean {
  return attribute.returned !== 'never' && attribute.mutability !== 'writeOnly'
}
