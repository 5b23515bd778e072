import { toIso } from '../../kernel/clock.ts'
import { fail } from '../../kernel/result.ts'
import { defineCheck } from '../check.ts'
import { endpointHost, systemCode } from '../endpoint-host.ts'
import { readServerTime } from '../server-time.ts'

const doubtfulSeconds = 60
/** AWS refuses signatures that are older. */
const refusedSeconds = 300

export const clockCheck = defineCheck({
  id: 'clock',
  title: "This machine's clock against the `Date` of the endpoint's answer to an unsigned GET.",
  needs: ['tls'],
  problems: {
    Doubtful: {
      status: 'warn',
      when: `The clocks are more than ${doubtfulSeconds} seconds apart: until AWS first answers, usage around a full hour is counted in the wrong one.`,
      fix: "Check the time service of the host machine: chrony with Amazon's 169.254.169.123.",
    },
    Wrong: {
      status: 'fail',
      when: `The clocks are more than ${refusedSeconds} seconds apart: AWS refuses what is signed by this clock.`,
      fix: "Set the clock of the host machine: chrony with Amazon's 169.254.169.123.",
    },
    NoTime: {
      status: 'warn',
      when: 'The endpoint did not answer a GET, or its answer has no Date.',
      fix: 'Look for something that answers instead of AWS, or accepts requests and drops them.',
    },
  },
  async run(diagnosis, findings) {
    const endpoint = await diagnosis.endpoint()
    if (!endpoint.ok) return
    const url = endpoint.value
    const { clock, ca } = diagnosis.machine
    const addresses = await diagnosis.addresses(endpointHost(url).host)
    const read = await diagnosis
      .inTime((signal) => readServerTime(url, addresses, ca, signal))
      .catch((error: unknown) => fail(`did not answer a GET (${systemCode(error)})`))
    const time = read.ok ? read.value : undefined
    if (time === undefined) {
      const silent = `did not answer in ${diagnosis.timeoutMs} ms`
      const noDate = 'sent no Date'
      const what = read.ok ? noDate : read.failure === 'timed-out' ? silent : read.failure
      findings.problem('NoTime', `${url.origin} ${what}.`)
      return
    }
    const skew = Math.round((clock.now() - time) / 1000)
    const size = Math.abs(skew)
    const words = `${size} s ${skew < 0 ? 'behind' : 'ahead of'} the endpoint's, ${toIso(time)}`
    if (size > refusedSeconds) findings.problem('Wrong', `This clock is ${words}.`)
    else if (size > doubtfulSeconds) findings.problem('Doubtful', `This clock is ${words}.`)
    else findings.pass(`Within ${Math.max(size, 1)} s of the endpoint's.`)
  },
})
