import type { Access } from '../../target.ts';

/**
 * For the beginning of each transaction: names the operation as the `application_name`, so that every line the server writes of it
 * (`%a` in `log_line_prefix`, `pg_stat_activity`) says for what it was done. `sallyport` alone where there is none.
 * An operation's id is one word of ours: nothing else goes into the text.
 */
export function tagSql({ operation = '' }: Pick<Access, 'operation'>): string {
  return `SET LOCAL application_name = '${['sallyport', ...idOf(operation)].join(' ')}'`;
}

/** The same before a statement, for records that tell the statement and not the session, as pgAudit's do on Cloud SQL. */
export function tagComment({ operation = '' }: Pick<Access, 'operation'>): string {
  return idOf(operation)
    .map((id) => `/* sallyport ${id} */ `)
    .join('');
}

const idOf = (operation: string) => (/^op_\w{1,40}$/.test(operation) ? [operation] : []);
