import { registerHooks } from 'node:module';

/**
 * Imported before a role's own program, which runs as it is: some of its modules are put into wrappers that stand in this
 * folder and bear the same names. A wrapper itself gets the real one.
 */
const wrapped = [
  'gateway.ts',
  'audit/audit.ts',
  'audit/chain.ts',
  'platform/firestore.ts',
  'platform/bigquery.ts',
  'platform/clock.ts',
];
const source = new URL('../../../../src/', import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    const path = resolved.url.startsWith(source) ? resolved.url.slice(source.length) : '';
    const wrapper = new URL(`./${path.slice(path.lastIndexOf('/') + 1)}`, import.meta.url).href;
    const isWanted = wrapped.includes(path) && context.parentURL !== wrapper;
    return isWanted ? { ...resolved, url: wrapper } : resolved;
  },
});
