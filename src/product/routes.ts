/** Calls by which AWS confirms that the buyer may run the product; each is a folder of src/entitlement. */
export const proofNames = ['register-usage', 'dry-run', 'empty-batch'] as const
export type ProofName = (typeof proofNames)[number]

/** What a product can need to have: members of the product file. */
export type ProductNeed = 'publicKeys' | 'dimensions' | 'region' | 'customerIds'

interface RouteRow {
  /** How the listing is priced, after "priced". */
  readonly pricing: string
  readonly needs: readonly ProductNeed[]
  /** All of them have to pass, in this order. */
  readonly proofs: readonly ProofName[]
  /** What sends the records; undefined where AWS meters by itself. */
  readonly channel: 'meter-usage' | 'batch-meter-usage' | undefined
  /** Whether a record that AWS accepted proves as much as the proofs do. */
  readonly recordsProve: boolean
}

/** Every route: how the listing is priced, and everything that follows from it. */
const routeTable = {
  hourly: {
    pricing: 'by task or pod',
    needs: ['publicKeys'],
    proofs: ['register-usage'],
    channel: undefined,
    recordsProve: false,
  },
  metered: {
    pricing: 'by usage',
    needs: ['dimensions'],
    proofs: ['dry-run'],
    channel: 'meter-usage',
    recordsProve: true,
  },
  both: {
    pricing: 'in both ways',
    needs: ['publicKeys', 'dimensions'],
    proofs: ['register-usage', 'dry-run'],
    channel: 'meter-usage',
    recordsProve: false,
  },
  saas: {
    pricing: 'by the usage of SaaS customers',
    needs: ['dimensions', 'region', 'customerIds'],
    proofs: ['empty-batch'],
    channel: 'batch-meter-usage',
    recordsProve: true,
  },
} as const satisfies Readonly<Record<string, RouteRow>>

export type Route = keyof typeof routeTable
export const routeNames = Object.keys(routeTable) as readonly Route[]

/** Whether the product runs at its seller and has customers; else the buyer runs the task or pod. */
export function hasCustomers(route: Route): boolean {
  return routeOf(route).channel === 'batch-meter-usage'
}

/** The routes of products that the buyer runs. */
export const buyerRoutes = routeNames.filter((route) => !hasCustomers(route))

/** What follows from a route. */
export function routeOf(route: Route): RouteRow {
  return routeTable[route]
}

/** The routes for which `holds`, for a sentence: `hourly and both`. */
export function routesThat(holds: (row: RouteRow) => boolean, conjunction = 'and'): string {
  return inWords(
    routeNames.filter((route) => holds(routeOf(route))),
    conjunction,
  )
}

/** Those of them that need a member, for a sentence. */
export function buyerRoutesNeeding(need: ProductNeed): string {
  return routesThat(({ needs, channel }) => channel !== 'batch-meter-usage' && needs.includes(need))
}

/** Every route after its pricing: `by task or pod (hourly), by usage (metered) or ...`. */
export function pricingInWords(routes = routeNames): string {
  return inWords(
    routes.map((route) => `${routeOf(route).pricing} (${route})`),
    'or',
  )
}

/** `a`, `a and b`, `a, b and c`. */
function inWords(items: readonly string[], conjunction: string): string {
  return [items.slice(0, -1).join(', '), ...items.slice(-1)]
    .filter((part) => part !== '')
    .join(` ${conjunction} `)
}
