import { defineCheck } from '../check.ts'
import { asSentence } from '../../kernel/text/as-sentence.ts'
import { firstSentence } from '../../kernel/text/first-sentence.ts'

export const settingsCheck = defineCheck({
  id: 'settings',
  title: 'Every `SIDECAR_*` variable, and whether they fit together.',
  needs: [],
  problems: {
    WrongSetting: {
      status: 'fail',
      when: 'A setting is unknown, empty, out of range, or does not fit another; one line each.',
      fix: 'Correct it where the task or pod is defined. docs/reference/configuration.md has every setting.',
    },
    EndpointNotAws: {
      status: 'fail',
      when: 'SIDECAR_AWS_ENDPOINT is not AWS, and the product file in the image accepts no other endpoint, so nothing is called.',
      fix: 'Remove SIDECAR_AWS_ENDPOINT, or name a VPC endpoint of AWS Marketplace Metering.',
    },
  },
  run({ settingMistakes, values, endpointDenial }, findings) {
    for (const mistake of settingMistakes) findings.problem('WrongSetting', asSentence(mistake))
    if (endpointDenial !== undefined)
      findings.problem('EndpointNotAws', firstSentence(endpointDenial.message))
    const given = values.given.size
    if (settingMistakes.length === 0 && endpointDenial === undefined)
      findings.pass(`${given} ${given === 1 ? 'is' : 'are'} given, and all are valid.`)
  },
})
