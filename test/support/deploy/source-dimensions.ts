/** Dimensions of a product file for an application that counts by itself: one from each source. */
export const sourceDimensions = [
  {
    name: 'requests',
    from: { prometheus: { metric: 'app_requests_total', firstValue: 'count' } },
  },
  { name: 'tokens', from: { otlp: { metric: 'app.tokens', firstValue: 'count' } } },
  { name: 'hosts', aggregate: 'max', from: { heartbeat: { value: 1 } } },
]
