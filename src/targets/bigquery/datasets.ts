import { never } from './api/refused.ts';
import type { Settings } from './settings.ts';

/** Refuses what is in a dataset that the connection does not have, or in one of BigQuery's own that hold results. */
export function vetDatasets(names: readonly string[], settings: Settings): void {
  for (const name of names) {
    const [project = '', dataset = ''] = name.split('.');
    if (dataset.startsWith('_'))
      throw never('anonymous', 'Datasets that BigQuery keeps results in are not read; ask for the job’s results.');
    if (!isWithin(project, dataset, settings))
      throw never(
        'dataset',
        `${project === settings.project ? '' : `${project}.`}${dataset} is not a dataset of this connection.`,
      );
  }
}

/** Whether the connection has this dataset: all of its own project, where its settings name none. */
export function isWithin(project: string, dataset: string, { project: own, datasets }: Settings): boolean {
  if (dataset.startsWith('_')) return false;
  return (
    datasets?.some((pattern) => fits(pattern.includes('.') ? pattern : `${own}.${pattern}`, `${project}.${dataset}`)) ??
    project === own
  );
}

/** `*` stands for any run of characters; the rest is letters, digits, dashes and dots. */
function fits(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll('.', '\\.'));
  return new RegExp(`^${parts.join('.*')}$`).test(name);
}
