import { readFileSync } from 'node:fs';
import { z } from 'zod';

export type CorpusStatement = { sql: string; parameters: (string | number | boolean | null)[] };

const parametersSchema = z.array(z.union([z.string(), z.number(), z.boolean(), z.null()]));

const file = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');

/** The statements of a file: parted by empty lines; a first line `-- parameters: […]` holds what goes with one. */
export function statementsOf(name: string): CorpusStatement[] {
  return file(name)
    .trim()
    .split(/\n{2,}/)
    .map((sql) => {
      const written = /^-- parameters: (.*)\n/.exec(sql);
      return {
        sql: written === null ? sql : sql.slice(written[0].length),
        parameters: parametersSchema.parse(JSON.parse(written?.[1] ?? '[]')),
      };
    });
}

/** The database that the statements are about, and what in it is classified. */
export const companySql = file('schema.sql');
export const companyClassification = {
  'public.customers': { email: 'EMAIL_ADDRESS', phone: 'PHONE_NUMBER', birthday: 'DATE_OF_BIRTH' },
  'public.payments': { card_number: 'CREDIT_CARD_NUMBER' },
  'hr.employees': { salary: 'INCOME', ssn: 'US_SOCIAL_SECURITY_NUMBER' },
};
