/** What may be wrong with a trail or a bundle. */
type FindingKind =
  /** A row is not what was written, or it is no link of its chain. Rows `seq` to `to_seq` where it cannot be told more closely. */
  | 'changed'
  /** Rows are missing before others that are there, or a whole chain is. */
  | 'removed'
  /** A row that was never part of the trail: from before its beginning, or of a time whose checkpoint does not have it. */
  | 'added'
  /** A row that is there, but not in its place. */
  | 'reordered'
  /** Two contents in one place. */
  | 'fork'
  /** One event in two places. */
  | 'duplicate'
  /** The end of a chain that a checkpoint has seen is missing. */
  | 'cut-tail'
  /** A chain goes on after its end. */
  | 'closed-chain'
  /** A chain that was not closed is missing in a checkpoint. */
  | 'vanished-chain'
  | 'missing-checkpoint'
  | 'changed-checkpoint'
  | 'late-checkpoint'
  | 'bad-signature'
  /** A time that cannot be. */
  | 'time'
  | 'no-outcome'
  | 'two-outcomes'
  /** An outcome of something that nobody intended. */
  | 'no-intent'
  /** Something ran under an approval that nobody gave, or not in time, or not for that. */
  | 'not-approved'
  /** A decision that the console did not sign, or not so. */
  | 'forged-approval'
  | 'approval-spent-twice'
  | 'recording-missing'
  | 'recording-changed'
  | 'file-changed'
  | 'file-missing'
  | 'file-added';

export type Finding = {
  kind: FindingKind;
  chain?: string;
  /** The row, or the first of several. */
  seq?: number;
  /** The last of several. */
  to_seq?: number;
  event_id?: string;
  /** The number of a checkpoint. */
  checkpoint?: number;
  /** Relative to the bundle. */
  file?: string;
  detail: string;
};

export type Findings = {
  /** The first thousand. */
  list: readonly Finding[];
  count(): number;
  add(finding: Finding): void;
};

const most = 1000;

/** Keeps the first thousand: whoever changed a million rows needs not a million lines to be found. */
export function createFindings(tell: (finding: Finding) => void = () => {}): Findings {
  const list: Finding[] = [];
  let count = 0;
  return {
    list,
    count: () => count,
    add(finding) {
      count++;
      if (list.length < most) list.push(finding);
      tell(finding);
    },
  };
}
