/** `masked` is the class where the column was masked at the source. */
export type Column = { name: string; type: string; masked?: string };

/** Rows as they leave: of each its JSON array and a newline, in UTF-8; there is no other newline. */
export type Lines = { bytes: Uint8Array; rows: number };

/**
 * Rows as a target hands them over. `texts` tells where in the bytes values stand that may hold text, as start and end
 * (excluded) of the JSON of each, in order: detectors look at nothing else.
 */
export type Batch = Lines & { texts: readonly number[] };

/**
 * What a target answers. Batches come as the target sends them; leaving the loop early cancels at the target.
 * `summary` may be asked once the last batch was read.
 */
export type Result = {
  columns: readonly Column[];
  batches: AsyncIterable<Batch>;
  summary(): ResultSummary;
};

export type ResultSummary = {
  /** Rows changed, where the operation writes. */
  affected?: number;
  truncated: boolean;
  /** What the caller should know, told only by how it ran. Holds names, never data. */
  warnings?: readonly string[];
  /** The target's own id for the work, where it has one (a BigQuery job). */
  targetJob?: string;
};

/** What detectors found in the clear in a result that should have held none; masked and counted, so that the classification can be mended. */
export type Finding = { class: string; count: number };
