import type { Connection } from '../../model/connection.ts';
import type { Mask } from '../../model/operation.ts';
import type { Context } from '../target.ts';
import type { Route } from './routes.ts';

/** What stands for all that nobody classified, where the connection says to mask it. */
const unclassifiedClass = 'UNCLASSIFIED';

/** What of an operation's documents is classified. */
export type Classified = {
  /** Path → class: those that apply to this operation. */
  paths: ReadonlyMap<string, string>;
  /** Of those, what stays hidden from this identity. */
  hidden: readonly { path: string; class: string }[];
  /** Why it may not be asked for at all. */
  refusal?: { rule: string; detail: string };
};

/**
 * What the classification says of an operation: the entry with its name, else every glob that fits. What it says nothing of is as the
 * connection has it: refused, masked value by value, or left to the detectors. Paths tell of JSON alone, so where something is
 * hidden in another kind of answer, it is refused.
 */
export function classified(
  { name, response }: Pick<Route, 'name' | 'response'>,
  { connection, unmask }: Pick<Context, 'connection' | 'unmask'>,
): Classified {
  const entries = entriesFor(name, connection);
  if (entries.length === 0 && connection.document.unclassified === 'deny') {
    const detail = `${name} is not classified; ask for it to be named in classifications/${connection.name}`;
    return { paths: new Map(), hidden: [], refusal: { rule: 'unclassified', detail } };
  }
  const isUnknown = entries.length === 0 && connection.document.unclassified === 'mask';
  const paths = new Map(isUnknown ? [['**', unclassifiedClass]] : entries.flatMap((entry) => [...entry]));
  const hidden = [...paths]
    .map(([path, className]) => ({ path, class: className }))
    .filter((one) => !unmask.includes(one.class));
  if (hidden.length === 0 || response.content === 'json') return { paths, hidden };
  const detail = `${name} answers ${response.content}, in which nothing can be masked by path; ask for its classification to be mended`;
  return { paths, hidden, refusal: { rule: 'unmaskable', detail } };
}

function entriesFor(name: string, { classification }: Connection): readonly ReadonlyMap<string, string>[] {
  const own = classification.get(name);
  if (own !== undefined) return [own];
  return [...classification].filter(([key]) => key.includes('*') && fits(key, name)).map(([, entry]) => entry);
}

/** `*` stands for any run of characters. */
function fits(glob: string, name: string): boolean {
  const parts = glob.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(name);
}

export function maskedBy({ hidden }: Classified, name: string, { transforms }: Connection): Mask[] {
  return hidden.map((one) => ({
    resource: `${name}.${one.path}`,
    class: one.class,
    transform: transforms.get(one.class) ?? 'redact',
  }));
}
