import { expect, test } from 'vitest'
import { findFreePort } from '../../kill/free-port.ts'

test('a port is found once, even while no one listens on it', async () => {
  const draws = [0.25, 0.25, 0.75]
  const random = () => draws.shift() ?? Math.random()
  const found = await findFreePort(random)
  expect(await findFreePort(random)).not.toBe(found)
  expect(draws).toEqual([])
})
