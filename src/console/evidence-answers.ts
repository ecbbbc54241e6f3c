import { z } from 'zod';
import type { Answer, Evidence, Population, Question } from '../evidence/evidence.ts';
import { check } from '../model/check.ts';
import { Problem } from '../model/problem.ts';
import type { Visit } from './visit.ts';

/** The evidence room, as the console needs it. */
export type EvidenceSource = Pick<Evidence, 'questions' | 'themes' | 'ask' | 'population'>;

/** An answer, and the population it was made of: what an auditor needs to rely on it. */
export type EvidenceAnswer = Answer &
  Pick<Question, 'name' | 'question' | 'criteria'> & { from: string; to: string; population: Population };

export type EvidenceAnswers = {
  questions: EvidenceSource['questions'];
  themes: EvidenceSource['themes'];
  /** Records who asks for what before it is answered. Throws `not-found` and `bad-request`. */
  answer(visit: Visit, name: string, query: Record<string, string>): Promise<EvidenceAnswer>;
};

const moment = z.union([z.iso.datetime({ offset: true }), z.iso.date()]).transform((text) => new Date(text));
const askedSchema = z.object({
  from: moment.optional(),
  to: moment.optional(),
  as_of: moment.optional(),
  seed: z.string().min(1).max(100).optional(),
  n: z.coerce.number().int().min(1).max(1000).optional(),
});

const month = 30 * 24 * 3600 * 1000;

/** `from` is within the period and `to` is not; without them it is the last 30 days. Other parameters only where the question has them. */
export function createEvidenceAnswers(source: EvidenceSource, now: () => Date): EvidenceAnswers {
  function askedBy(query: Record<string, string>) {
    const { from, to, as_of, seed, n } = check(query, askedSchema);
    const end = to ?? as_of ?? now();
    const asked = {
      from: from ?? new Date(end.getTime() - month),
      to: end,
      ...(as_of !== undefined && { as_of }),
      ...(seed !== undefined && { seed }),
      ...(n !== undefined && { n }),
    };
    // BigQuery's time begins there.
    if ([asked.from, as_of].some((time) => time !== undefined && time.getUTCFullYear() < 1))
      throw new Problem('bad-request', { detail: 'Times must be in year 1 or after.' });
    if (asked.from >= asked.to) throw new Problem('bad-request', { detail: 'from must be before to.' });
    return asked;
  }

  return {
    questions: source.questions,
    themes: source.themes,
    async answer(visit, name, query) {
      const question = source.questions.find((one) => one.name === name);
      if (question === undefined) throw new Problem('not-found', { reason: 'no-such-evidence' });
      const asked = askedBy(query);
      const said = { name, from: asked.from.toISOString(), to: asked.to.toISOString() };
      await visit.note('evidence_exported', {}, { note: JSON.stringify({ ...said, ...partOf(query) }) });
      const [table, population] = await Promise.all([source.ask(name, asked), source.population(asked)]);
      if (table === undefined) throw new Problem('not-found', { reason: 'no-such-evidence' });
      return { ...said, question: question.question, criteria: question.criteria, ...table, population };
    },
  };
}

const partOf = ({ as_of, seed, n }: Record<string, string>) => ({ as_of, seed, n });
