interface OwnCodeRow {
  /** What happened and what to do, in Markdown, for docs/reference/errors.md. */
  readonly happened: string
  readonly todo: string
}

/**
 * The codes that the sidecar itself gives for an entitlement or a record, next to AWS's error names and
 * the network's codes. A code is never renamed and never used for a second meaning.
 */
export const ownCodeTable = {
  Starting: { happened: 'AWS has not answered yet', todo: 'Wait, or ask with `?wait=30`' },
  Entitled: { happened: 'AWS confirms the buyer', todo: 'Nothing' },
  RegionMismatch: {
    happened: 'Settings, endpoint and platform name different regions; AWS is not called',
    todo: 'The message says which one to fix',
  },
  RegionUnknown: {
    happened: 'No source gives the region; AWS is not called',
    todo: 'Set `SIDECAR_REGION`',
  },
  EndpointNotAws: {
    happened:
      '`SIDECAR_AWS_ENDPOINT` is not an https address of AWS, and the product file in the image accepts no other; nothing is called',
    todo: 'Remove the setting, or name a VPC endpoint; the seller can name another endpoint in the product file',
  },
  AnswerNotOfAws: {
    happened:
      "The answer to a dry run does not have AWS's form: no content type of its protocol, no JSON object, no request id, or the name of an error with status 200. The call is repeated",
    todo: "Find out what answers in AWS's place; usually it is a proxy",
  },
  TokenMalformed: {
    happened: "AWS's token can't be read",
    todo: "Find out what answers in AWS's place",
  },
  TokenAlgorithmRefused: {
    happened: 'The token is signed with an algorithm other than PS256',
    todo: "Find out what answers in AWS's place",
  },
  TokenSignatureInvalid: {
    happened: 'The token was not signed with the public key of this version',
    todo: "Compare the key in the product file with the portal's",
  },
  TokenNonceMismatch: {
    happened: 'The token answers another registration',
    todo: "Find out what answers in AWS's place",
  },
  TokenProductMismatch: {
    happened: 'The token is for another product',
    todo: "Compare the product code with the portal's",
  },
  TokenKeyVersionMismatch: {
    happened: 'The token is for another key version',
    todo: "Compare the key version with the portal's",
  },
  TokenClaimMissing: {
    happened: 'The token lacks a required claim',
    todo: "Find out what answers in AWS's place",
  },
  PublicKeyUnusable: {
    happened: 'The public key is not an RSA key of 1024 bits or more',
    todo: 'Copy it from the portal again',
  },
} as const satisfies Readonly<Record<string, OwnCodeRow>>

export type OwnCode = keyof typeof ownCodeTable
