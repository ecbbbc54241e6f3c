import { detectedClasses } from '../../masking/masking.ts';
import type { Connection } from '../../model/connection.ts';
import { Problem } from '../../model/problem.ts';
import type { JudgedBody } from './request-body.ts';

/**
 * Refuses to write back what was masked when it was read, as it would take the place of the value itself: in a POST where it is a whole
 * value, as texts may well speak of masked ones; in what replaces or changes (PUT, PATCH) wherever it stands.
 */
export function refuseMasked(body: JudgedBody, method: string, connection: Connection): void {
  if (body.kind !== 'json' && body.kind !== 'text') return;
  const mark = `\\[(?:${[...classesOf(connection)].join('|')})\\]`;
  const isWhole = method === 'POST' && body.kind === 'json';
  if (!new RegExp(isWhole ? `"${mark}"` : mark).test(body.text)) return;
  throw new Problem('target-rejected', {
    detail:
      'The body holds a value that was masked when it was read; leave that field out, so that what is there stays.',
    reason: 'http:masked-value',
  });
}

function classesOf({ classification }: Connection): Set<string> {
  const named = [...classification.values()].flatMap((paths) => [...paths.values()]);
  return new Set([...named, ...detectedClasses, 'UNCLASSIFIED', 'CREDENTIAL']);
}
