/** A value as it stands in the JSON of an answer. int8 beyond 2^53 and numeric are strings; bytes are base64; times are ISO 8601. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

export type Row = readonly Value[];

/** `masked` is the class where the column was masked at the source. */
export type Column = { name: string; type: string; masked?: string };

/**
 * What a target answers. Batches come as the target sends them; leaving the loop early cancels at the target.
 * `summary` may be asked once the last batch was read.
 */
export type Result = {
  columns: readonly Column[];
  batches: AsyncIterable<readonly Row[]>;
  summary(): ResultSummary;
};

export type ResultSummary = {
  /** Rows changed, where the operation writes. */
  affected?: number;
  truncated: boolean;
  /** The target's own id for the work, where it has one (a BigQuery job). */
  targetJob?: string;
};

/** What detectors found in the clear in a result that should have held none; masked and counted, so that the classification can be mended. */
export type Finding = { class: string; count: number };
