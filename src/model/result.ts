import type { Problem } from './problem.ts';

/** `masked` is the class where the column was masked at the source. */
export type Column = { name: string; type: string; masked?: string };

/** Rows as they leave: of each its JSON array and a newline, in UTF-8; there is no other newline. */
export type Lines = { bytes: Uint8Array; rows: number };

/**
 * Rows as a target hands them over. `texts` tells where in the bytes values stand that may hold text, as start and end
 * (excluded) of the JSON of each, in order: detectors look at nothing else.
 */
export type Batch = Lines & { texts: readonly number[] };

/** What a target answers: rows, one HTTP answer, or a connection that both sides speak on. All are bounded, and leaving early cancels at the target. */
export type Result = Rows | Body | Duplex;

/** Batches come as the target sends them. `summary` may be asked once the last batch was read. */
export type Rows = {
  form: 'rows';
  columns: readonly Column[];
  batches: AsyncIterable<Batch>;
  summary(): ResultSummary;
};

/**
 * An HTTP answer, masked at the source. `content` tells the second net how to read it: `json` looks at the `texts` of each piece,
 * `text` is UTF-8 that is looked through line by line, `bytes` pass as they are, so only where policy says that they may.
 */
export type Body = {
  form: 'body';
  status: number;
  /** Names in lower case; what may leave, and nothing of the transport's own. */
  headers: readonly (readonly [name: string, value: string])[];
  content: 'json' | 'text' | 'bytes';
  /** It goes on until one side ends it (a watch, followed logs, events): each piece leaves as soon as it is there. */
  live: boolean;
  pieces: AsyncIterable<Piece>;
  summary(): ResultSummary;
};

/**
 * Some bytes of an answer; `texts` as in a batch, for `json`: one that ends with a colon is the name of a member. `plain` are texts between the
 * JSON, as they stand.
 */
export type Piece = { bytes: Uint8Array; texts?: readonly number[]; plain?: readonly number[] };

/**
 * A connection of messages, both ways. What is said on it went through the transcript that the target was given, which masks and records
 * it: only the target can tell text from framing.
 */
export type Duplex = {
  form: 'duplex';
  /** The subprotocol that was agreed on with the target; empty where there is none. */
  protocol: string;
  /** Where the connection is no WebSocket: what it becomes, and what is said of that in the handshake. */
  upgrade?: { to: string; headers: readonly (readonly [name: string, value: string])[] };
  /** From the target. The message that tells the end says so: it leaves once the outcome is recorded. */
  messages: AsyncIterable<Message>;
  /** To the target; resolves when there is room for more. */
  send(message: Uint8Array): Promise<void>;
  summary(): ResultSummary;
};

/** `problem`: it is over because of this, and the message, which is the last, tells the caller in its own protocol. */
export type Message = { bytes: Uint8Array; last?: boolean; problem?: Problem };

type ResultSummary = {
  /** Rows changed, where the operation writes. */
  affected?: number;
  truncated: boolean;
  /** What the caller should know, told only by how it ran. Holds names, never data. */
  warnings?: readonly string[];
  /** How a program that was run ended: its exit status. */
  exit?: number;
  /** What was found in the clear and masked by the target itself, with the transcript's help. */
  findings?: readonly Finding[];
  /** The target's own id for the work, where it has one (a BigQuery job). */
  targetJob?: string;
};

/** A result after masking. `findings`, by class in alphabetical order, may be asked once the last item was read. */
export type Masked = MaskedRows | MaskedBody | MaskedDuplex;
export type MaskedRows = Omit<Rows, 'batches'> & { batches: AsyncIterable<Lines>; findings(): readonly Finding[] };
export type MaskedBody = Omit<Body, 'pieces'> & { pieces: AsyncIterable<Uint8Array>; findings(): readonly Finding[] };
export type MaskedDuplex = Duplex & { findings(): readonly Finding[] };

/** What detectors found in the clear in a result that should have held none; masked and counted, so that the classification can be mended. */
export type Finding = { class: string; count: number };
