import { expect, test } from 'vitest'
import { createAwsCalls } from '../../../src/sidecar/create-aws-calls.ts'
import { succeed } from '../../../src/kernel/result.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'

test('of the calls that are passed on eight are under way at once, and no more than 42 wait', async () => {
  const timers = new ManualClock()
  const answers: (() => void)[] = []
  const api = {
    forward: () =>
      new Promise((resolve) => {
        answers.push(() => resolve(succeed({})))
      }),
  }
  const calls = createAwsCalls(api as never, {} as never, timers)
  const ask = () => calls.forward('ResolveCustomer', '{}')
  const asked = Array.from({ length: 50 }, ask)
  await settle(5)
  expect(answers).toHaveLength(8)
  await timers.advance(100)
  expect(await ask()).toMatchObject({
    ok: false,
    failure: { name: 'ThrottlingException', message: 'Too many calls wait for an answer of AWS.' },
  })
  for (let done = 0; done < 50; done += 1) {
    answers[done]?.()
    await settle(5)
  }
  expect((await Promise.all(asked)).filter(({ ok }) => ok)).toHaveLength(50)
})
