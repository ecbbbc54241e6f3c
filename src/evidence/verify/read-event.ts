import { hash } from 'node:crypto';
import { z } from 'zod';
import { type AuditEvent, auditEventSchema } from '../../model/audit-event.ts';
import { canonicalJson, sha256 } from '../../model/canonical.ts';
import { jsonOf } from './lines.ts';

/** Where a row says that it stands. */
type Place = { chain: string; seq: number; event_id?: string };

/** A row as it was read. `flaw`: why it is not what was written. `hashes`: what the next link may name as the one before it. */
export type ReadEvent =
  | { event: AuditEvent; text: string; hashes: readonly string[]; flaw?: string }
  /** What stands in that place cannot be read as an event. */
  | { event: undefined; place: Place | undefined; text: string; hashes: readonly string[]; flaw: string };

const name = '"hash":"';
const digits = 64;

/**
 * Reads one event from its canonical JSON. Its hash is that of the text without the field itself, so the text is cut, not
 * written again: inside a string every quotation mark has a backslash before it, so the name stands where the field is.
 */
export function readEvent(text: string): ReadEvent {
  const value = jsonOf(text);
  const read = auditEventSchema.safeParse(value);
  if (!read.success) {
    const place = placeSchema.safeParse(value);
    const said = hashSchema.safeParse(value);
    return {
      event: undefined,
      place: place.success ? place.data : undefined,
      text,
      hashes: said.success ? [said.data.hash] : [],
      flaw: 'It does not have the shape of an event.',
    };
  }
  const event = read.data;
  const start = text.indexOf(name);
  const end = start + name.length + digits + 2;
  const once = start >= 0 && text.indexOf(name, end) < 0;
  if (once && hash('sha256', text.slice(0, start) + text.slice(end)) === event.hash)
    return { event, text, hashes: [event.hash] };
  const { hash: said, ...others } = event;
  const computed = sha256(canonicalJson(others));
  const flaw =
    computed === said ? 'Its text is not the canonical JSON of its fields.' : 'Its fields do not have its hash.';
  return { event, text, hashes: [said, computed], flaw };
}

const placeSchema = z
  .object({ chain: z.string(), seq: z.int().nonnegative(), event_id: z.string().optional().catch(undefined) })
  .transform(({ chain, seq, event_id }): Place => ({ chain, seq, ...(event_id !== undefined && { event_id }) }));
const hashSchema = z.object({ hash: z.string() });
