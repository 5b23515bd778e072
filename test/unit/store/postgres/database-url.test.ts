import { describe, expect, test } from 'vitest'
import {
  nameOfDatabase,
  parseDatabaseUrl,
} from '../../../../src/store/postgres/connection/database-url.ts'

describe('the URL of a database', () => {
  test('of another machine is verified by name and certificate', () => {
    const target = parseDatabaseUrl('postgres://me:s%40t@db.example.com/billing')
    expect(target).toEqual({
      host: 'db.example.com',
      port: 5432,
      user: 'me',
      password: 's@t',
      database: 'billing',
      ssl: {
        rejectUnauthorized: true,
        servername: 'db.example.com',
        checkServerIdentity: expect.any(Function),
      },
    })
    expect(nameOfDatabase(target)).toBe('db.example.com:5432/billing')
  })

  test.each([
    ['postgres://me@127.0.0.1:5433/b', '127.0.0.1'],
    ['postgresql://me@localhost/b', 'localhost'],
    ['postgres://me@[::1]/b', '::1'],
    ['postgres://me@localhost/b?host=/var/run/postgresql', '/var/run/postgresql'],
  ])('of this machine needs no TLS: %s', (url, host) => {
    expect(parseDatabaseUrl(url)).toMatchObject({ host, ssl: false })
  })

  test('of this machine may have it', () => {
    const { ssl } = parseDatabaseUrl('postgres://me@localhost/b?sslmode=verify-full')
    expect(ssl).toMatchObject({ rejectUnauthorized: true })
  })

  test.each([
    'mysql://me:geheim@db/b',
    'postgres://me:geheim@db.example.com/b?sslmode=require',
    'postgres://me:geheim@db.example.com/b?sslmode=disable',
    'postgres://me:geheim@db.example.com/b?options=-c',
    'postgres://me:geheim@db.example.com/b?sslrootcert=/no/such/file',
    'geheim',
  ])('is refused without being repeated: %s', (url) => {
    expect(() => parseDatabaseUrl(url)).toThrow(
      expect.objectContaining({
        code: 'InvalidSettings',
        message: expect.not.stringContaining('geheim'),
      }),
    )
  })
})
