import { createJsonMasks, type JsonMasks } from '../../masking/masking.ts';
import { Problem } from '../../model/problem.ts';
import type { Context } from '../target.ts';
import type { Classified } from './classification.ts';

/** Masks that are kept; the one unused longest goes first. */
const MOST = 500;

export type MasksFor = (name: string, known: Classified, context: Context) => JsonMasks;

/** The masks of an operation's documents, worked out once for each version of a connection. Throws `policy-unavailable` at a path that cannot be read. */
export function createMasks(): MasksFor {
  const made = new Map<string, JsonMasks>();
  return (name, { paths }, { connection, unmask, tokenKey }) => {
    const key = JSON.stringify([connection.name, connection.version, name, [...unmask].sort()]);
    const masks = made.get(key) ?? make({ paths, transforms: connection.transforms, unmask, tokenKey });
    made.delete(key);
    made.set(key, masks);
    if (made.size > MOST) for (const oldest of made.keys()) if (made.delete(oldest)) break;
    return masks;
  };
}

function make(given: Parameters<typeof createJsonMasks>[0]): JsonMasks {
  try {
    return createJsonMasks(given);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new Problem('policy-unavailable', {
      detail: `The classification cannot be read: ${error.message}`,
      cause: error,
    });
  }
}
