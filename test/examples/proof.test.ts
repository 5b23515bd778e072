import { proofExamples } from '../support/proof-examples.ts'
import { describeExample } from '../support/proof-suite.ts'

for (const name of Object.keys(proofExamples)) describeExample(name as keyof typeof proofExamples)
