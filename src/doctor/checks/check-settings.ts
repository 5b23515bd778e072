import { defineCheck, sentence } from '../check.ts'

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
  },
  run({ settingMistakes, values }, findings) {
    for (const mistake of settingMistakes) findings.problem('WrongSetting', sentence(mistake))
    const given = values.given.size
    if (settingMistakes.length === 0)
      findings.pass(`${given} ${given === 1 ? 'is' : 'are'} given, and all are valid.`)
  },
})
