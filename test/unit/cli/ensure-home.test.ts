import { expect, test } from 'vitest'
import { giveHome } from '../../../src/cli/run/ensure-home.ts'

test('a user without a home directory gets the root, for the SDK would find no credentials', () => {
  const env: Record<string, string | undefined> = {}
  giveHome(env, () => {
    throw new Error('A system error occurred: uv_os_homedir returned ENOENT')
  })
  expect(env).toEqual({ HOME: '/' })
})

test('a user who has one keeps it', () => {
  const env: Record<string, string | undefined> = {}
  giveHome(env, () => '/home/somebody')
  expect(env).toEqual({})
})
