import { readFileSync } from 'node:fs';
import { accessQuestions } from './questions/access.ts';
import { approvalQuestions } from './questions/approval.ts';
import { dataQuestions } from './questions/data.ts';
import { policyQuestions } from './questions/policy.ts';
import { trailQuestions } from './questions/trail.ts';

/** What a question is asked with. `from` is within the period, `to` is not; `as_of` is a moment; `seed` and `n` draw a sample. */
export type ParameterName = 'from' | 'to' | 'as_of' | 'seed' | 'n';

/** One of the auditor's questions, as a parametrised query. */
export type Question = {
  name: string;
  /** In the auditor's words. */
  question: string;
  /** Of the AICPA Trust Services Criteria (2017). */
  criteria: readonly string[];
  /** A period where nothing is said. */
  parameters?: readonly ParameterName[];
  /** In order, with what each means. */
  columns: readonly (readonly [name: string, meaning: string])[];
};

/** The questions by what they are about. */
export const themes: readonly { title: string; questions: readonly Question[] }[] = [
  { title: 'Access', questions: accessQuestions },
  { title: 'Approvals', questions: approvalQuestions },
  { title: 'Policy and change', questions: policyQuestions },
  { title: 'Classified data and secrets', questions: dataQuestions },
  { title: 'The trail itself', questions: trailQuestions },
];

export const questions: readonly Question[] = themes.flatMap((theme) => theme.questions);

export const parametersOf = ({ parameters = ['from', 'to'] }: Question): readonly ParameterName[] => parameters;

export const viewNames = ['events', 'recordings', 'duplicates', 'checkpoints', 'target_records'] as const;

/** GoogleSQL as it is kept beside this file. It names the datasets `sallyport_audit` and `sallyport_evidence`. */
export function readSql(name: string): string {
  return readFileSync(new URL(`./${name}.sql`, import.meta.url), 'utf8');
}
