import { expect, test } from 'vitest'
import { ensureHome } from '../../../src/cli/ensure-home.ts'

test('a user without a home directory gets the root, so that the SDK finds credentials', () => {
  const env: Record<string, string | undefined> = {}
  ensureHome(env, () => {
    throw new Error('A system error occurred: uv_os_homedir returned ENOENT')
  })
  expect(env).toEqual({ HOME: '/' })
})

test('a user with a home directory keeps it', () => {
  const env: Record<string, string | undefined> = {}
  ensureHome(env, () => '/home/user')
  expect(env).toEqual({})
})
