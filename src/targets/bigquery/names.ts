import { z } from 'zod';

const project = '[a-z][a-z0-9-]{4,28}[a-z0-9]';

/** Those of domains (`example.com:name`) are not taken: their dots would make names ambiguous. */
export const projectId = z.string().regex(new RegExp(`^${project}$`), 'a project’s id');

/** `dataset`, `project.dataset`, either with `*` in the dataset. */
export const datasetPattern = z
  .string()
  .max(200)
  .regex(
    new RegExp(`^(${project}\\.)?[\\w*]{1,200}$`),
    '`dataset` or `project.dataset`; `*` stands for any run of characters',
  );

export type TableName = { project: string; dataset: string; table: string };

/** Of `project.dataset.table` (or of a routine). Undefined where it is none: a table's name has no dot. */
export function tableNameOf(name: string): TableName | undefined {
  const [project = '', dataset = '', table = '', ...more] = name.split('.');
  return table === '' || dataset === '' || project === '' || more.length > 0 ? undefined : { project, dataset, table };
}

/**
 * What policies and classifications call a table or routine: `dataset.table` where it is in the connection's own project, else
 * `project.dataset.table`. `name` is `project.dataset.table`.
 */
export function resourceOf(name: string, settings: { project: string }): string {
  return name.startsWith(`${settings.project}.`) ? name.slice(settings.project.length + 1) : name;
}
