/** The problems of the routes of operators; rows of the problem table. */
export const operatorProblems = {
  OperatorRoutesClosed: {
    status: 403,
    title: 'The operator routes are closed',
    happened: '`SIDECAR_OPERATOR_TOKEN_FILE` is not set, so no one may decide over HTTP',
    todo: 'Set it, or use `marketplace-sidecar ledger`',
  },
  OperatorNotAllowed: {
    status: 403,
    title: 'The product file does not allow the decision',
    happened: 'The product file of this image does not allow the decision',
    todo: 'Ask the seller, who can allow it with `operator`',
  },
  RecordNotFound: {
    status: 404,
    title: 'No record has this id',
    happened: 'No record has this id',
    todo: '`GET /v1/operator/records` lists the ids',
  },
  HeldNotFound: {
    status: 404,
    title: 'No usage is held under this id',
    happened: 'No usage is held under this id',
    todo: '`GET /v1/operator/records` lists the ids',
  },
  RecordStateMismatch: {
    status: 409,
    title: "The action does not apply to the record's state",
    happened: "The action does not apply to the record's state",
    todo: 'See [ledger.md](../operate/ledger.md)',
  },
  RecordWindowOpen: {
    status: 409,
    title: 'AWS still accepts the record',
    happened:
      'AWS still accepts the record that the request would bill again, so it may be billed twice',
    todo: 'Wait until the time in the `detail`, or send `"force": true`',
  },
  UsageNotFound: {
    status: 409,
    title: 'Less usage is held or open',
    happened: 'Less usage is held or open than the request would write off',
    todo: '`GET /v1/operator/records` lists it',
  },
} as const
