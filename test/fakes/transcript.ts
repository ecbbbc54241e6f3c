import { createTranscript } from '../../src/masking/masking.ts';
import type { OpenTranscript } from '../../src/model/transcript.ts';

/** A transcript that masks, and is kept nowhere. */
export const unkeptTranscript: OpenTranscript = (options) => createTranscript(options, { unmask: [], tape: undefined });
