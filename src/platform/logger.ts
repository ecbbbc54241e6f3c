import { type DestinationStream, pino } from 'pino';

/** Structured logs as Cloud Logging reads them. Never data: only what the product itself names. */
export type Logger = Record<
  'debug' | 'info' | 'warn' | 'error' | 'alert',
  (fields: LogFields, message: string) => void
>;

export type LogFields = {
  /** Of the call, for `logging.googleapis.com/trace`. */
  trace?: string;
  operation?: string;
  [field: string]: unknown;
};

const severities: Record<string, string> = {
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
  alert: 'ALERT',
};

/**
 * Errors are logged by name, code and our own stack frames: a driver's message may hold data, so it is left out. Lines are
 * collected for a quarter of a second at most, and written when the process ends by itself or fails; one that is killed loses
 * them. What must not be lost is in the trail.
 */
export function createLogger(options: {
  level: 'debug' | 'info' | 'warn' | 'error';
  project: string;
  role: string;
  destination?: DestinationStream;
}): Logger {
  const log = pino(
    {
      level: options.level,
      base: { role: options.role },
      messageKey: 'message',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      customLevels: { alert: 70 },
      formatters: {
        level: (label) => ({ severity: severities[label] ?? 'DEFAULT' }),
        log: (fields) => cloudFields(fields, options.project),
      },
    },
    options.destination ?? standardOutput(),
  );
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn: (fields, message) => log.warn(fields, message),
    error: (fields, message) => log.error(fields, message),
    alert: (fields, message) => log.alert(fields, message),
  };
}

/** Written at once where it is written: what was on its way in another thread would be lost when the process ends. */
function standardOutput(): DestinationStream {
  const output = pino.destination({ dest: 1, sync: true, minLength: 8 * 1024, periodicFlush: 250 });
  process.once('exit', () => output.flushSync());
  return output;
}

function cloudFields({ trace, error, ...fields }: Record<string, unknown>, project: string) {
  return {
    ...fields,
    ...(typeof trace === 'string' && { 'logging.googleapis.com/trace': `projects/${project}/traces/${trace}` }),
    ...(error !== undefined && { error: describeError(error) }),
  };
}

/** A thrown thing without its message, which may hold a row, a literal or a credential. */
function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: typeof error };
  const code =
    'code' in error && (typeof error.code === 'string' || typeof error.code === 'number') ? error.code : undefined;
  const frames = error.stack?.split('\n').filter((line) => /^\s+at /.test(line));
  return {
    name: error.name,
    ...(code !== undefined && { code }),
    at: frames?.slice(0, 8).map((line) => line.trim()),
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  };
}
