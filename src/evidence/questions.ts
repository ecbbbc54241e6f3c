import { readFileSync } from 'node:fs';

/** One of the auditor's questions, as a parametrised query: `@from` is within the period, `@to` is not. */
export type Question = {
  name: string;
  /** In the auditor's words. */
  question: string;
  /** Of the AICPA Trust Services Criteria (2017). */
  criteria: readonly string[];
  /** In order, with what each means. */
  columns: readonly (readonly [name: string, meaning: string])[];
};

export const questions: readonly Question[] = [
  {
    name: 'access_population',
    question: 'What was every session and statement of the period, by whom, and how did it end?',
    criteria: ['CC6.1'],
    columns: [
      ['asked_at', 'When the gateway recorded it'],
      ['event_id', 'The event; an outcome has the same'],
      ['operation', 'The call'],
      ['session', 'Groups the calls of one run of an agent'],
      ['principal', 'Who called: the IAM member of the verified token; empty when the token was not accepted'],
      ['principal_kind', 'agent or human'],
      ['agent', 'The agent’s name for itself'],
      ['agent_attested', 'Whether the token itself says so'],
      ['connection', 'The target, by the name agents use'],
      ['verb', 'read, write, delete, define, …'],
      ['resources', 'Everything the statement touches'],
      ['statement', 'Its text, with classified literals sealed'],
      ['statement_sha256', 'SHA-256 of the exact text that was sent'],
      ['decision', 'allow or deny'],
      ['policies', 'The policies that decided'],
      ['policy_version', 'The version of all policy in force'],
      ['approval', 'The approval it spent or waits for'],
      ['outcome', 'completed, failed, unknown, running; or why it did not run'],
      ['error_code', 'What the caller was told'],
      ['reason', 'Why, in the product’s own words'],
      ['ended_at', 'When the outcome was recorded'],
      ['rows_returned', 'Rows the caller received'],
      ['rows_affected', 'Rows it changed'],
      ['columns_masked', 'Columns masked at the source'],
      [
        'protection',
        'proven where the target itself would have refused what is masked, rewritten where only the gateway hides it',
      ],
      ['credential', 'The version of the secret that was used'],
      ['occurrences', 'More than 1 where refusals of unknown callers were counted together'],
      ['chain', 'The chain that holds the event'],
      ['seq', 'Its place there'],
    ],
  },
  {
    name: 'approvals',
    question: 'Was everything that needed a yes approved by another human, beforehand, and did exactly that run, once?',
    criteria: ['CC6.3', 'CC8.1'],
    columns: [
      ['ran_at', 'When the operation began'],
      ['operation', 'The call'],
      ['approval', 'The approval it spent'],
      ['requester', 'Who asked'],
      ['approvers', 'Who approved, by the events of their decisions'],
      ['requested_at', 'When it was asked for'],
      ['approved_at', 'When the last of them approved'],
      ['agent_reason', 'Why, in the agent’s words'],
      ['approver_reason', 'Why, in the approvers’ words'],
      ['connection', 'The target'],
      ['verb', 'What it does'],
      ['statement', 'What ran, with classified literals sealed'],
      ['statement_sha256', 'SHA-256 of the exact text that ran'],
      ['digest', 'SHA-256 of all that the approval binds'],
      ['outcome', 'How it ended'],
      ['approver_is_not_requester', 'Nobody approved their own request'],
      ['approver_is_human', 'Every approver is a human'],
      ['approved_before_run', 'Every approval came before the run'],
      ['same_digest', 'What was approved is what ran'],
      ['used_once', 'The approval was spent once'],
      ['in_order', 'All of the above'],
    ],
  },
  {
    name: 'failed_access',
    question: 'Which attempts were refused, why, and were there bursts?',
    criteria: ['CC6.6', 'CC7.2'],
    columns: [
      ['type', 'refused, denied by policy, denied by a human, expired'],
      ['error_code', 'What the caller was told'],
      ['reason', 'Why, in the product’s own words'],
      ['principal', 'Who; empty when the token was not accepted'],
      ['connection', 'The target, where one was named'],
      ['attempts', 'How many'],
      ['first_at', 'The first'],
      ['last_at', 'The last'],
      ['minutes_with_attempts', 'In how many minutes'],
      ['most_in_a_minute', 'How many in the busiest'],
      ['burst', 'Ten or more in a minute'],
    ],
  },
  {
    name: 'sensitive_disclosure',
    question: 'Which classified data was returned unmasked, to whom, and why?',
    criteria: ['C1.1', 'CC6.7', 'P6'],
    columns: [
      ['asked_at', 'When'],
      ['operation', 'The call'],
      ['principal', 'To whom'],
      ['principal_kind', 'agent or human'],
      ['agent', 'The agent’s name for itself'],
      ['agent_reason', 'Why, in the agent’s words'],
      ['connection', 'The target'],
      ['verb', 'What it did'],
      ['resources', 'Everything it touched'],
      ['classes_disclosed', 'The classes of data that policy left in the clear'],
      ['policies', 'The policies that allowed it'],
      ['policy_version', 'The version of all policy in force'],
      ['approval', 'The approval it spent, where one was needed'],
      ['approvers', 'Who approved'],
      ['statement', 'Its text, with classified literals sealed'],
      ['outcome', 'completed, failed, unknown or running'],
      ['rows_returned', 'Rows the caller received; empty where that is not known'],
    ],
  },
];

export const viewNames = ['events', 'duplicates'] as const;

/** GoogleSQL as it is kept beside this file. It names the datasets `sallyport_audit` and `sallyport_evidence`. */
export function readSql(name: string): string {
  return readFileSync(new URL(`./${name}.sql`, import.meta.url), 'utf8');
}
