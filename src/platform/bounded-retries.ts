/** gRPC's code: the server was not reached, so that asking again is safe. */
const unavailable = 14;

/** Options of a call of Google's clients, whose own would go on for minutes: so many milliseconds for all tries together. */
export function boundedRetries(deadline: number) {
  const backoffSettings = {
    initialRetryDelayMillis: 100,
    retryDelayMultiplier: 2,
    maxRetryDelayMillis: 1000,
    initialRpcTimeoutMillis: deadline,
    rpcTimeoutMultiplier: 1,
    maxRpcTimeoutMillis: deadline,
    totalTimeoutMillis: deadline,
  };
  return { retry: { retryCodes: [unavailable], backoffSettings } };
}
