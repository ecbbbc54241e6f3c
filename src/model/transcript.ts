import type { Finding } from './result.ts';

/** How a session is to be kept: as an asciicast v3 header says it. */
export type TranscriptOptions = {
  /** Both sides speak to a terminal: what is typed comes back, and a prompt has no end of line. */
  terminal: boolean;
  columns?: number;
  rows?: number;
  /** What is run, as it may be recorded. */
  command?: string;
};

/**
 * What every text of a session goes through: it is masked, and what leaves is what is kept. A value that is cut in two by the
 * network is still seen whole, so output may be held back until it is certain.
 */
export type Transcript = {
  /** What may leave now of what the target said on a channel, masked; the rest is held. */
  output(channel: string, bytes: Uint8Array): Uint8Array;
  /** What is still held of a channel, masked: it has ended. */
  flush(channel: string): Uint8Array;
  /** What the caller said; kept masked, and passed on as it is. */
  input(bytes: Uint8Array): void;
  resize(columns: number, rows: number): void;
  /** The program ended with this status. */
  exit(status: number): void;
  /** What was masked so far. */
  findings(): readonly Finding[];
};

/** Opens the one transcript of an operation. */
export type OpenTranscript = (options: TranscriptOptions) => Transcript;

/**
 * Where a transcript is kept: entries as in asciicast v3 (`o` output, `i` input, `r` resize, `m` marker, `x` exit), in order, timed as
 * they come. Without a terminal, a marker with a channel's name says that what follows came on that one; it begins with `stdout`.
 */
export type Tape = {
  open(options: TranscriptOptions): void;
  entry(code: 'o' | 'i' | 'r' | 'm' | 'x', data: string): void;
  /** Called once, before nothing more is taken: what is still held of what the caller said is kept then. */
  beforeEnd(last: () => void): void;
};
