type Row = Readonly<Record<string, unknown>>;

const everyRow = () => true;

/** Which rows of an answer an auditor has to look at. A question that is not here has a list for an answer, none of which is amiss by itself. */
const amiss: Readonly<Record<string, (row: Row) => boolean>> = {
  access_reviews: ({ decision, gone_at, reviewed_by_another_human: other }) =>
    decision === 'not reviewed' || (decision === 'revoke' && gone_at === null) || other === false,
  alerts_to_closure: (row) => row['closed_at'] === null,
  approvals: (row) => row['in_order'] !== true,
  audit_access: (row) => row['changed'] === true,
  break_glass: everyRow,
  completeness: everyRow,
  decisions_by_policy_version: (row) => Number(row['stale']) > 0,
  failed_access: (row) => row['burst'] === true,
  masking_failures: everyRow,
  owner_gone: everyRow,
  reconciliation: (row) => row['verdict'] !== 'matched',
  secret_use: (row) => row['verdict'] !== 'used',
  segregation_violations: everyRow,
  sensitive_disclosure: everyRow,
};

/** Undefined where rows of that question are never amiss by themselves. */
export const exceptionOf = (name: string) => amiss[name];
