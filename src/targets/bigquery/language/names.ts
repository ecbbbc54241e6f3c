/** Where names are looked up that say less than all. */
export type Where = { project: string; defaultDataset?: string };

/**
 * `project.dataset.table` that a path means; undefined where it can be none: too many parts, no dataset to look in, a part of a table (`t$20260101`),
 * or one of the datasets in which BigQuery keeps what others were answered (`_…`).
 */
export function nameOf(parts: readonly string[], where: Where): string | undefined {
  const name = fullName(parts, where);
  return name === undefined || /[$@]|^[^.]*\._/.test(name) ? undefined : name;
}

function fullName(parts: readonly string[], { project, defaultDataset }: Where): string | undefined {
  if (parts.length === 1) return defaultDataset === undefined ? undefined : `${defaultDataset}.${parts[0]}`;
  if (parts.length === 2) return `${project}.${parts.join('.')}`;
  return parts.length === 3 ? parts.join('.') : undefined;
}

/** `project.dataset` of a dataset’s name. */
export function datasetOf(parts: readonly string[], { project }: Where): string | undefined {
  if (parts.length === 1) return `${project}.${parts[0]}`;
  return parts.length === 2 ? parts.join('.') : undefined;
}
