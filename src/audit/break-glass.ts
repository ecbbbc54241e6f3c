import type { z } from 'zod';
import type { breakGlassNote } from '../model/alert.ts';
import type { Passage } from '../model/call.ts';
import { alertIdOf, type NewAlert } from './raising.ts';

/** What is said of an operation that a grant lets past guards, and the alert whose closing is its review. */
export function breakGlassOf(
  { operationId, decision }: Passage,
  reason: string | null,
): { alert: NewAlert; note: string } {
  const overridden = [...(decision?.overridden ?? [])];
  const alert: NewAlert = {
    kind: 'break-glass',
    key: operationId,
    detail: `An operation went past what else would have asked a human: ${overridden.join(', ')}.`,
  };
  const note: z.output<typeof breakGlassNote> = {
    alert: alertIdOf(alert),
    overridden,
    policies: [...(decision?.policies ?? [])],
    reason,
  };
  return { alert, note: JSON.stringify(note) };
}
