import { fieldTerms } from '../field-selector.ts';
import type { Query } from '../path.ts';
import { unreadable } from '../refusal.ts';
import { isTrue } from '../request-info.ts';

/** How a parameter is written: `many` may stand several times. */
type Form = 'text' | 'whole' | 'truth' | 'fields' | 'dry-run' | 'many' | 'off';
type Forms = Readonly<Record<string, Form>>;

const shown: Forms = { pretty: 'truth', timeout: 'text' };
const table: Forms = { includeObject: 'text' };
const selection: Forms = { labelSelector: 'text', fieldSelector: 'fields' };
const listing: Forms = {
  ...shown,
  ...table,
  ...selection,
  limit: 'whole',
  continue: 'text',
  resourceVersion: 'text',
  resourceVersionMatch: 'text',
  timeoutSeconds: 'whole',
  watch: 'truth',
  allowWatchBookmarks: 'truth',
  sendInitialEvents: 'truth',
};
const changing: Forms = { ...shown, dryRun: 'dry-run', fieldManager: 'text', fieldValidation: 'text' };
const deleting: Forms = {
  ...shown,
  dryRun: 'dry-run',
  gracePeriodSeconds: 'whole',
  propagationPolicy: 'text',
  orphanDependents: 'truth',
};
const streams: Forms = { container: 'text', stdin: 'truth', stdout: 'truth', stderr: 'truth', tty: 'truth' };

/** What the API server reads of a query, by what is asked of it (`ListOptions`, `PatchOptions`, `PodExecOptions`, …). */
const parameters = {
  get: { ...shown, ...table, resourceVersion: 'text' },
  list: listing,
  watch: listing,
  create: changing,
  update: changing,
  patch: { ...changing, force: 'truth' },
  delete: deleting,
  deletecollection: { ...listing, ...deleting, watch: 'off' },
  log: {
    ...shown,
    container: 'text',
    follow: 'truth',
    previous: 'truth',
    sinceSeconds: 'whole',
    sinceTime: 'text',
    timestamps: 'truth',
    tailLines: 'whole',
    limitBytes: 'whole',
    stream: 'text',
    insecureSkipTLSVerifyBackend: 'off',
  },
  exec: { ...streams, command: 'many' },
  attach: streams,
  portforward: { ports: 'many' },
  discovery: { timeout: 'text', hash: 'text' },
  health: { verbose: 'text', exclude: 'many' },
} as const satisfies Record<string, Forms>;

export type Asked = keyof typeof parameters;

/**
 * The query as it will be sent. Refuses what is not known for what is asked, a parameter that stands twice, as servers differ in which they
 * take, and values that are none of their kind; truths are written as the server would take them.
 */
export function readParameters(query: Query, asked: Asked): Query {
  const forms: Forms = parameters[asked];
  const seen = new Set<string>();
  return query.map(([name, value]) => {
    const form = Object.hasOwn(forms, name) ? forms[name] : undefined;
    if (form === undefined)
      throw unreadable(
        'query',
        `Leave out parameters that are not known here; known are ${Object.keys(forms).join(', ')}.`,
      );
    if (form !== 'many' && seen.has(name)) throw unreadable('query', `Write the parameter ${name} once.`);
    seen.add(name);
    return [name, written(name, value, form)] as const;
  });
}

function written(name: string, value: string, form: Form): string {
  switch (form) {
    case 'truth':
      return String(isTrue(value));
    case 'whole':
      if (!/^-?\d{1,10}$/.test(value)) throw unreadable('query', `Write a whole number for ${name}.`);
      return value;
    case 'fields':
      if (fieldTerms(value) === undefined) throw unreadable('query', `Write ${name} as field=value, joined by commas.`);
      return value;
    case 'dry-run':
      if (value !== 'All') throw unreadable('query', `Write All for ${name}, or leave it out.`);
      return value;
    case 'off':
      if (isTrue(value)) throw unreadable('query', `Leave out the parameter ${name}.`);
      return 'false';
    case 'text':
    case 'many':
      return value;
  }
}
