import { z } from 'zod';
import type { Answer, Evidence } from '../evidence/evidence.ts';
import { check } from '../model/check.ts';
import { Problem } from '../model/problem.ts';
import type { Visit } from './visit.ts';

/** The evidence room, as the console needs it. */
export type EvidenceSource = Pick<Evidence, 'questions' | 'ask'>;

export type EvidenceAnswer = Answer & { name: string; question: string; from: string; to: string };

export type EvidenceAnswers = {
  questions: EvidenceSource['questions'];
  /** Records who asks for what before it is answered. Throws `not-found` and `bad-request`. */
  answer(visit: Visit, name: string, query: Record<string, string>): Promise<EvidenceAnswer>;
};

const moment = z.union([z.iso.datetime({ offset: true }), z.iso.date()]).transform((text) => new Date(text));
const periodSchema = z.object({ from: moment.optional(), to: moment.optional() });

const month = 30 * 24 * 3600 * 1000;

/** `from` is within the period and `to` is not; without them it is the last 30 days. */
export function createEvidenceAnswers(source: EvidenceSource, now: () => Date): EvidenceAnswers {
  function periodOf(query: Record<string, string>) {
    const { from, to = now() } = check(query, periodSchema);
    const period = { from: from ?? new Date(to.getTime() - month), to };
    // BigQuery's time begins there.
    if (period.from.getUTCFullYear() < 1)
      throw new Problem('bad-request', { detail: 'from must be in year 1 or after.' });
    if (period.from >= period.to) throw new Problem('bad-request', { detail: 'from must be before to.' });
    return period;
  }

  return {
    questions: source.questions,
    async answer(visit, name, query) {
      const question = source.questions.find((one) => one.name === name);
      if (question === undefined) throw new Problem('not-found', { reason: 'no-such-evidence' });
      const period = periodOf(query);
      const said = { name, from: period.from.toISOString(), to: period.to.toISOString() };
      await visit.note('evidence_exported', {}, { note: JSON.stringify(said) });
      const table = await source.ask(name, period);
      if (table === undefined) throw new Problem('not-found', { reason: 'no-such-evidence' });
      return { ...said, question: question.question, columns: table.columns, rows: table.rows };
    },
  };
}
