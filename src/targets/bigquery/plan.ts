/** What a dry run tells of a statement (BigQuery REST v2, `JobStatistics2`), without running it or billing anything. */
export type DryRun = {
  /** `SELECT`, `INSERT`, `SCRIPT`, … as BigQuery names them. */
  statementType: string;
  /** Sorted `project.dataset.table`. */
  referencedTables: readonly string[];
  /** Sorted `project.dataset.routine`. */
  referencedRoutines: readonly string[];
  schema: readonly Field[];
  /** That would be billed. */
  bytes: number;
  /** `project.dataset.table` that is written to, made or dropped, where it tells. */
  target?: string;
};

/** A column, or a field of one (`TableFieldSchema`). */
export type Field = {
  name: string;
  /** As in GoogleSQL: `INT64`, `STRING`, `STRUCT`, … */
  type: string;
  mode: 'NULLABLE' | 'REQUIRED' | 'REPEATED';
  fields?: readonly Field[];
  /** Of a RANGE: `DATE`, `DATETIME` or `TIMESTAMP` (`rangeElementType`). */
  rangeOf?: string;
  /** Full resource names. */
  policyTags?: readonly string[];
};

/** What is known of a table that a statement refers to. */
export type Table = {
  /** `project.dataset.table` */
  name: string;
  /** `TABLE`, `VIEW`, `EXTERNAL`, `MATERIALIZED_VIEW`, `SNAPSHOT`, … */
  type: string;
  fields: readonly Field[];
  /** Whether it has the pseudo-columns of ingestion time. */
  partitionedByIngestion: boolean;
  /** Columns that decide where a row is kept, and so in which order rows come: those it is partitioned or clustered by. */
  orderedBy: readonly string[];
  /** Changes with all that is said of it here, with its view's text and with its row access; not with its rows. */
  fingerprint: string;
};

/** A value for `@name` or `?`, typed as BigQuery takes it (`QueryParameter`). */
export type Parameter = { name?: string; type: object; value: object };

/** A statement and what it is run with: no more of a caller's request has a say in what it means. */
export type Statement = {
  text: string;
  parameters: readonly Parameter[];
  /** `project.dataset`, for names that name none. */
  defaultDataset?: string;
};

/** What was learnt of a statement before it was understood. */
export type Facts = {
  dryRun: DryRun;
  /** The tables that it refers to, those behind its views too, and those that it names itself (`namedTables`): BigQuery tells of no view. */
  tables: readonly Table[];
  /**
   * The dry run of the same statement with each reference to a table replaced by an empty relation of literals: BigQuery's own word that
   * nothing else is read. Absent where the references could not be found.
   */
  emptied?: DryRun;
  /**
   * The dry run of the statement with every classified column masked (`hiddenOf`): how much is billed for what shows none of them, which the
   * first dry run cannot tell without telling how long their values are. Absent where nothing is classified.
   */
  hidden?: DryRun;
};

/** A statement that may run: what is sent to BigQuery in its place, and on what it rests. */
export type StatementPlan = {
  /** Masked. */
  text: string;
  parameters: readonly Parameter[];
  defaultDataset?: string;
  dryRun: DryRun;
  tables: readonly Table[];
};
