import { SidecarError } from '../kernel/errors.ts'
import type { OperatorPermission } from './product.ts'

/**
 * Refuses what a baked product file does not allow: the operator of a container product is the buyer, who
 * must not write off what the seller bills. Throws OperatorNotAllowed.
 */
export function requireAllowed(
  permission: OperatorPermission,
  allowed: readonly OperatorPermission[],
): void {
  if (allowed.includes(permission)) return
  throw new SidecarError(
    'OperatorNotAllowed',
    `The product file of this image does not allow operators to use ${permission}; nothing was changed. Ask the seller, who can allow it in "operator".`,
  )
}
