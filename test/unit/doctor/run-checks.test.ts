import { describe, expect, test } from 'vitest'
import { defineCheck, type Check } from '../../../src/doctor/check.ts'
import { checks } from '../../../src/doctor/checks/checks.ts'
import { Diagnosis } from '../../../src/doctor/diagnosis.ts'
import { proofNames } from '../../../src/product/routes.ts'
import { runChecks, worstOf } from '../../../src/doctor/run-checks.ts'
import { testMachine, outcomesOf } from '../../support/doctor/test-machine.ts'

const diagnosis = new Diagnosis(testMachine())
const run = (...list: Check[]) => runChecks(list, diagnosis)

type Outcome = 'pass' | 'warn' | 'fail' | 'skip' | 'throw'

function check(id: string, outcome: Outcome, ...needs: string[]): Check {
  return defineCheck({
    id,
    title: id,
    needs,
    problems: {
      Warn: { status: 'warn', when: 'asked', fix: 'none for {what}' },
      Fail: { status: 'fail', when: 'asked', fix: 'none for {what}' },
    },
    run(_diagnosis, findings) {
      if (outcome === 'throw') throw new Error('broken')
      if (outcome === 'pass' || outcome === 'skip') findings[outcome]('said')
      else
        findings.problem(outcome === 'warn' ? 'Warn' : 'Fail', 'said', { values: { what: 'it' } })
    },
  })
}

describe('checks', () => {
  test('one that needs what failed is skipped, and so is what needs that one', async () => {
    const findings = await run(
      check('a', 'fail'),
      check('b', 'pass', 'a'),
      check('c', 'pass', 'b'),
      check('d', 'pass'),
    )
    expect(outcomesOf(findings)).toEqual(['Fail', 'skip', 'skip', 'pass'])
    expect(findings[1]?.message).toBe('Not checked: the check a has to pass first.')
    expect(findings[2]?.message).toContain('the check b')
  })

  test.each(['warn', 'pass'] as const)(
    'one that needs what ended with %s is run',
    async (outcome) => {
      const findings = await run(check('a', outcome), check('b', 'pass', 'a'))
      expect(findings[1]?.status).toBe('pass')
    },
  )

  test('a fix is filled with what was found', async () => {
    expect((await run(check('a', 'warn')))[0]).toEqual({
      id: 'a',
      subject: undefined,
      status: 'warn',
      problem: 'Warn',
      message: 'said',
      fix: 'none for it',
    })
  })

  test('one with a defect fails alone', async () => {
    const findings = await run(check('a', 'throw'), check('b', 'pass'))
    expect(outcomesOf(findings)).toEqual(['InternalError', 'pass'])
    expect(findings[0]?.message).toContain('broken')
  })

  test('the worst of them decides, and a skipped check is not a problem', async () => {
    expect(worstOf(await run(check('a', 'pass'), check('b', 'skip')))).toBe('pass')
    expect(worstOf(await run(check('a', 'warn'), check('b', 'pass')))).toBe('warn')
    expect(worstOf(await run(check('a', 'fail'), check('b', 'warn')))).toBe('fail')
  })
})

describe('the list of checks', () => {
  test('names each once, after what it needs', () => {
    const ids = checks.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const [index, { needs }] of checks.entries())
      for (const need of needs) expect(ids.slice(0, index)).toContain(need)
  })

  test('has a check for every proof, by its name', () => {
    expect(checks.map(({ id }) => id)).toEqual(expect.arrayContaining([...proofNames]))
  })

  test('says for every problem when it is reported and what to do', () => {
    for (const { id, title, problems } of checks) {
      expect(title, id).toMatch(/\.$/)
      for (const [name, { when, fix }] of Object.entries(problems)) {
        expect(name, id).toMatch(/^[A-Z][A-Za-z]+$/)
        expect(when, `${id} ${name}`).toMatch(/^.{10,}\.$/)
        expect(fix, `${id} ${name}`).toMatch(/^(.{10,}\.|\{advice\}|\{remedy\})$/)
      }
    }
  })
})
