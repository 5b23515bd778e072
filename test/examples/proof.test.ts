import { proofExamples } from '../support/entitlement/proof-examples.ts'
import { describeExample } from '../support/entitlement/proof-suite.ts'

for (const name of Object.keys(proofExamples)) describeExample(name as keyof typeof proofExamples)
