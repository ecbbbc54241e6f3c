export type Datasets = { audit: string; evidence: string };

/** A saved view must name the project of each table it reads. */
export function qualify(sql: string, project: string, { audit, evidence }: Datasets): string {
  return sql
    .replaceAll('`sallyport_audit.', `\`${project}.${audit}.`)
    .replaceAll('`sallyport_evidence.', `\`${project}.${evidence}.`);
}
