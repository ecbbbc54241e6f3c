import type { CelInput } from '@bufbuild/cel';
import type { variableNames } from './condition-shape.ts';
import type { Question } from './question.ts';

type Variables = Record<(typeof variableNames)[number], CelInput>;

/**
 * The variables of a condition, made when they are first asked for. What is not known is absent: reading it is an error,
 * which denies, and `has(agent.model)` asks for it; what is unrecorded is left out as well. Maps, so that no name can reach what every object has by itself.
 */
export function variablesOf(
  question: Question,
  timestamp: (date: Date) => CelInput,
  unrecorded?: ReadonlySet<string>,
): Variables {
  const known = (variable: string, fields: Record<string, unknown>) =>
    unrecorded === undefined
      ? toCel(fields)
      : toCel(Object.fromEntries(Object.entries(fields).filter(([field]) => !unrecorded.has(`${variable}.${field}`))));
  const { identity, groups, agent, connection, operation, now } = question;
  return {
    get identity() {
      const { issuer, subject, email, claims } = identity;
      return known('identity', { issuer, subject, email, groups, claims });
    },
    get agent() {
      const { name, version, model, attested } = agent;
      return known('agent', { name, version, model, attested });
    },
    get connection() {
      const { kind, labels } = connection.document;
      return toCel({ name: connection.name, kind, labels });
    },
    get operation() {
      if (operation === undefined) throw new TypeError('Nothing is done yet.');
      const { verb, risks, resources, statement, estimates, classes } = operation;
      const { changes, rows: rows_estimate = changes, bytes: bytes_estimate } = estimates;
      return known('operation', { verb, risks, resources, statement, rows_estimate, bytes_estimate, classes });
    },
    get time() {
      return timestamp(now);
    },
  };
}

function toCel(value: unknown): CelInput {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value;
  if (Array.isArray(value)) return value.map(toCel);
  if (typeof value !== 'object') throw new TypeError(`A condition cannot be asked of a ${typeof value}.`);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return new Map(entries.map(([key, item]) => [key, toCel(item)]));
}
