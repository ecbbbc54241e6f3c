import { createBigQuery as create } from '../../../../src/platform/bigquery.ts';
import { isSabotaged, reach } from './point.ts';

export * from '../../../../src/platform/bigquery.ts';

export const createBigQuery: typeof create = (options) => {
  const real = create(options);
  return {
    ...real,
    async append(table, rows) {
      await reach('before shipping');
      try {
        const failures = await real.append(table, rows);
        await reach('after shipping');
        return failures;
      } catch (error) {
        if (isSabotaged('a row is dropped when BigQuery is away')) return [];
        throw error;
      }
    },
  };
};
