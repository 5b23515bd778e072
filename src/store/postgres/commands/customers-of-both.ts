import { awsKeysOf, type Registration } from '../../../metering/customer.ts'
import { laterOf, type LicenceState } from '../../../metering/licence.ts'
import type { Changes } from '../../changes.ts'
import { licenceOf, registrationOf } from '../../registration-row.ts'
import type { WholeBook } from '../../whole-book.ts'
import type { Session } from '../connection/database.ts'
import { registrationName } from '../view/customer-view.ts'
import { isNamed, lockCustomers } from '../view/load-customers.ts'

type OfCustomers = Pick<Changes, 'registrations' | 'licences'>
type Licences = ReadonlyMap<string, LicenceState>

/**
 * What a book brings of customers whom the database may know already: of a licence counts what was said last,
 * and a registration that both have goes on as the database has it.
 */
export async function customersOfBoth(
  session: Session,
  { registrations, licences }: Pick<WholeBook, 'registrations' | 'licences'>,
): Promise<OfCustomers> {
  if (registrations.length + licences.size === 0) return { registrations, licences }
  await lockCustomers(session, 'UPDATE')
  const before = await registrationsOf(session, registrations)
  const known = await licencesOf(session, [
    ...licences.keys(),
    ...registrations.flatMap(({ names, identity }) => awsKeysOf(names, identity.form)),
  ])
  const later = new Map(
    [...licences].filter(([name, state]) => laterOf(known.get(name), state) === state),
  )
  const said = new Map([...known, ...later])
  return {
    licences: later,
    registrations: registrations.map((each) =>
      ofBoth(each, before.get(registrationName(each)), said),
    ),
  }
}

/** A key of the database under which it has a customer of AWS whom the book has under another one. */
export async function otherKeyOf(
  session: Session,
  { registrations }: Pick<WholeBook, 'registrations'>,
): Promise<string | undefined> {
  const live = registrations.filter(({ deletedAt }) => deletedAt === undefined)
  const column = <T>(of: (each: Registration) => T) => live.map(of)
  const [row] = await session.query(
    `SELECT customer FROM marketplace_sidecar.registration
     JOIN unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS n(c, f, a, l, i)
       ON customer <> c AND (license_arn = l OR identifier = i
         OR (aws_account = a AND NOT (form = 'license-arn' AND f = 'license-arn')))
     WHERE ${isNamed} AND deleted_at IS NULL LIMIT 1`,
    [
      column(({ customer }) => customer),
      column(({ identity }) => identity.form),
      column(({ names }) => names.accountId),
      column(({ names }) => names.licenseArn),
      column(({ names }) => names.identifier),
    ],
  )
  return row && String(row['customer'])
}

function ofBoth(
  ofBook: Registration,
  ofDatabase: Registration | undefined,
  said: Licences,
): Registration {
  const { names, identity, startsAt } = ofBook
  const last = awsKeysOf(names, identity.form)
    .map((key) => said.get(key))
    .reduce(laterOf, undefined)
  const endedAt =
    last === undefined ? (ofDatabase?.endedAt ?? ofBook.endedAt) : last.ended ? last.at : undefined
  if (ofDatabase === undefined) return { ...ofBook, endedAt }
  return {
    ...ofDatabase,
    names: {
      accountId: ofDatabase.names.accountId ?? names.accountId,
      licenseArn: ofDatabase.names.licenseArn ?? names.licenseArn,
      identifier: ofDatabase.names.identifier ?? names.identifier,
    },
    startsAt: Math.max(startsAt, ofDatabase.startsAt),
    endedAt,
  }
}

async function registrationsOf(
  session: Session,
  registrations: readonly Registration[],
): Promise<Map<string, Registration>> {
  const rows = await session.query(
    `SELECT * FROM marketplace_sidecar.registration WHERE customer = ANY($1::text[]) AND ${isNamed}`,
    [registrations.map(({ customer }) => customer)],
  )
  return new Map(rows.map(registrationOf).map((each) => [registrationName(each), each]))
}

async function licencesOf(session: Session, keys: readonly string[]): Promise<Licences> {
  const rows = await session.query(
    'SELECT * FROM marketplace_sidecar.licence WHERE name = ANY($1::text[])',
    [keys],
  )
  return new Map(rows.map((row) => [String(row['name']), licenceOf(row)]))
}
