import { describe, expect, test } from 'vitest'
import { AwsClock } from '../../../src/aws/aws-clock.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const minuteMs = 60_000

/** AWS answers at once, with its time in whole seconds. */
function answer(clock: AwsClock, instant: number): void {
  clock.learn(Math.floor(instant / 1000) * 1000, clock.elapsed())
}

describe('the time of AWS', () => {
  test('is that of the machine before AWS has answered', () => {
    const machine = new ManualClock()
    const clock = new AwsClock(machine)
    machine.step(hourMs)
    expect(clock.now()).toBe(machine.now())
    expect([clock.isKnown, clock.doubtfulForMs]).toEqual([false, 25 * hourMs])
  })

  test('is what its Date header says where the machine is wrong', async () => {
    const machine = new ManualClock()
    const clock = new AwsClock(machine)
    const aws = machine.now() - 8 * minuteMs
    answer(clock, aws)
    expect(clock.now()).toBe(aws)
    await machine.advance(minuteMs)
    expect(clock.now()).toBe(aws + minuteMs)
  })

  test('stays that of the machine where the header can mean that', () => {
    const machine = new ManualClock('2026-03-10T09:15:00.700Z')
    const clock = new AwsClock(machine)
    answer(clock, machine.now())
    expect(clock.now()).toBe(machine.now())
  })

  test('allows for the time that the answer was on its way', async () => {
    const machine = new ManualClock()
    const clock = new AwsClock(machine)
    const [date, startedAt] = [machine.now(), clock.elapsed()]
    await machine.advance(20_000)
    clock.learn(date, startedAt)
    expect(clock.now()).toBe(machine.now())
  })

  test('does not step with the clock of the machine', async () => {
    const machine = new ManualClock()
    const clock = new AwsClock(machine)
    const before = machine.now()
    answer(clock, before)
    machine.step(26 * hourMs)
    expect(clock.now()).toBe(before)
    await machine.advance(minuteMs)
    machine.step(-26 * hourMs)
    expect(clock.now()).toBe(before + minuteMs)
  })

  test('wakes at its own instants, those too that it learns of later', async () => {
    const machine = new ManualClock()
    const clock = new AwsClock(machine)
    const woken: number[] = []
    clock.at(machine.now() + 10 * minuteMs, () => woken.push(clock.elapsed()))
    answer(clock, machine.now() - 8 * minuteMs)
    machine.step(hourMs)
    await machine.advance(18 * minuteMs - 1)
    expect(woken).toEqual([])
    await machine.advance(1)
    expect(woken).toEqual([18 * minuteMs])
  })

  test('leaves no doubt once it is known, and none a day after it went forward', async () => {
    const machine = new ManualClock()
    const clock = new AwsClock(machine)
    answer(clock, machine.now())
    expect(clock.doubtfulForMs).toBe(0)
    answer(clock, machine.now() + 23 * hourMs)
    await machine.advance(hourMs)
    expect(clock.doubtfulForMs).toBe(24 * hourMs)
    await machine.advance(24 * hourMs)
    expect(clock.doubtfulForMs).toBe(0)
  })

  test.each(['1970-01-01T00:00:00Z', '2100-01-01T00:00:00Z', '2026-03-12T09:15:00Z'])(
    'is not %s because one later answer says so',
    async (absurd) => {
      const machine = new ManualClock()
      const clock = new AwsClock(machine)
      for (const said of [machine.now(), Date.parse(absurd), machine.now(), Date.parse(absurd)]) {
        answer(clock, said)
        expect(clock.now()).toBe(machine.now())
      }
      await machine.advance(minuteMs)
      answer(clock, Date.parse(absurd) + hourMs)
      expect(clock.now()).toBe(machine.now())
    },
  )

  test.each([-1000, 2])(
    'is %i days away from the machine as soon as AWS has said so',
    async (days) => {
      const machine = new ManualClock()
      const clock = new AwsClock(machine)
      const aws = machine.now() + days * 24 * hourMs
      answer(clock, aws)
      expect([clock.now(), clock.isKnown]).toEqual([aws, true])
      // And where that was wrong, as soon as two answers agree.
      answer(clock, machine.now())
      expect(clock.now()).toBe(aws)
      await machine.advance(30_000)
      answer(clock, machine.now())
      expect(clock.now()).toBe(machine.now())
    },
  )

  test('leaves a doubt where the machine was behind at first, though it was right when AWS answered', () => {
    const machine = new ManualClock()
    const clock = new AwsClock(machine)
    clock.now()
    machine.step(200 * minuteMs)
    clock.now()
    answer(clock, machine.now())
    expect(clock.doubtfulForMs).toBe(25 * hourMs)
  })
})
