import { z } from 'zod';
import type { ChangedDocument, PolicyHistory } from '../evidence/evidence.ts';
import { check } from '../model/check.ts';
import { documentKinds, documentName } from '../model/documents.ts';
import type { Visit } from './visit.ts';

const moment = z.union([z.iso.datetime({ offset: true }), z.iso.date()]).transform((text) => new Date(text));

const historySchema = z.strictObject({
  kind: z.enum(documentKinds).optional(),
  name: documentName.optional(),
  from: moment.optional(),
  to: moment.optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

/** What became of the documents: who reads it is in the trail before it is answered. */
export type Histories = { read(visit: Visit, asked: Record<string, string>): Promise<ChangedDocument[]> };

export function createHistories(history: PolicyHistory): Histories {
  return {
    async read(visit, asked) {
      const filter = check(asked, historySchema);
      const { kind, name, from, to } = filter;
      const document = kind === undefined && name === undefined ? undefined : `${kind ?? '*'}/${name ?? '*'}`;
      const note = JSON.stringify({ name: 'policy_changes', document, from, to });
      await visit.note('evidence_exported', {}, { note });
      return history(filter);
    },
  };
}
