import { toIso } from '../../kernel/clock.ts'
import { defineCheck } from '../check.ts'
import { endpointHost, systemCode } from '../endpoint-host.ts'
import { readServerTime } from '../server-time.ts'
import { timedOut } from '../../kernel/with-deadline.ts'

const doubtfulSeconds = 60
/** AWS refuses signatures that are older. */
const refusedSeconds = 300

export const clockCheck = defineCheck({
  id: 'clock',
  title: "This machine's clock against the `Date` of the endpoint, asked by an unsigned GET.",
  needs: ['tls'],
  problems: {
    Doubtful: {
      status: 'warn',
      when: `The clocks are more than ${doubtfulSeconds} seconds apart: usage around a full hour is counted in the wrong one.`,
      fix: "Look at the time service of the machine below: chrony with Amazon's 169.254.169.123.",
    },
    Wrong: {
      status: 'fail',
      when: `The clocks are more than ${refusedSeconds} seconds apart: AWS refuses signatures, and records go into wrong hours.`,
      fix: "Set the clock of the machine below: chrony with Amazon's 169.254.169.123.",
    },
    NoTime: {
      status: 'warn',
      when: 'The endpoint did not answer a GET, or its answer bears no time.',
      fix: 'Look for what answers in the place of AWS, or takes requests and drops them.',
    },
  },
  async run(diagnosis, findings) {
    const endpoint = await diagnosis.endpoint()
    if (typeof endpoint === 'string') return
    const { clock, ca } = diagnosis.machine
    const addresses = await diagnosis.addresses(endpointHost(endpoint).host)
    let time: number | undefined | typeof timedOut
    try {
      time = await diagnosis.inTime((signal) => readServerTime(endpoint, addresses, ca, signal))
    } catch (error) {
      findings.problem('NoTime', `${endpoint.origin} did not answer a GET (${systemCode(error)}).`)
      return
    }
    if (time === timedOut || time === undefined) {
      const what =
        time === timedOut ? `did not answer in ${diagnosis.timeoutMs} ms` : 'shows no time'
      findings.problem('NoTime', `${endpoint.origin} ${what}.`)
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
