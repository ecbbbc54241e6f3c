import { z } from 'zod';
import type { DecidedOperations } from '../evidence/evidence.ts';
import { canonicalJson, sha256 } from '../model/canonical.ts';
import { describeIssues } from '../model/check.ts';
import { type DocumentKind, documentName, documentSchemas, type PolicySet } from '../model/documents.ts';
import { Problem } from '../model/problem.ts';
import type { RecordedOperation, Simulation } from '../model/simulation.ts';
import type { Visit } from './visit.ts';

const moment = z.union([z.iso.datetime({ offset: true }), z.iso.date()]).transform((text) => new Date(text));
const documents = z.record(documentName, z.record(z.string(), z.unknown()).nullable());

/** A draft: the documents that would be different, `null` for one that would be gone; with `replace`, all there would be. */
const draftSchema = z.strictObject({
  documents: z.strictObject({
    connections: documents.optional(),
    policies: documents.optional(),
    groups: documents.optional(),
    classifications: documents.optional(),
    agents: documents.optional(),
  }),
  replace: z.boolean().default(false),
});
type Draft = z.output<typeof draftSchema>;

export const simulateSchema = draftSchema.extend({
  from: moment.optional(),
  to: moment.optional(),
  limit: z.int().min(1).max(1_000_000).default(100_000),
});
type SimulationAsked = z.output<typeof simulateSchema>;

export type SimulationAnswer = Simulation & {
  from: string;
  to: string;
  /** SHA-256 of the draft's canonical JSON. */
  draft: string;
  /** There are more operations in the period than were asked for: the newest were taken. */
  truncated: boolean;
};

/** What would have been different had a draft been in force: in the trail with the draft's hash before the answer leaves. */
export type Simulations = { run(visit: Visit, asked: SimulationAsked): Promise<SimulationAnswer> };

export type SimulationsDeps = {
  /** What is in force. Throws `policy-unavailable` when that is not known for sure. */
  inForce: () => PolicySet;
  whyUnusable: (kind: DocumentKind, document: Record<string, unknown>) => string | undefined;
  simulation: (draft: PolicySet) => { add(recorded: RecordedOperation): void; result(): Simulation };
  operations: DecidedOperations;
  now: () => Date;
};

const month = 30 * 24 * 3600 * 1000;

/** Without `from` and `to` it is the last 30 days. Throws `bad-request` for a draft that does not parse, naming each place. */
export function createSimulations(deps: SimulationsDeps): Simulations {
  return {
    async run(visit, asked) {
      const { to = deps.now(), from = new Date(to.getTime() - month), limit, replace, documents } = asked;
      if (from >= to) throw new Problem('bad-request', { detail: 'from must be before to.' });
      const simulation = deps.simulation(drafted(replace ? empty : deps.inForce(), documents, deps.whyUnusable));
      let left = limit;
      let truncated = false;
      for await (const page of deps.operations({ from, to, limit: limit + 1 })) {
        truncated ||= page.length > left;
        for (const recorded of page.slice(0, left)) simulation.add(recorded);
        left = Math.max(0, left - page.length);
      }
      const result = simulation.result();
      const said = {
        from: from.toISOString(),
        to: to.toISOString(),
        draft: sha256(canonicalJson({ documents, replace })),
        truncated,
      };
      const { operations, changed, undecidable } = result;
      const note = JSON.stringify({ simulated: { ...said, operations, changed, undecidable } });
      await visit.note('console_access', {}, { note });
      return { ...said, ...result };
    },
  };
}

const empty: PolicySet = {
  version: '',
  connections: new Map(),
  policies: new Map(),
  groups: new Map(),
  classifications: new Map(),
  agents: new Map(),
  invalid: [],
};

/** The set that there would be. What does not parse now and is not part of the draft stays as it is. */
function drafted(
  base: PolicySet,
  documents: Draft['documents'],
  whyUnusable: SimulationsDeps['whyUnusable'],
): PolicySet {
  const complaints: string[] = [];

  function overlay<T>(kind: DocumentKind, now: ReadonlyMap<string, T>, schema: z.ZodType<T>): ReadonlyMap<string, T> {
    const map = new Map(now);
    for (const [name, document] of Object.entries(documents[kind] ?? {})) {
      map.delete(name);
      if (document === null) continue;
      const read = schema.safeParse(document);
      const complaint = read.success ? whyUnusable(kind, document) : describeIssues(read.error);
      if (complaint !== undefined) complaints.push(`${kind}/${name}: ${complaint}`);
      if (read.success) map.set(name, read.data);
    }
    return map;
  }

  const set: PolicySet = {
    version: 'draft',
    connections: overlay('connections', base.connections, documentSchemas.connections),
    policies: overlay('policies', base.policies, documentSchemas.policies),
    groups: overlay('groups', base.groups, documentSchemas.groups),
    classifications: overlay('classifications', base.classifications, documentSchemas.classifications),
    agents: overlay('agents', base.agents, documentSchemas.agents),
    invalid: base.invalid.filter(({ kind, name }) => !Object.hasOwn(documents[kind] ?? {}, name)),
  };
  if (complaints.length > 0)
    throw new Problem('bad-request', { detail: complaints.slice(0, 5).join('; '), reason: 'draft-does-not-parse' });
  return set;
}
